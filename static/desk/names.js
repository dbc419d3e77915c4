// Names for what the theme leaves nameless, so that a screen reader can say where one is: the
// landmarks of an admin page, its scroll boxes, chooser boxes, icons, and fields in tables.
(() => {
  "use strict";

  const name = (element, words) => {
    if (element && words && !element.hasAttribute("aria-label")) element.setAttribute("aria-label", words);
  };
  const text = (element) => element?.textContent.trim().replace(/\s+/g, " ").replace(/[:*]+$/, "").trim() || "";

  function landmarks() {
    if (document.querySelector("main, [role=main]")) return;
    const content = document.getElementById("content");
    if (!content) return;
    content.setAttribute("role", "main");
    const header = document.getElementById("header-inner");
    header?.setAttribute("role", "banner");
    // Above the content stand messages, below it the buttons that save or act on what is ticked.
    const strips = [...document.getElementById("main").children].filter((one) => !one.contains(content) && !one.contains(header));
    strips.forEach((strip, number) => {
      const above = strip.compareDocumentPosition(content) & Node.DOCUMENT_POSITION_FOLLOWING;
      strip.setAttribute("role", "region");
      name(strip, above ? "Messages" : `Actions${number > 1 ? ` ${number}` : ""}`);
    });
    name(document.getElementById("nav-sidebar-inner"), "Main menu");
    name(document.getElementById("tabs-items"), "Parts of this page");
  }

  function scrollBoxes() {
    document.querySelectorAll(".simplebar-content-wrapper[role=region]").forEach((box, number) => {
      const inMenu = box.closest("#nav-sidebar-apps");
      box.setAttribute("aria-label", inMenu ? "Menu" : `Table ${number}`);
    });
  }

  // On a phone each cell of a list says its column’s name, and begins as the head of the column does.
  function columns() {
    document.querySelectorAll("#changelist [data-label]").forEach((cell) => {
      const words = cell.dataset.label;
      cell.dataset.label = words.charAt(0).toUpperCase() + words.slice(1);
    });
  }

  // The name of a field in a table: its row's own word for it, or the head of its column.
  function columnOf(field) {
    const cell = field.closest("td, th");
    if (!cell) return "";
    const column = cell.closest("table")?.tHead?.rows[0]?.cells[cell.cellIndex];
    return cell.dataset.label || text(column);
  }

  // Icons are letters of a font that a screen reader would read out. What has nothing else to it
  // than its icon is named by what it does.
  const DOES = {
    swap_horiz: "Handoff Desk", search: "Search", progress_activity: "Searching", more_horiz: "More",
    delete: "Delete this row", file_upload: "Choose a file",
  };
  const MEANS = { check_small: "Yes", close_small: "No" };

  function icons() {
    document.querySelectorAll(".material-symbols-outlined:not([aria-hidden], [role])").forEach((icon) => {
      const word = text(icon);
      const control = icon.closest("a, button, [role=button], label, summary");
      if (!control && MEANS[word]) {
        icon.setAttribute("role", "img");
        name(icon, MEANS[word]);
        return;
      }
      icon.setAttribute("aria-hidden", "true");
      if (!control || control.title) return;
      const said = control.cloneNode(true);
      said.querySelectorAll(".material-symbols-outlined").forEach((one) => one.remove());
      if (!text(said)) name(control.control ?? control, DOES[word]);
    });
  }

  function fields() {
    icons();
    document.querySelectorAll("td :is(input:not([type=hidden]), select, textarea)").forEach((field) => {
      if (!field.labels?.length) name(field, columnOf(field));
    });
    document.querySelectorAll(".select2-container").forEach((box) => {
      const select = box.previousElementSibling;
      const words = text(select?.labels?.[0]) || select?.getAttribute("aria-label") || (select && columnOf(select));
      name(box.querySelector("[role=combobox]"), words);
      name(box.querySelector(".select2-search__field"), words);
      box.querySelector("[role=combobox]")?.removeAttribute("aria-labelledby");
      name(box.querySelector("[role=textbox]"), words);
      const chosen = box.querySelector("ul.select2-selection__rendered");
      chosen?.setAttribute("role", "group");
      chosen?.querySelectorAll("li").forEach((item) => item.setAttribute("role", "presentation"));
    });
    document.querySelectorAll("thead th").forEach((head) => {
      if (head.textContent.trim() || head.querySelector("input")) return;
      const words = document.createElement("span");
      words.className = "visually-hidden";
      words.textContent = "More";
      head.append(words);
    });
    document.querySelectorAll("ul.object-tools").forEach((list) => list.setAttribute("role", "group"));
  }

  function nameAll() {
    landmarks();
    scrollBoxes();
    columns();
    fields();
  }

  addEventListener("load", () => {
    nameAll();
    // Chooser boxes and rows that appear later, named before anybody can reach them: a page that is
    // fast loads before its chooser boxes are made.
    new MutationObserver(fields).observe(document.body, { childList: true, subtree: true });
  });
})();
