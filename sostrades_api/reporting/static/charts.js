// Charts of a page or a report: drawn as they come into view, all of them before printing.
(function (Sos) {
  "use strict";
  const cards = new Map();
  const PRINTED = { width: 640, height: 320 };
  const PAPER = { ink: "#333a44", grid: "#dde2e9", surface: "#ffffff", zero: "#7d8999" };
  const seen = new IntersectionObserver((entries) => {
    for (const entry of entries) if (entry.isIntersecting) cards.get(entry.target.closest(".chart"))?.show();
  }, { rootMargin: "400px 0px" });

  class Card {
    constructor(holder, figure, selection) {
      Object.assign(this, { holder, figure, selection, drawn: false });
      this.body = holder.querySelector("[data-body]");
      this.hidden = new Set(figure.data.flatMap((trace, rank) => (trace.visible === "legendonly" ? [rank] : [])));
      this.isTable = figure.data[0]?.type === "table";
      this.apply();
      seen.observe(this.body);
    }

    // Follow the filters.
    apply() {
      this.kept = Sos.shown(this.figure, this.selection);
      this.holder.hidden = this.kept === null;
      if (this.drawn && this.kept) this.rebuild();
    }

    show() {
      if (this.drawn || !this.kept) return;
      this.drawn = true;
      seen.unobserve(this.body);
      this.rebuild();
    }

    rebuild() {
      if (this.plot) Plotly.purge(this.plot);
      this.plot = null;
      const parts = this.isTable ? [Sos.csvTable(this.figure.csv_data, this.figure.title)] : this.drawing();
      this.body.replaceChildren(...parts.filter(Boolean), this.tools());
      this.body.classList.remove("pending", "plot");
      if (this.plot) this.paint();
    }

    drawing() {
      this.plot = Sos.element("div", { class: "plot", role: "group", "aria-roledescription": "chart", "aria-label": Sos.spoken(this.figure, this.kept) });
      return [Sos.axisNames(this.figure), this.plot, Sos.legend(this.figure, this.kept, this.hidden, () => this.paint())];
    }

    paint(paper) {
      if (!this.plot) return;
      const layout = Sos.themedLayout(this.figure, this.plot, paper ? PAPER : undefined);
      if (paper) Object.assign(layout, PRINTED, { autosize: false });
      try {
        Sos.draw(this.plot, Sos.traces(this.kept, this.hidden), layout);
      } catch (error) {
        console.error(error);
        this.plot.classList.add("failed");
        this.plot.textContent = "This chart cannot be drawn. Its numbers are in the table below.";
      }
    }

    tools() {
      const button = (text, act) => {
        const made = Sos.element("button", { type: "button", class: "button quiet small", "aria-label": `${text}: ${this.figure.title}` }, text);
        made.addEventListener("click", act);
        return made;
      };
      const bar = Sos.element("div", { class: "chart-tools" }, button("CSV", () => Sos.downloadCsv(this.figure)));
      if (this.isTable) return bar;
      const numbers = button("Numbers", () => this.numbers(numbers));
      numbers.setAttribute("aria-expanded", "false");
      bar.prepend(numbers);
      bar.append(button("PNG", () => Sos.downloadPicture(this.figure, this.kept, this.hidden)));
      return bar;
    }

    numbers(button) {
      const open = this.body.querySelector(".chart-numbers");
      button.setAttribute("aria-expanded", String(!open));
      if (open) open.remove();
      else this.body.append(Sos.element("div", { class: "chart-numbers" }, Sos.csvTable(this.figure.csv_data, this.figure.title)));
    }
  }

  function forget() {
    for (const [holder, card] of cards) if (!holder.isConnected) { if (card.plot) Plotly.purge(card.plot); cards.delete(holder); }
  }

  // Sections without a single chart to show disappear with their filters' choice.
  function tidy(part) {
    part.querySelectorAll(".chart-section").forEach((section) => {
      section.hidden = !section.querySelector(".chart:not([hidden])");
    });
  }

  Sos.mountCharts = function (root, payload) {
    forget();
    const selections = payload.disciplines.map((each) => Sos.chosen(each.filters));
    const fixed = payload.disciplines.map((each) => Sos.chosen(each.filters));
    const mount = (holder, selection) => {
      const figure = payload.figures[Number(holder.dataset.figure)];
      cards.set(holder, new Card(holder, figure, selection[figure.discipline]));
    };
    root.querySelectorAll("[data-discipline]").forEach((part) => {
      const index = Number(part.dataset.discipline);
      const held = [...part.querySelectorAll("[data-figure]")];
      held.forEach((holder) => mount(holder, selections));
      const bar = part.querySelector("[data-filters]");
      const changed = () => { held.forEach((holder) => cards.get(holder).apply()); tidy(part); };
      if (bar) Sos.filterBar(bar, payload.disciplines[index].filters, selections[index], changed);
      tidy(part);
    });
    root.querySelectorAll("[data-figure]").forEach((holder) => { if (!cards.has(holder)) mount(holder, fixed); });
  };

  let closed = [];
  let printing = false;
  const repaint = (paper) => cards.forEach((card) => { if (card.drawn && card.kept) card.paint(paper); });
  Sos.preparePrint = function () {
    if (printing) return;
    printing = true;
    closed = [...document.querySelectorAll("details.chart-section:not([open]), details.printed:not([open])")];
    closed.forEach((each) => { each.open = true; });
    cards.forEach((card) => card.show());
    repaint(true);
  };
  window.addEventListener("beforeprint", Sos.preparePrint);
  window.addEventListener("afterprint", () => {
    printing = false;
    closed.forEach((each) => { each.open = false; });
    repaint(false);
  });
  document.addEventListener("themechange", () => repaint(false));
  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-print]")) return;
    Sos.preparePrint();
    requestAnimationFrame(() => window.print());
  });

  Sos.bootCharts = function (scope = document) {
    const data = scope.querySelector("script[data-charts-payload]");
    const root = scope.querySelector("[data-charts]");
    if (data && root) Sos.mountCharts(root, JSON.parse(data.textContent));
  };
})(window.Sos);
