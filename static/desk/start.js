// The quick start begins with the browser's time zone, where nobody has chosen one yet.
document.addEventListener("DOMContentLoaded", () => {
  const zone = document.querySelector("select[name=time_zone][data-of-the-browser]");
  if (!zone) return;
  const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if ([...zone.options].some((option) => option.value === here)) zone.value = here;
});
