/* The SDR's form: autosave, rows, ways to what is missing. Without it every button is a plain POST;
   with it the same POST is answered as data, so the page stays where it is. */
(() => {
  const QUIET = 1500; // ms without typing until the draft is saved
  const RETRY = 5000;
  const KEPT_TYPING = 8000; // saved at the latest, however long somebody types on

  const start = (form) => {
    const all = (selector, within = form) => [...within.querySelectorAll(selector)];
    const one = (selector, within = form) => within.querySelector(selector);
    const at = (key) => document.getElementById(`at-${key}`);
    const cookie = () => (document.cookie.match(/(?:^|; )(?:__Host-)?csrftoken=([^;]+)/) || [])[1];
    const state = document.getElementById("save-state");
    const banner = document.getElementById("banner");
    let dirty = false, dirtySince = 0, timer = 0, running = null, stopped = false;
    const isNarrow = matchMedia("(width < 64rem)");
    let lateErrors = {};
    let unsent = false; // typed into a field that only its own button sends

    // --- Saving ------------------------------------------------------------------------------

    const say = (words) => { state.textContent = words; };
    const warn = (words, { compare = false } = {}) => {
      one("[data-words]", banner).textContent = words;
      one("[data-compare]", banner).hidden = !compare;
      banner.hidden = false;
    };
    const renewToken = () => {
      // Signing in again in another tab changes the token that this page came with.
      if (cookie()) form.elements.csrfmiddlewaretoken.value = cookie();
    };
    const changed = () => {
      if (!dirty) dirtySince = Date.now();
      dirty = true;
      if (stopped) return;
      say("Not saved yet");
      clearTimeout(timer);
      timer = setTimeout(() => save("autosave"), Math.min(QUIET, Math.max(0, dirtySince + KEPT_TYPING - Date.now())));
    };
    const save = async (what, { keepalive = false } = {}) => {
      clearTimeout(timer);
      while (running) await running;
      if (stopped && what === "autosave") return null;
      renewToken();
      const body = new URLSearchParams(new FormData(form));
      body.set("do", what);
      dirty = false;
      say("Saving …");
      running = fetch(form.action, {
        method: "POST", body, keepalive, redirect: "manual", headers: { Accept: "application/json" },
      }).then(async (response) => {
        const isData = (response.headers.get("Content-Type") || "").startsWith("application/json");
        return { response, answer: isData ? await response.json() : null };
      }).catch(() => ({ response: null, answer: null }));
      const result = await running;
      running = null;
      return settle(what, result);
    };
    const settle = (what, { response, answer }) => {
      const status = response ? response.status : 0;
      if (answer && (status === 200 || status === 422)) return apply(answer);
      dirty = true;
      say("Not saved");
      if (response && response.type === "opaqueredirect") {
        stopped = true;
        warn("You are signed out. Sign in in another tab, then press Save here: what you typed stays on this page.");
      } else if (status === 409) {
        stopped = true;
        warn(answer ? answer.sentence : "Somebody else changed this handoff.", { compare: true });
      } else if (!response || status === 503 || status === 502 || status === 504) {
        warn("Not saved: the server does not answer. It is tried again by itself; keep this page open.");
        timer = setTimeout(() => save("autosave"), RETRY);
      } else {
        stopped = true;
        warn(status === 413
          ? "Not saved: this is more than one form can hold. Shorten the notes."
          : "Not saved: the server refused it. Copy what you typed, then reload this page.");
      }
      return null;
    };
    const apply = (answer) => {
      if (answer.go) {
        stopped = true;
        dirty = unsent = false;
        location.assign(answer.go);
        return answer;
      }
      stopped = false;
      banner.hidden = true;
      form.elements.version.value = answer.version;
      form.elements.base.value = answer.base;
      Object.entries(answer.was).forEach(([name, value]) => { if (form.elements[name]) form.elements[name].value = value; });
      Object.entries(answer.ids).forEach(([row, pk]) => nameRow(row, pk));
      if (answer.company !== undefined) {
        renew("company-body", answer.company);
        unsent = Boolean(form.elements.answer_text && form.elements.answer_text.value);
      }
      if (answer.people !== undefined) renew("people-body", answer.people);
      nameSpeaker(answer.contact_name);
      showErrors(answer.errors);
      showGaps(answer);
      const wrong = Object.keys(answer.errors).length;
      say(wrong ? `Saved ${answer.saved}, except what is marked` : `Saved ${answer.saved}`);
      if (dirty) changed();
      if (answer.reload) {
        stopped = true;
        location.assign(answer.reload);
      }
      return answer;
    };
    const press = async (what) => {
      const answer = await save(what);
      if (!answer || what !== "submit" || answer.go) return;
      form.classList.add("has-tried");
      if (answer.sentence) warn(answer.sentence);
      const first = one(".field-error p") ? one(".field-error p").closest(".field, .rows") : null;
      const missing = one("[data-jump]");
      if (first) focusIn(first);
      else if (missing) jump(missing.dataset.jump);
    };

    // --- What the answer says ------------------------------------------------------------------

    const paragraphs = (box, texts) => {
      const same = box.childElementCount === texts.length
        && texts.every((text, place) => box.children[place].textContent === text);
      if (same) return;
      box.replaceChildren(...texts.map((text) => Object.assign(document.createElement("p"), { textContent: text })));
    };
    const showErrors = (errors) => {
      const active = document.activeElement && document.activeElement.name;
      lateErrors = {};
      all("[data-error-for]").forEach((box) => {
        const name = box.dataset.errorFor;
        const texts = errors[name] || [];
        // A half-typed address is no mistake yet: it is marked when the field is left.
        if (texts.length && name === active) lateErrors[name] = texts;
        else mark(box, texts);
      });
    };
    const mark = (box, texts) => {
      paragraphs(box, texts);
      const field = box.closest(".field");
      if (!field) return;
      field.classList.toggle("has-error", texts.length > 0);
      const input = one("input, select, textarea", field);
      if (texts.length) input.setAttribute("aria-invalid", "true");
      else input.removeAttribute("aria-invalid");
    };
    const showGaps = (answer) => {
      all("[data-gaps]").forEach((box) => paragraphs(box, answer.gaps[box.dataset.gaps] || []));
      all("[data-hints]").forEach((box) => paragraphs(box, answer.hints[box.dataset.hints] || []));
      Object.entries(answer.sections).forEach(([key, number]) => {
        const chip = one(`[data-state="${key}"]`);
        chip.textContent = number ? `${number} missing` : "Done";
        chip.classList.toggle("is-warn", number > 0);
        chip.classList.toggle("is-good", number === 0);
      });
      const missing = document.getElementById("missing");
      const open = one("details", missing).open;
      missing.innerHTML = answer.missing;
      one("details", missing).open = open;
    };
    const renew = (id, html) => {
      const box = document.getElementById(id);
      const active = box.contains(document.activeElement) ? document.activeElement : null;
      const place = active && (active.id ? `#${active.id}` : active.value && `[value="${active.value}"]`);
      box.innerHTML = html;
      if (window.startAccountSearch) window.startAccountSearch(box);
      const again = place && one(place, box);
      if (again) again.focus();
      else if (active) (one("select[name=contact]", box) || one("input, select", box)).focus();
    };
    const nameSpeaker = (name) => {
      const before = form.dataset.contactName || "";
      if (name === undefined || name === before) return;
      form.dataset.contactName = name;
      const boxes = [form, ...all("template").map((template) => template.content)];
      boxes.flatMap((box) => all("[name$=-speaker], [name$=-said_by], [name$=-mentioned_by]", box))
        .filter((input) => input.value === before)
        .forEach((input) => { input.value = name; input.setAttribute("value", name); });
    };

    // --- Ways to what is missing ---------------------------------------------------------------

    const focusIn = (box) => {
      const inputs = all("input:not([type=hidden]), select, textarea", box).filter((input) => input.offsetParent);
      const target = inputs.find((input) => input.getAttribute("aria-invalid") === "true")
        || inputs.find((input) => !input.value || input.value === "unknown") || inputs[0] || one("button", box);
      if (!target) return;
      target.focus({ preventScroll: true });
      box.scrollIntoView({ block: "center" });
    };
    const jump = (key) => {
      let known = key;
      while (known && !at(known)) known = known.split(".").slice(0, -1).join(".");
      if (isNarrow.matches) one("#missing details").open = false;
      const closed = at(known) && at(known).closest("details:not([open])");
      if (closed) closed.open = true;
      if (known) focusIn(at(known));
    };

    // --- Rows ----------------------------------------------------------------------------------

    let added = 0;
    const rowsOf = (list) => all("[data-row]", list).filter((row) => !one("fieldset", row).disabled);
    const typedIn = (row) => all("input:not([type=hidden]), textarea", row)
      .some((input) => input.value && !/-(speaker|mentioned_by)$/.test(input.name));
    const number = (list) => rowsOf(list).forEach((row, place) => { one("[data-number]", row).textContent = place + 1; });
    const nameRow = (prefix, pk) => {
      const row = one(`[data-row="${prefix}"]`);
      if (!row) return;
      form.elements[`${prefix}-id`].value = pk;
      const key = `${prefix.split("-")[0]}.${pk}`;
      row.id = `at-${key}`;
      one("fieldset > .gaps", row).dataset.gaps = key;
      one("fieldset > .hints", row).dataset.hints = key;
    };
    const newRow = (name) => {
      const list = at(name);
      const row = rowsOf(list).find((candidate) => !typedIn(candidate) && !form.elements[`${candidate.dataset.row}-id`].value);
      if (row) return row;
      const key = `n${Date.now().toString(36)}${added++}`;
      const html = one("template", list).innerHTML.replaceAll("__key__", key);
      one("[data-rows]", list).insertAdjacentHTML("beforeend", html);
      number(list);
      return one("[data-rows]", list).lastElementChild;
    };
    const fill = (row, values) => {
      Object.entries(values).forEach(([name, value]) => {
        const input = form.elements[`${row.dataset.row}-${name}`];
        if (input && value) input.value = value;
      });
      changed();
    };
    const ruleOut = (list) => {
      const box = document.getElementById(list.dataset.ruledOut);
      const empty = !rowsOf(list).some((row) => typedIn(row) || form.elements[`${row.dataset.row}-id`].value);
      list.classList.toggle("is-ruled-out", box.checked && empty);
    };
    const remove = (row) => {
      one("fieldset", row).disabled = true;
      one("fieldset", row).hidden = true;
      one(".item-undo", row).hidden = false;
      one("[data-undo]", row).focus();
      number(row.closest("[data-list]"));
      changed();
    };
    const undo = (row) => {
      one("fieldset", row).disabled = false;
      one("fieldset", row).hidden = false;
      one(".item-undo", row).hidden = true;
      number(row.closest("[data-list]"));
      focusIn(row);
      changed();
    };

    // --- Picking rows out of the notes ---------------------------------------------------------

    const notes = document.getElementById("id_call_notes");
    const said = one("[data-said]");
    const TAKES = { quotes: "text", objections: "said", triggers: "detail" };
    const MOST_FOUND = 6;
    const bare = (text) => {
      const line = text.trim().replace(/^[-*•\s]+/, "");
      const open = line.replace(/^[“"„«]+/, "");
      return (/[“"„«].*[”"“»]$/su.test(open) ? open : open.replace(/[”"“»]+$/, "")).trim();
    };
    const plain = (text) => text.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, " ").trim();
    const picked = () => {
      const { value, selectionStart: from, selectionEnd: to } = notes;
      if (from !== to) return bare(value.slice(from, to));
      const start = value.lastIndexOf("\n", from - 1) + 1;
      const end = value.indexOf("\n", from);
      return bare(value.slice(start, end < 0 ? value.length : end));
    };
    const take = (name, words) => {
      const ruledOut = document.getElementById(at(name).dataset.ruledOut || "");
      if (ruledOut) ruledOut.checked = false;
      all("[data-ruled-out]").forEach(ruleOut);
      const row = newRow(name);
      fill(row, { [TAKES[name]]: words });
      findSaid();
      return row;
    };
    const pick = (name) => {
      const words = picked();
      one("[data-pick-hint]").textContent = words ? "" : "The notes have no words there. Put the cursor into a line, or select some.";
      if (words) focusIn(take(name, words));
      else notes.focus();
    };
    const findSaid = () => {
      // What stands in quotation marks, and lines such as “Priya: we lose one deal in four”.
      const names = (form.dataset.contactName || "").split(" ").filter((name) => name.length > 1)
        .map((name) => name.replace(/[^\p{L}\p{N}]/gu, "\\$&"));
      const found = [...notes.value.matchAll(/[“"„«]([^“"„”«»\n]{12,400})[”"“»]/g)].map((match) => match[1]);
      if (names.length) {
        const line = new RegExp(`^[-*•\\s]*(?:${names.join("|")})(?: [\\p{L}]+)?:\\s*(.{12,400})$`, "gmiu");
        found.push(...[...notes.value.matchAll(line)].map((match) => match[1]));
      }
      const there = all("[data-list=quotes] textarea").map((box) => plain(box.value));
      const fresh = [...new Set(found.map(bare))].filter((text) => text.includes(" ") && !there.includes(plain(text)));
      all("button", said).forEach((button) => button.remove());
      fresh.slice(0, MOST_FOUND).forEach((text) => {
        const button = Object.assign(document.createElement("button"), { type: "button", className: "suggestion", title: "Make this a quote" });
        button.dataset.saidText = text;
        button.textContent = `“${text}”`;
        said.append(button);
      });
      said.hidden = !fresh.length;
    };

    // --- Events --------------------------------------------------------------------------------

    const count = (input) => {
      const box = one(`[data-count-for="${input.id}"]`);
      if (!box) return;
      const limit = Number(input.dataset.limit), length = input.value.length;
      box.hidden = length < limit * 0.8;
      box.textContent = `${length.toLocaleString("en")} of at most ${limit.toLocaleString("en")} characters`;
    };
    form.addEventListener("input", (event) => {
      const input = event.target;
      if (input.dataset.limit) count(input);
      if (input === notes) findSaid();
      if (input.closest("[data-not-saved]")) {
        unsent = true;
        return;
      }
      const answer = input.closest("[data-answer]");
      if (answer && /-(value|evidence)$/.test(input.name) && input.value) {
        const status = one("select[name$=-status]", answer);
        if (status.value === "unknown") status.value = "stated";
      }
      changed();
    });
    form.addEventListener("change", (event) => {
      const input = event.target;
      if (input.name === "contact") press("contact");
      else if (input.name === "lead_source") press("source");
      all("[data-ruled-out]").forEach(ruleOut);
    });
    form.addEventListener("focusout", (event) => {
      const name = event.target.name;
      const box = name && lateErrors[name] && one(`[data-error-for="${name}"]`);
      if (box) mark(box, lateErrors[name]);
    });
    form.addEventListener("account-chosen", () => press("account"));
    form.addEventListener("submit", (event) => {
      const button = event.submitter;
      renewToken();
      if (button && "native" in button.dataset) {
        dirty = unsent = false;
        return;
      }
      event.preventDefault();
      if (button && (button.dataset.add || "remove" in button.dataset)) return;
      press(button ? button.value : "save");
    });
    form.addEventListener("click", (event) => {
      const hit = (selector) => event.target.closest(selector);
      const link = hit("[data-jump]"), heading = hit("[data-jump-section]"), suggestion = hit("[data-suggest]"), text = hit("[data-fill]");
      if (link) { event.preventDefault(); jump(link.dataset.jump); }
      else if (heading) {
        event.preventDefault();
        const title = document.getElementById(`${heading.dataset.jumpSection}-title`);
        title.scrollIntoView({ block: "start" });
        title.focus({ preventScroll: true });
      }
      else if (hit("[data-add]")) focusIn(newRow(hit("[data-add]").dataset.add));
      else if (hit("[data-remove]")) remove(hit("[data-row]"));
      else if (hit("[data-undo]")) undo(hit("[data-row]"));
      else if (hit("[data-pick]")) pick(hit("[data-pick]").dataset.pick);
      else if (hit("[data-said-text]")) focusIn(take("quotes", hit("[data-said-text]").dataset.saidText));
      else if (suggestion) {
        const row = newRow(suggestion.dataset.suggest);
        fill(row, JSON.parse(suggestion.dataset.values));
        suggestion.remove();
        focusIn(row);
      } else if (text) {
        const input = form.elements[text.dataset.fill];
        input.value = input.value ? `${input.value}\n${text.dataset.text}` : text.dataset.text;
        text.closest(".suggestions").remove();
        input.focus();
        changed();
      }
    });
    document.addEventListener("keydown", (event) => {
      if (!(event.ctrlKey || event.metaKey)) return;
      if (event.key === "s") { event.preventDefault(); press("save"); }
      else if (event.key === "Enter") { event.preventDefault(); press("submit"); }
    });
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "hidden" && dirty && !stopped) save("autosave", { keepalive: true });
    });
    window.addEventListener("beforeunload", (event) => { if (dirty || running || unsent) event.preventDefault(); });

    form.classList.add("is-live");
    form.dataset.contactName = one("[data-contact-name]") ? one("[data-contact-name]").dataset.contactName : "";
    // Empty rows stand there for pages without a script; here one press adds one.
    all("[data-list]").filter((list) => list.dataset.list !== "quotes").flatMap(rowsOf)
      .filter((row) => !typedIn(row) && !form.elements[`${row.dataset.row}-id`].value
        && all("select", row).every((select) => ["", "unknown", "mentioned"].includes(select.value)))
      .forEach((row) => row.remove());
    one(".from-notes").hidden = false;
    findSaid();
    all("[data-ruled-out]").forEach(ruleOut);
    if (isNarrow.matches) one("#missing details").open = false;
    if (form.classList.contains("has-tried") && one("[data-jump]")) jump(one("[data-jump]").dataset.jump);
  };

  document.addEventListener("DOMContentLoaded", () => {
    const form = document.getElementById("package");
    if (form) start(form);
  });
})();
