"use strict";
// Turns the plain page into one with tabs and with tables that sort, filter and
// unfold. Without it everything is there, section after section.
(() => {
  const STEP = 100;
  const LEAP = 1000;
  const MANY = 8;
  const collator = new Intl.Collator(undefined, { numeric: true });

  const make = (tag, properties = {}, ...children) => {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  };

  function makeTabs() {
    const sections = [...document.querySelectorAll("main > section")];
    const list = document.querySelector(".tabs");
    const tabs = [...list.querySelectorAll("a")].map((link, idx) => {
      const section = sections[idx];
      const tab = make("button", { type: "button", id: `tab-${section.id}` });
      tab.append(...link.childNodes);
      tab.setAttribute("role", "tab");
      tab.setAttribute("aria-controls", section.id);
      section.setAttribute("role", "tabpanel");
      section.setAttribute("aria-labelledby", tab.id);
      tab.addEventListener("click", () => {
        select(idx);
        history.replaceState(null, "", `#${section.id}`);
      });
      link.replaceWith(tab);
      return tab;
    });
    list.setAttribute("role", "tablist");

    function select(chosen) {
      tabs.forEach((tab, idx) => {
        tab.setAttribute("aria-selected", String(idx === chosen));
        tab.tabIndex = idx === chosen ? 0 : -1;
        sections[idx].hidden = idx !== chosen;
      });
    }

    function selectNamed() {
      const target = document.getElementById(location.hash.slice(1));
      const idx = sections.findIndex((section) => section.contains(target));
      select(Math.max(idx, 0));
      if (idx >= 0 && target !== sections[idx]) target.scrollIntoView();
    }

    list.addEventListener("keydown", (event) => {
      const now = tabs.indexOf(document.activeElement);
      const last = tabs.length - 1;
      const next = {
        ArrowRight: now === last ? 0 : now + 1,
        ArrowLeft: now === 0 ? last : now - 1,
        Home: 0,
        End: last,
      }[event.key];
      if (now < 0 || next === undefined) return;
      event.preventDefault();
      tabs[next].focus();
      tabs[next].click();
    });
    window.addEventListener("hashchange", selectNamed);
    selectNamed();
  }

  function enhance(block) {
    const table = block.querySelector("table");
    const body = table.tBodies[0];
    const heads = [...table.tHead.rows[0].cells];
    const about = block.querySelector("script");
    const details = about && JSON.parse(about.textContent);
    const rows = [...body.rows].map((row, at) => ({ row, at, detail: null }));
    const count = make("span", { className: "quiet" });
    const more = make("button", { type: "button", className: "plain" });
    const manyMore = make("button", { type: "button", className: "plain" });
    const choosers = [];
    let words = [];
    let found = rows;
    let limit = STEP;

    count.setAttribute("role", "status");

    const cellText = (entry, idx) => entry.row.cells[idx].dataset.t ??
      (entry.row.cells[idx].dataset.t = entry.row.cells[idx].textContent);

    function keyOf(entry, idx) {
      const cell = entry.row.cells[idx];
      if (cell.classList.contains("none")) return null;
      return heads[idx].className === "number" ? Number(cell.dataset.v)
        : cellText(entry, idx);
    }

    // What is missing comes last in both directions; ties stay as they were made.
    function sortBy(idx, direction) {
      const isNumber = heads[idx].className === "number";
      const keys = new Map(rows.map((entry) => [entry, keyOf(entry, idx)]));
      rows.sort((one, other) => {
        const a = keys.get(one);
        const b = keys.get(other);
        if (a === null || b === null) {
          return (a === null) - (b === null) || one.at - other.at;
        }
        const order = isNumber ? a - b : collator.compare(a, b);
        return direction * order || one.at - other.at;
      });
      heads.forEach((head) => head.removeAttribute("aria-sort"));
      heads[idx].setAttribute("aria-sort", direction > 0 ? "ascending" : "descending");
      filter();
    }

    function filter() {
      found = rows.filter((entry) =>
        choosers.every(({ chooser, idx }) =>
          chooser.selectedIndex === 0 || chooser.value === cellText(entry, idx)) &&
        words.every((word) => allText(entry).includes(word)));
      show();
    }

    function allText(entry) {
      entry.text ??= heads.map((_, idx) => cellText(entry, idx)).join("\n").toLowerCase();
      return entry.text;
    }

    function show() {
      const visible = found.slice(0, limit);
      body.replaceChildren(...visible.flatMap((entry) => {
        if (details) addButton(entry);
        return entry.detail ? [entry.row, entry.detail] : [entry.row];
      }));
      const all = rows.length.toLocaleString("en");
      const some = found.length.toLocaleString("en");
      count.textContent =
        (found.length < rows.length ? `${some} of ${all} rows` : `${all} rows`) +
        (visible.length < found.length ? `, the first ${visible.length} shown` : "");
      const left = found.length - visible.length;
      more.hidden = left <= 0;
      more.textContent = `Show ${Math.min(left, STEP)} more`;
      manyMore.hidden = left <= STEP;
      manyMore.textContent = `Show ${Math.min(left, LEAP)} more`;
    }

    function addButton(entry) {
      if (entry.button) return;
      entry.button = make("button", { type: "button", className: "unfold" }, "+");
      entry.button.setAttribute("aria-expanded", "false");
      entry.button.setAttribute("aria-label", "How to run it again, and more");
      const first = entry.row.cells[0];
      first.dataset.t ??= first.textContent;
      first.prepend(entry.button);
      entry.button.addEventListener("click", () => unfold(entry));
    }

    function unfold(entry) {
      const opens = entry.detail === null;
      entry.button.setAttribute("aria-expanded", String(opens));
      entry.button.textContent = opens ? "−" : "+";
      if (!opens) {
        entry.detail.remove();
        entry.detail = null;
        return;
      }
      const list = make("dl");
      details.names.forEach((name, idx) => {
        const text = details.rows[entry.at][idx];
        if (text === "") return;
        const value = idx === 0 ? make("code", {}, text) : text;
        list.append(make("dt", {}, name), make("dd", {}, value));
      });
      const cell = make("td", { colSpan: heads.length }, list);
      entry.detail = make("tr", { className: "detail" }, cell);
      entry.row.after(entry.detail);
    }

    function makeTools() {
      const tools = block.querySelector(".tools");
      const search = make("input", { type: "search", placeholder: "words" });
      let waiting = 0;
      search.addEventListener("input", () => {
        clearTimeout(waiting);
        waiting = setTimeout(() => {
          words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
          limit = STEP;
          filter();
        }, 80);
      });
      tools.append(make("label", {}, "Filter ", search));
      heads.forEach((head, idx) => {
        if (!("choices" in head.dataset)) return;
        const values = [...new Set(rows.map((entry) => cellText(entry, idx)))];
        if (values.length < 2) return;
        const chooser = make("select");
        chooser.append(make("option", { value: "" }, "all"));
        for (const value of values.sort(collator.compare)) {
          chooser.append(make("option", { value }, value));
        }
        chooser.addEventListener("change", () => {
          limit = STEP;
          filter();
        });
        choosers.push({ chooser, idx });
        tools.append(make("label", {}, `${head.dataset.head} `, chooser));
      });
      tools.append(count);
    }

    heads.forEach((head, idx) => {
      const button = make("button", { type: "button" }, ...head.childNodes);
      head.replaceChildren(button);
      button.addEventListener("click", () => {
        sortBy(idx, head.getAttribute("aria-sort") === "ascending" ? -1 : 1);
      });
    });
    if (rows.length > MANY) makeTools();
    more.addEventListener("click", () => {
      limit += STEP;
      show();
    });
    manyMore.addEventListener("click", () => {
      limit += LEAP;
      show();
    });
    if (rows.length > STEP) {
      const below = make("p", { className: "tools" }, more, manyMore);
      block.querySelector(".scroll").after(below);
    }
    show();
  }

  document.querySelectorAll(".table").forEach(enhance);
  makeTabs();
})();
