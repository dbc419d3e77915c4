/* Behaviour shared by our own pages: dialogs, the queue's keys and refresh, menus, forms sent once.
   Every page works without it: a dialog is then a page of its own. */
(() => {
  "use strict";

  // --- Dialogs: a link with data-dialog opens its address in a <dialog> -------------------------

  let dialog = null;

  function dialogElement() {
    if (!dialog) {
      dialog = document.createElement("dialog");
      dialog.className = "dialog";
      dialog.setAttribute("aria-labelledby", "decision-title");
      // Closing gives the focus back to where it was; the content goes, so no stale form stays.
      dialog.addEventListener("close", () => dialog.replaceChildren());
      dialog.addEventListener("click", (event) => {
        if (event.target === dialog && !isTouched(dialog)) dialog.close();
      });
      (document.getElementById("desk") || document.body).append(dialog);
    }
    return dialog;
  }

  const isTouched = (element) =>
    [...element.querySelectorAll("textarea, input:not([type=hidden], [type=radio], [type=checkbox])")].some(
      (field) => field.value !== field.defaultValue,
    );

  async function askFor(address, options = {}) {
    const headers = { "X-Part": "dialog", ...options.headers };
    return fetch(address, { credentials: "same-origin", ...options, headers });
  }

  async function openDialog(address) {
    let answer;
    try {
      answer = await askFor(address);
    } catch {
      location.assign(address);
      return;
    }
    // Signed out, or not allowed: the page itself says it better than a dialog could.
    if (answer.redirected || (!answer.ok && answer.status !== 409 && answer.status !== 422)) {
      location.assign(address);
      return;
    }
    const html = await answer.text();
    if (!dialogElement().open) dialog.showModal();
    fillDialog(html, address);
  }

  function fillDialog(html, address) {
    const box = dialogElement();
    box.innerHTML = html;
    const form = box.querySelector("form");
    if (form && !form.getAttribute("action")) form.action = address;
    showRulings(box);
    const first = box.querySelector("[aria-invalid=true], input:not([type=hidden]), textarea, select");
    (first || box.querySelector("button[type=submit]") || box.querySelector("[data-closes]"))?.focus();
  }

  // Of the earlier rulings only those on the criterion that is chosen.
  function showRulings(box) {
    const choice = box.querySelector("select[name=criterion]");
    if (!choice) return;
    box.querySelectorAll("[data-criterion]").forEach((group) => {
      group.hidden = group.dataset.criterion !== choice.value;
      group.open = !group.hidden;
    });
  }

  document.addEventListener("change", (event) => {
    if (event.target.matches("select[name=criterion]") && event.target.form?.querySelector("[data-rulings]")) showRulings(event.target.form);
  });
  document.querySelectorAll("main form.decision").forEach(showRulings);

  async function sendDialog(form) {
    const body = new FormData(form);
    setBusy(form, true);
    let answer;
    try {
      answer = await askFor(form.action, { method: "POST", body });
    } catch {
      setBusy(form, false);
      say(form, "No connection. What you typed is still here; try again in a moment.");
      return;
    }
    const next = answer.headers.get("X-Go");
    if (next) {
      location.assign(next);
    } else if (answer.status === 409 || answer.status === 422) {
      fillDialog(await answer.text(), form.action);
    } else {
      setBusy(form, false);
      say(form, answer.redirected ? "You were signed out. Sign in in another tab, then try again." : "That did not work. What you typed is still here.");
    }
  }

  function say(form, words) {
    let line = form.querySelector("[data-says]");
    if (!line) {
      line = document.createElement("p");
      line.className = "field-error";
      line.dataset.says = "";
      line.setAttribute("role", "alert");
      form.querySelector(".dialog-body")?.append(line);
    }
    line.textContent = words;
  }

  function setBusy(form, busy) {
    form.querySelectorAll("button[type=submit]").forEach((button) => { button.disabled = busy; });
  }

  document.addEventListener("click", (event) => {
    const plain = !(event.metaKey || event.ctrlKey || event.shiftKey || event.button);
    const link = event.target.closest("a[data-dialog]");
    if (link && plain) {
      event.preventDefault();
      link.closest("details.menu")?.removeAttribute("open");
      openDialog(link.href);
    } else if (event.target.closest("dialog [data-closes]")) {
      event.preventDefault();
      event.target.closest("dialog").close();
    }
    const opener = event.target.closest("[data-opens]");
    if (opener) document.getElementById(opener.dataset.opens)?.showModal();
    document.querySelectorAll("details.menu[open]").forEach((menu) => {
      if (!menu.contains(event.target)) menu.removeAttribute("open");
    });
  });

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (dialog && dialog.contains(form)) {
      event.preventDefault();
      sendDialog(form);
    } else if (form.matches("[data-bulk]")) {
      event.preventDefault();
      openDialog(`${event.submitter.formAction}?${new URLSearchParams(new FormData(form))}`);
    } else if (form.matches("[data-once]")) {
      setTimeout(() => setBusy(form, true));
    }
  });
  // A page that comes back from the browser's memory can be sent again.
  addEventListener("pageshow", () => document.querySelectorAll("form[data-once]").forEach((form) => setBusy(form, false)));

  // --- Filters: apply when a choice changes ----------------------------------------------------

  document.addEventListener("change", (event) => {
    const form = event.target.closest("form[data-autosubmit]");
    if (form && event.target.matches("select")) form.requestSubmit();
  });

  // --- The queue: refresh without losing the place ---------------------------------------------

  const lists = () => document.querySelectorAll("[data-refresh]");

  async function refresh(list) {
    if (document.hidden || document.querySelector("dialog[open]")) return;
    // What has come to its end does not change any more
    if (list.querySelector("[data-settled]")) return;
    let answer;
    try {
      answer = await fetch(location.href, { credentials: "same-origin", headers: { "X-Part": list.dataset.refresh } });
    } catch {
      answer = null;
    }
    if (!answer || !answer.ok || answer.redirected) {
      list.querySelectorAll("[data-stale]").forEach((note) => { note.hidden = false; });
      return;
    }
    const html = await answer.text();
    if (document.querySelector("dialog[open]")) return;
    const place = document.activeElement?.id;
    const current = list.querySelector(".is-current")?.id;
    const picked = picks().filter((box) => box.checked).map((box) => box.id);
    // What the eye rests on stays where it is: the current row, or the first one in view.
    const anchor = document.getElementById(current) || rows().find((row) => row.getBoundingClientRect().bottom > 0);
    const before = anchor?.getBoundingClientRect().top;
    list.innerHTML = html;
    document.getElementById(current)?.classList.add("is-current");
    picked.forEach((id) => { const box = document.getElementById(id); if (box) box.checked = true; });
    showPicked();
    const again = anchor && document.getElementById(anchor.id);
    if (again) scrollBy({ top: again.getBoundingClientRect().top - before, behavior: "instant" });
    if (place && document.activeElement?.id !== place) document.getElementById(place)?.focus({ preventScroll: true });
  }

  document.addEventListener("DOMContentLoaded", () => {
    lists().forEach((list) => setInterval(() => refresh(list), 1000 * Number(list.dataset.every || 60)));
  });
  document.addEventListener("visibilitychange", () => lists().forEach(refresh));

  // --- The queue: several at once ---------------------------------------------------------------

  const picks = () => [...document.querySelectorAll("[data-pick]")];

  function showPicked() {
    const bar = document.querySelector("[data-bulk-bar]");
    const all = document.querySelector("[data-pick-all]");
    if (!bar || !all) return;
    const count = picks().filter((box) => box.checked).length;
    bar.hidden = !count;
    bar.querySelector("[data-bulk-count]").textContent = `${count} ticked`;
    bar.querySelector("[data-bulk-clear]").hidden = false;
    all.hidden = false;
    all.checked = Boolean(count) && count === picks().length;
    all.indeterminate = Boolean(count) && !all.checked;
  }

  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-pick-all]")) picks().forEach((box) => { box.checked = event.target.checked; });
    if (event.target.matches("[data-pick-all], [data-pick]")) showPicked();
  });
  // After the boxes have been reset, and when the browser brings a page back with its ticks.
  document.addEventListener("reset", () => setTimeout(showPicked));
  addEventListener("pageshow", showPicked);

  // --- The queue: keys -------------------------------------------------------------------------

  const rows = () => [...document.querySelectorAll("[data-queue-row]")];

  function move(step) {
    const all = rows();
    if (!all.length) return;
    const at = all.findIndex((row) => row.classList.contains("is-current"));
    const next = all[Math.min(all.length - 1, Math.max(0, at < 0 ? 0 : at + step))];
    all.forEach((row) => row.classList.toggle("is-current", row === next));
    next.querySelector("[data-open]").focus();
    next.scrollIntoView({ block: "nearest" });
  }

  document.addEventListener("keydown", (event) => {
    if (event.metaKey || event.ctrlKey || event.altKey || document.querySelector("dialog[open]")) return;
    if (event.key === "Escape") document.querySelectorAll("details.menu[open]").forEach((menu) => menu.removeAttribute("open"));
    if (event.target.closest("input:not([type=checkbox]), select, textarea, [contenteditable]")) return;
    const pick = document.querySelector(".is-current [data-pick]");
    const accept = document.querySelector(".is-current [data-accept]") || (rows().length ? null : document.querySelector("[data-accept]"));
    if (event.key === "j" && rows().length) move(1);
    else if (event.key === "k" && rows().length) move(-1);
    else if (event.key === "x" && pick) pick.click();
    else if (event.key === "a" && accept) openDialog(accept.href);
    else if (event.key === "/" && document.querySelector("form[role=search] input[type=search]")) document.querySelector("form[role=search] input[type=search]").focus();
    else return;
    event.preventDefault();
  });

  document.addEventListener("focusin", (event) => {
    const row = event.target.closest?.("[data-queue-row]");
    if (row) rows().forEach((other) => other.classList.toggle("is-current", other === row));
  });

  // --- What a phone folds away ------------------------------------------------------------------

  const wide = window.matchMedia("(width >= 48rem)");
  const unfold = () => wide.matches && document.querySelectorAll("details[data-fold]").forEach((fold) => { fold.open = true; });
  document.addEventListener("DOMContentLoaded", unfold);
  wide.addEventListener("change", unfold);

  // --- Print -----------------------------------------------------------------------------------

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-print]")) window.print();
  });
})();
