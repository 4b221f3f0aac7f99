// A study case that moves by itself: status, progress, disciplines, charts and log follow the execution.
(function () {
  "use strict";
  const root = document.querySelector("[data-study]");
  if (!root) return;
  const ACTIVE = new Set(["PENDING", "RUNNING"]);
  const FASTEST = 400, SLOWEST_ACTIVE = 2500, SLOWEST_IDLE = 20000, FOLLOWED = 5000; // milliseconds between questions
  const LEVELS = ["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"];
  const find = (selector) => root.querySelector(selector);
  const token = document.querySelector("meta[name=csrf-token]").content;
  const loaded = new Promise((done) => { document.addEventListener("DOMContentLoaded", done, { once: true }); });
  const figure = find("[data-residuals]");
  const chart = figure && window.Sos.makeResidualChart(figure);
  const listener = window.Sos.makeListener({
    snapshot(now) { patch(now.disciplines, now.progress); if (figure && isFollowed(figure)) catchUp(); refreshLog(); },
    state: poll,
    end: poll,
    progress: ({ progress }) => patch({}, progress),
    disciplines: ({ disciplines }) => patch(disciplines),
    iteration: (data, id) => { if (chart && isFollowed(figure)) chart.add(id, data); },
    log: ({ attempt, lines }) => addLines(attempt, lines),
  });
  let status = null, delay = FASTEST, timer = 0, shownExecution = null, charted = null, left = null;
  let told = 0; // pieces of news that came by events
  const asked = new Set(); // of each question for the log: the lines that came by events meanwhile
  let questions = 0, answered = 0; // for the log: how many, and the latest that was answered

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
    const minutes = Math.floor(seconds / 60);
    return minutes < 60 ? `${minutes} min ${Math.floor(seconds % 60)} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
  }
  function remains() {
    if (left === null) return null;
    const seconds = Math.round((left - Date.now()) / 1000);
    return seconds < 1 ? "a moment" : `about ${seconds < 60 ? `${seconds} s` : `${Math.round(seconds / 60)} min`}`;
  }

  function badge(element, state, text = state) {
    if (element.dataset.status === state && element.textContent === text) return;
    element.dataset.status = state;
    element.textContent = text;
  }

  function showFacts() {
    const facts = { ...status, started_at: status.started_at ? moment(status.started_at) : "never", duration: took(status.shown !== "SUSPENDED" && status.started_at, status.ended_at), left: remains() };
    root.querySelectorAll("[data-fact]").forEach((place) => {
      const text = facts[place.dataset.fact];
      if ("optional" in place.dataset) place.parentElement.hidden = !text;
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
    left = status.eta_seconds === null ? null : Date.now() + 1000 * status.eta_seconds;
    badge(find("[data-badge]"), status.shown, status.converged === false ? `${status.shown}, not converged` : status.shown);
    find("[data-badge]").dataset.converged = String(status.converged);
    const note = find("[data-state-note]");
    if (note.textContent !== status.note) note.textContent = status.note;
    note.hidden = !status.note;
    showProgress(active);
    showFacts();
    showDisciplines();
    showActions();
    listener.listen(active && !document.hidden ? addressOf("events") : null);
    root.querySelectorAll("[data-unconverged]").forEach((place) => {
      place.hidden = !status.unconverged.includes(place.dataset.unconverged);
    });
    const error = find("[data-error]");
    if (error) { error.hidden = !status.study_case_execution_error_message; error.textContent = status.study_case_execution_error_message || ""; }
    const moved = !before || JSON.stringify(before) !== JSON.stringify(status);
    if (active && listener.arrives) delay = FOLLOWED;
    else delay = moved && active ? FASTEST : Math.min(delay * 1.35, active ? SLOWEST_ACTIVE : SLOWEST_IDLE);
    follow(before, state);
  }

  function showDisciplines() {
    root.querySelectorAll("[data-discipline-status]").forEach((place) => {
      const now = isFollowed(place) && status.disciplines_status[place.dataset.disciplineStatus];
      if (now) badge(place, now);
    });
  }

  // Run stays where it is, so that nothing jumps; what makes no sense now is not offered.
  function showActions() {
    root.querySelectorAll("form[data-action]").forEach((form) => {
      const can = status.actions.includes(form.dataset.action);
      form.hidden = form.dataset.action === "run" ? status.actions.includes("resume") : !can;
      form.querySelectorAll("button").forEach((button) => { button.disabled = !can; });
      if (form.dataset.action === "recompute" && can) form.action = addressOf("recompute");
    });
    const again = status.actions.includes("recompute");
    root.querySelectorAll("button[form=recompute]").forEach((button) => { button.hidden = !again; });
    root.querySelectorAll("[data-recompute-note]").forEach((note) => { note.hidden = !again; });
  }

  function addressOf(what, number = status.execution_id) {
    return root.dataset.executionUrl.replace("/0/", `/${number}/`) + what;
  }

  // Parts of the page of one execution follow the latest one only if it is that one.
  function isFollowed(place) {
    const own = place.closest("[data-execution]");
    return !own || Number(own.dataset.execution) === status.execution_id;
  }

  function patch(disciplines, progress = status.progress) {
    told += 1;
    const named = Object.entries(disciplines).map(([path, now]) => [`${root.dataset.study}.${path}`, now]);
    status = { ...status, progress, disciplines_status: { ...status.disciplines_status, ...Object.fromEntries(named) } };
    showProgress(ACTIVE.has(status.study_case_execution_status));
    showDisciplines();
  }

  function catchUp() {
    if (!chart || !charted) return;
    const address = addressOf("residuals", charted);
    chart.catchUp(ask(address).then((response) => (response ? response.json() : [])));
  }

  function follow(before, state) {
    const ended = before && ACTIVE.has(before.study_case_execution_status) && !ACTIVE.has(state);
    const other = before && before.execution_id !== status.execution_id;
    if (!before || ended || (other && !ACTIVE.has(state))) { refreshCharts(); refreshProfile(); }
    if (before && (ended || other || (ACTIVE.has(state) && !listener.arrives))) refreshLog();
    if (before && (other || before.shown !== status.shown)) refreshParts();
    const number = figure && (figure.closest("[data-execution]")?.dataset.execution || status.execution_id);
    if (!chart || charted === number) return;
    charted = number;
    chart.reset();
    catchUp();
  }

  // What the server alone writes, as it would write it now.
  async function refreshParts() {
    if (!find("[data-part]")) return;
    const response = await ask(location.href, { headers: { Accept: "text/html" } }).catch(() => null);
    if (!response) return;
    const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
    root.querySelectorAll("[data-part]").forEach((part) => {
      const now = fresh.querySelector(`[data-part="${part.dataset.part}"]`);
      if (now && now.innerHTML !== part.innerHTML) part.replaceChildren(...now.childNodes);
    });
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
    if (!log || !isFollowed(log)) return;
    const meanwhile = [], number = (questions += 1);
    asked.add(meanwhile);
    const text = await ask(log.dataset.log, { headers: { Accept: "text/plain" } }).then((response) => response && response.text()).catch(() => null);
    asked.delete(meanwhile);
    if (text === null || number < answered) return;
    answered = number;
    keepingPlace(log, () => { log.textContent = text || log.dataset.empty; append(log, meanwhile); });
  }

  function addLines(attempt, lines) {
    const log = find("[data-log]");
    if (!log || !isFollowed(log)) return;
    const least = LEVELS.indexOf(log.dataset.level);
    const written = lines.filter(({ level }) => LEVELS.indexOf(level) >= least).map(({ at, level, discipline, message }) => {
      const [whole, part = ""] = at.replace("+00:00", "").split(".");
      return `${whole}.${part.padEnd(3, "0").slice(0, 3)}Z ${level.padEnd(7)} [${attempt}] ${discipline ? `${discipline}: ` : ""}${message}`;
    });
    asked.forEach((meanwhile) => meanwhile.push(...written)); // their answers may be older than these
    keepingPlace(log, () => append(log, written));
  }

  // As the server writes lines; those that stand there already are left out.
  function append(log, written) {
    const there = new Set(log.textContent.split("\n"));
    const fresh = written.filter((line) => !there.has(line.split("\n")[0]));
    if (!fresh.length) return;
    if (log.dataset.empty === log.textContent) log.textContent = "";
    log.append(`${fresh.join("\n")}\n`);
  }

  // Who reads the last lines goes on reading the last ones.
  function keepingPlace(log, write) {
    const atEnd = log.scrollTop + log.clientHeight >= log.scrollHeight - 20;
    write();
    if (atEnd) log.scrollTop = log.scrollHeight;
  }

  async function poll() {
    clearTimeout(timer);
    if (document.hidden) return;
    const toldBefore = told;
    try {
      const response = await ask(root.dataset.statusUrl);
      if (!response) return;
      const next = await response.json();
      // Events that came meanwhile are newer than what was asked for before them.
      const isOlder = told !== toldBefore && next.execution_id === status.execution_id && next.shown === status.shown;
      show(isOlder ? { ...next, progress: status.progress, disciplines_status: status.disciplines_status } : next);
      root.dataset.reached = "yes";
    } catch (error) {
      delay = Math.min(delay * 2, SLOWEST_IDLE);
    }
    clearTimeout(timer);
    timer = setTimeout(poll, delay);
  }

  root.querySelectorAll("form[data-action]").forEach((form) => {
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const body = new URLSearchParams(new FormData(form, event.submitter));
      const button = event.submitter || form.querySelector("button");
      button.disabled = true;
      problem("");
      try {
        const response = await ask(form.action, { method: "POST", body, headers: { "X-CSRFToken": token } });
        if (response) show(await response.json());
      } catch (error) {
        problem(error.message);
        button.disabled = false;
      }
      delay = FASTEST;
      poll();
    });
  });
  document.addEventListener("visibilitychange", () => { if (document.hidden) listener.listen(null); else { delay = FASTEST; poll(); } });
  setInterval(() => { if (status.started_at && !status.ended_at && !document.hidden) showFacts(); }, 1000);
  show(JSON.parse(root.dataset.initial));
  timer = setTimeout(poll, delay);
})();
