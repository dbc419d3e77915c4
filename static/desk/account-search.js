/* Choosing an account while typing: a list under [data-combobox] > input[type=search], whose choice
   goes into the hidden input beside it. Without a script, the typed name is looked up on submit. */
(() => {
  const WAIT = 150; // ms after the last key

  const start = (box) => {
    const input = box.querySelector("input[type=search]");
    const chosen = box.querySelector("input[type=hidden]");
    const list = document.createElement("ul");
    const id = `${input.id}-list`;
    Object.assign(list, { id, hidden: true, className: "combobox-list" });
    list.setAttribute("role", "listbox");
    list.setAttribute("aria-label", "Accounts found");
    input.after(list);
    for (const [name, value] of Object.entries({
      role: "combobox", "aria-controls": id, "aria-expanded": "false", "aria-autocomplete": "list",
    })) input.setAttribute(name, value);
    let timer, asked = 0, active = -1;

    const close = () => {
      list.hidden = true;
      active = -1;
      input.setAttribute("aria-expanded", "false");
      input.removeAttribute("aria-activedescendant");
    };
    const pick = (option) => {
      input.value = option.dataset.name;
      chosen.value = option.dataset.id;
      close();
      box.dispatchEvent(new CustomEvent("account-chosen", { bubbles: true }));
    };
    const point = (index) => {
      const options = [...list.querySelectorAll("[role=option]")];
      active = options.length ? (index + options.length) % options.length : -1;
      options.forEach((option, place) => option.setAttribute("aria-selected", String(place === active)));
      if (active < 0) return;
      input.setAttribute("aria-activedescendant", options[active].id);
      options[active].scrollIntoView({ block: "nearest" });
    };
    const show = (results) => {
      list.replaceChildren(...results.map((account, place) => {
        const option = document.createElement("li");
        option.id = `${id}-${place}`;
        option.setAttribute("role", "option");
        Object.assign(option.dataset, { id: account.id, name: account.name });
        const name = document.createElement("span");
        name.className = "strong";
        name.textContent = account.name;
        const detail = document.createElement("span");
        detail.className = "muted";
        detail.textContent = account.detail;
        option.append(name, detail);
        return option;
      }));
      if (!results.length) {
        const nothing = document.createElement("li");
        nothing.className = "muted";
        nothing.textContent = "No account of this name.";
        list.append(nothing);
      }
      list.hidden = false;
      input.setAttribute("aria-expanded", "true");
      point(0);
    };
    const search = async () => {
      const mine = ++asked;
      const url = `${box.dataset.combobox}?q=${encodeURIComponent(input.value.slice(0, 200))}`;
      const response = await fetch(url, { headers: { Accept: "application/json" } }).catch(() => null);
      if (mine !== asked || !response || !response.ok || response.redirected) return;
      const { results } = await response.json();
      if (document.activeElement === input) show(results);
    };

    input.addEventListener("input", () => {
      chosen.value = "";
      clearTimeout(timer);
      timer = setTimeout(search, WAIT);
    });
    input.addEventListener("keydown", (event) => {
      const options = list.querySelectorAll("[role=option]");
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        event.preventDefault();
        if (list.hidden) search();
        else point(active + (event.key === "ArrowDown" ? 1 : -1));
      } else if (event.key === "Enter" && !list.hidden && options[active]) {
        event.preventDefault();
        pick(options[active]);
      } else if (event.key === "Escape" && !list.hidden) {
        event.preventDefault();
        close();
      }
    });
    list.addEventListener("mousedown", (event) => {
      event.preventDefault();
      const option = event.target.closest("[role=option]");
      if (option) pick(option);
    });
    input.addEventListener("blur", close);
  };

  window.startAccountSearch = (within) =>
    within.querySelectorAll("[data-combobox]:not([data-started])").forEach((box) => {
      box.dataset.started = "";
      start(box);
    });
  document.addEventListener("DOMContentLoaded", () => window.startAccountSearch(document));
})();
