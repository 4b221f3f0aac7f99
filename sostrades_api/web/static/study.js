// A study case that moves by itself: status, progress, disciplines, charts and log follow the execution.
(function () {
  "use strict";
  const root = document.querySelector("[data-study]");
  if (!root) return;
  const ACTIVE = new Set(["PENDING", "RUNNING"]);
  const FASTEST = 400, SLOWEST_ACTIVE = 2500, SLOWEST_IDLE = 20000;
  const find = (selector) => root.querySelector(selector);
  const token = document.querySelector("meta[name=csrf-token]").content;
  const loaded = new Promise((done) => { document.addEventListener("DOMContentLoaded", done, { once: true }); });
  let status = null, delay = FASTEST, timer = 0, shownExecution = null;

  function problem(text) {
    const notice = find("[data-problem]");
    notice.hidden = !text;
    notice.textContent = text || "";
  }

  async function ask(address, options = {}) {
    const response = await fetch(address, { credentials: "same-origin", ...options, headers: { Accept: "application/json", ...(options.headers || {}) } });
    if (response.status === 401) { location.assign(root.dataset.signInUrl); return null; }
    if (!response.ok) {
      const told = await response.json().catch(() => ({}));
      throw new Error(told.detail || `The server answered ${response.status}.`);
    }
    return response;
  }

  // As the server writes moments: 2 January 2026, 09:05 UTC.
  const dates = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "long", year: "numeric", timeZone: "UTC" });
  const times = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", timeZone: "UTC" });
  const moment = (text) => { const at = new Date(text); return `${dates.format(at)}, ${times.format(at)} UTC`; };
  function took(from, until) {
    if (!from) return "\u2013";
    const seconds = Math.max(0, ((until ? Date.parse(until) : Date.now()) - Date.parse(from)) / 1000);
    if (seconds < 1) return `${Math.round(1000 * seconds)} ms`;
    if (seconds < 60) return `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`;
    return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
  }

  function badge(element, state, text = state) {
    if (element.dataset.status === state && element.textContent === text) return;
    element.dataset.status = state;
    element.textContent = text;
  }

  function showFacts() {
    const facts = { ...status, started_at: status.started_at ? moment(status.started_at) : "never", duration: took(status.started_at, status.ended_at) };
    root.querySelectorAll("[data-fact]").forEach((place) => {
      const text = facts[place.dataset.fact];
      place.textContent = text && text !== "----" ? text : "\u2013";
    });
  }

  function showProgress(active) {
    const bar = find("[data-progress]");
    const percent = Math.round(100 * (status.progress || 0));
    bar.hidden = !active;
    bar.setAttribute("aria-valuenow", String(percent));
    bar.querySelector("rect").setAttribute("width", String(percent));
  }

  function show(next) {
    const before = status;
    status = next;
    const state = status.study_case_execution_status;
    const active = ACTIVE.has(state);
    badge(find("[data-badge]"), state, status.converged === false ? `${state}, not converged` : state);
    find("[data-badge]").dataset.converged = String(status.converged);
    find("[data-badge]").title = status.queue_position ? `Number ${status.queue_position} in the queue` : "";
    showProgress(active);
    showFacts();
    root.querySelectorAll("[data-discipline-status]").forEach((place) => {
      const now = status.disciplines_status[place.dataset.disciplineStatus];
      if (now) badge(place, now);
    });
    root.querySelectorAll("[data-unconverged]").forEach((place) => {
      place.hidden = !status.unconverged.includes(place.dataset.unconverged);
    });
    const error = find("[data-error]");
    if (error) { error.hidden = !status.study_case_execution_error_message; error.textContent = status.study_case_execution_error_message || ""; }
    const run = find("[data-action=run]"), stop = find("[data-action=stop]");
    if (run) run.querySelector("button").disabled = active;
    if (stop) { stop.hidden = !active; stop.querySelector("button").disabled = false; }
    const moved = !before || JSON.stringify(before) !== JSON.stringify(status);
    delay = moved && active ? FASTEST : Math.min(delay * 1.35, active ? SLOWEST_ACTIVE : SLOWEST_IDLE);
    follow(before, state);
  }

  function follow(before, state) {
    const ended = before && ACTIVE.has(before.study_case_execution_status) && !ACTIVE.has(state);
    const other = before && before.execution_id !== status.execution_id;
    if (!before || ended || (other && !ACTIVE.has(state))) { refreshCharts(); refreshProfile(); }
    if (before && (ACTIVE.has(state) || ended)) refreshLog();
  }

  async function refreshCharts() {
    const slot = find("[data-charts-slot]");
    if (!slot || shownExecution === `${status.execution_id}${status.study_case_execution_status}`) return;
    shownExecution = `${status.execution_id}${status.study_case_execution_status}`;
    try {
      const response = await ask(slot.dataset.chartsSlot, { headers: { Accept: "text/html" } });
      if (!response) return;
      const parsed = new DOMParser().parseFromString(await response.text(), "text/html");
      await loaded;
      slot.replaceChildren(...parsed.body.childNodes);
      window.Sos.bootCharts(slot);
    } catch (error) { slot.textContent = error.message; }
  }

  async function refreshProfile() {
    const slot = find("[data-profile-slot]");
    const response = slot && (await ask(slot.dataset.profileSlot, { headers: { Accept: "text/html" } }).catch(() => null));
    if (!response) return;
    slot.replaceChildren(...new DOMParser().parseFromString(await response.text(), "text/html").body.childNodes);
    const more = slot.querySelector("[data-show-more]");
    if (more) more.addEventListener("click", () => { slot.querySelector("[data-more]").hidden = false; more.parentElement.remove(); });
  }

  async function refreshLog() {
    const log = find("[data-log]");
    if (!log) return;
    const atEnd = log.scrollTop + log.clientHeight >= log.scrollHeight - 20;
    const response = await ask(log.dataset.log, { headers: { Accept: "text/plain" } }).catch(() => null);
    if (!response) return;
    log.textContent = (await response.text()) || "The execution has written nothing yet.";
    if (atEnd) log.scrollTop = log.scrollHeight;
  }

  async function poll() {
    clearTimeout(timer);
    if (document.hidden) return;
    try {
      const response = await ask(root.dataset.statusUrl);
      if (!response) return;
      show(await response.json());
      root.dataset.reached = "yes";
    } catch (error) {
      delay = Math.min(delay * 2, SLOWEST_IDLE);
    }
    timer = setTimeout(poll, delay);
  }

  root.querySelectorAll("form[data-action]").forEach((form) => {
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const button = form.querySelector("button");
      button.disabled = true;
      problem("");
      try {
        const response = await ask(form.action, { method: "POST", headers: { "X-CSRFToken": token } });
        if (response) show(await response.json());
      } catch (error) {
        problem(error.message);
        button.disabled = false;
      }
      delay = FASTEST;
      poll();
    });
  });
  document.addEventListener("visibilitychange", () => { if (!document.hidden) { delay = FASTEST; poll(); } });
  show(JSON.parse(root.dataset.initial));
  timer = setTimeout(poll, delay);
})();
