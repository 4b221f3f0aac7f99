// The data page: tables open in place, values are saved without leaving the page.
(function () {
  "use strict";
  const token = document.querySelector("meta[name=csrf-token]").content;

  async function load(body, address) {
    body.setAttribute("aria-busy", "true");
    try {
      const response = await fetch(address, { credentials: "same-origin", headers: { Accept: "text/html" } });
      const parsed = new DOMParser().parseFromString(await response.text(), "text/html");
      if (response.ok) body.replaceChildren(...parsed.body.childNodes);
      else body.textContent = parsed.querySelector(".card h1 + p")?.textContent || "It cannot be shown.";
    } catch { body.textContent = "The server does not answer."; }
    body.removeAttribute("aria-busy");
  }

  document.querySelectorAll("[data-table]").forEach((details) => {
    details.addEventListener("toggle", () => {
      if (details.open && !details.dataset.loaded) {
        details.dataset.loaded = "yes";
        load(details.querySelector("[data-body]"), details.dataset.table);
      }
    });
    details.addEventListener("click", (event) => {
      const button = event.target.closest("[data-page-url]");
      if (button) load(details.querySelector("[data-body]"), button.dataset.pageUrl);
    });
  });

  function told(form, text, kind) {
    form.querySelectorAll(".reason, .saved").forEach((each) => each.remove());
    if (!text) return;
    const note = document.createElement("p");
    note.className = kind;
    note.setAttribute("role", kind === "reason" ? "alert" : "status");
    note.textContent = text;
    form.append(note);
  }

  async function save(form, field) {
    const response = await fetch(form.action, {
      method: "POST", credentials: "same-origin", body: new FormData(form), headers: { Accept: "application/json", "X-CSRFToken": token },
    });
    const answer = await response.json().catch(() => ({}));
    if (!response.ok) {
      const reasons = (answer.errors || []).map((each) => each.detail).join("; ");
      return told(form, reasons || answer.detail || `The server answered ${response.status}.`, "reason");
    }
    document.querySelectorAll("[data-revision]").forEach((each) => { each.value = answer.revision; });
    const [variable] = Object.values(answer.variables);
    if (field.tagName === "INPUT" && variable) field.value = variable.value ?? "";
    field.dataset.before = field.value;
    form.classList.add("clean");
    const mark = form.closest("tr").querySelector("[data-changed]");
    if (mark) mark.hidden = !answer.changed;
    return told(form, "Saved", "saved");
  }

  document.querySelectorAll("[data-edit]").forEach((form) => {
    const field = form.querySelector("[name=value]");
    field.dataset.before = field.value;
    form.classList.add("clean");
    field.addEventListener("input", () => { form.classList.toggle("clean", field.value === field.dataset.before); told(form); });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      save(form, field).catch(() => told(form, "The server does not answer.", "reason"));
    });
  });

  const fold = document.querySelector("[data-fold]");
  const wide = window.matchMedia("(min-width: 60rem)");
  const folded = () => { fold.open = wide.matches; };
  if (fold) { folded(); wide.addEventListener("change", folded); }
})();
