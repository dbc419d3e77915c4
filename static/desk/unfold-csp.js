/* Lets Unfold 0.91 run on Alpine's CSP build (no eval, no inline script): the inline expressions
   that this build cannot read are registered here as named components instead. */
document.addEventListener("alpine:init", () => {
  for (const name of ["theme", "searchForm", "searchDropdown", "searchCommand"]) {
    if (window[name]) Alpine.data(name, window[name]);
  }
  const body = document.body;
  const firstTab = (body.getAttribute("x-data") || "").match(/activeTab:\s*'([^']*)'/);
  Alpine.data("frame", () => {
    const stored = localStorage.getItem("sidebarDesktopOpen");
    return {
      activeTab: firstTab ? window.getCurrentTab() || firstTab[1] : "",
      sidebarMobileOpen: false,
      sidebarDesktopOpen: stored === null || stored === "1",
      init() {
        this.$watch("sidebarDesktopOpen", (open) => localStorage.setItem("sidebarDesktopOpen", open ? "1" : "0"));
      },
      get formAction() {
        const here = location.pathname + location.search;
        return this.activeTab && this.activeTab !== "general" ? `${here}#${this.activeTab}` : here;
      },
    };
  });
  body.removeAttribute("x-init");
  body.setAttribute("x-data", "frame");
  // Two statements in one handler; the second is what `$watch` above does.
  document.querySelectorAll("[x-on\\:click*='sidebarDesktopOpen']").forEach((element) => element.setAttribute("x-on:click", "sidebarDesktopOpen = !sidebarDesktopOpen"));
  // Unfold writes jQuery into x-init for conditional autocomplete fields; we use none of those.
  document.querySelectorAll("[x-init*='django.jQuery']").forEach((element) => element.removeAttribute("x-init"));
  document.querySelectorAll("form[x-bind\\:action]").forEach((form) => form.setAttribute("x-bind:action", "formAction"));
});
