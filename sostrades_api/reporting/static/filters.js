// Filters of a discipline: what is shown follows what the reader chose, in this file alone.
(function (Sos) {
  "use strict";

  const summary = (filter, chosen) => {
    if (chosen.size === filter.filter_values.length) return `${filter.filter_name}: all`;
    if (chosen.size === 1) return `${filter.filter_name}: ${[...chosen][0]}`;
    return `${filter.filter_name}: ${chosen.size} of ${filter.filter_values.length}`;
  };

  function several(filter, chosen, changed) {
    const title = Sos.element("summary", {}, summary(filter, chosen));
    const choices = Sos.element("fieldset", { class: "choices" }, Sos.element("legend", { class: "visually-hidden" }, filter.filter_name));
    const apply = () => { title.textContent = summary(filter, chosen); changed(); };
    for (const value of filter.filter_values) {
      const box = Sos.element("input", { type: "checkbox", value });
      box.checked = chosen.has(value);
      box.addEventListener("change", () => { if (box.checked) chosen.add(value); else chosen.delete(value); apply(); });
      choices.append(Sos.element("label", {}, box, Sos.element("span", {}, value)));
    }
    const all = Sos.element("button", { type: "button", class: "button quiet small" }, "All");
    all.addEventListener("click", () => {
      choices.querySelectorAll("input").forEach((box) => { box.checked = true; chosen.add(box.value); });
      apply();
    });
    choices.append(all);
    return Sos.element("details", {}, title, choices);
  }

  function one(filter, chosen, changed) {
    const options = filter.filter_values.map((value) => Sos.element("option", { value, selected: chosen.has(value) }, value));
    const select = Sos.element("select", {}, ...options);
    select.addEventListener("change", () => { chosen.clear(); chosen.add(select.value); changed(); });
    return Sos.element("label", { class: "lone" }, `${filter.filter_name} `, select);
  }

  Sos.chosen = (filters) => Object.fromEntries(filters.map((filter) => [filter.filter_key, new Set(filter.selected_values)]));

  Sos.filterBar = function (holder, filters, selection, changed) {
    holder.replaceChildren(...filters.filter((filter) => filter.filter_values.length > 1).map((filter) => {
      const chosen = selection[filter.filter_key];
      if (filter.locked) return Sos.element("p", { class: "locked" }, `${summary(filter, chosen)} (fixed)`);
      return (filter.multiple_selection ? several : one)(filter, chosen, changed);
    }));
    holder.hidden = !holder.childElementCount;
  };

  // The traces of a figure that the selection shows; null when the figure itself is not shown.
  Sos.shown = function (figure, selection) {
    const variant = Object.entries(figure.variant || {});
    if (variant.some(([key, value]) => !selection[key]?.has(value))) return null;
    const kept = figure.data.map((trace, rank) => ({ trace, rank })).filter(({ rank }) =>
      Object.entries(figure.traces?.[rank] || {}).every(([key, values]) => values.some((value) => selection[key].has(value))));
    return kept.length || !figure.data.length ? kept : null;
  };

  document.addEventListener("click", (event) => {
    document.querySelectorAll(".filters details[open]").forEach((open) => { if (!open.contains(event.target)) open.open = false; });
  });
  document.addEventListener("keydown", (event) => {
    const open = event.key === "Escape" && event.target.closest?.(".filters details[open]");
    if (open) { open.open = false; open.querySelector("summary").focus(); }
  });
})(window.Sos);
