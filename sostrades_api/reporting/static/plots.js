// One chart: themed, drawn, with a legend that a keyboard can reach.
(function (Sos) {
  "use strict";
  const COARSE = window.matchMedia("(pointer: coarse)");
  const CONFIG = {
    responsive: true, displaylogo: false, showSendToCloud: false, plotlyServerURL: "", scrollZoom: false,
    modeBarButtonsToRemove: ["toImage", "lasso2d", "select2d", "autoScale2d"], locale: "en-US",
  };
  const COLOURS = ["#2a77cf", "#da6c2a", "#40a377", "#cf1498", "#8240e5", "#985656", "#ae82b9", "#cf1414"];
  const AXIS = /^[xy]axis\d*$/;
  const FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, sans-serif';

  function colours(holder) {
    const style = getComputedStyle(holder);
    return { ink: style.color, grid: style.borderTopColor, surface: style.backgroundColor, zero: style.outlineColor };
  }

  function axis(given, paint) {
    return {
      gridcolor: paint.grid, linecolor: paint.zero, zerolinecolor: paint.zero, zerolinewidth: 1, tickcolor: paint.grid,
      ...given, automargin: true,
      title: { ...(given.title || {}), font: { size: 12, color: paint.ink }, standoff: 8 },
    };
  }

  function broken(text, width) {
    const most = Math.max(16, Math.floor(width / 7));
    return String(text).split(" ").reduce((lines, word) => {
      const last = lines[lines.length - 1];
      if (last && (last + " " + word).length <= most) lines[lines.length - 1] = last + " " + word;
      else lines.push(word);
      return lines;
    }, []).join("<br>");
  }

  // The server's layout in the page's colours; titles and legend have their own place in the page.
  Sos.themedLayout = function (figure, holder, paint = colours(holder)) {
    const layout = { ...figure.layout };
    delete layout.title;
    // So does the mark of what is not converged: pictures and other clients have it in the drawing.
    if (figure.converged === false) layout.annotations = (layout.annotations || []).filter((each) => each.text !== "not converged");
    Object.assign(layout, {
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", showlegend: false, colorway: COLOURS,
      font: { family: FONT, size: 12, color: paint.ink }, margin: { t: 14, r: 14, b: 40, l: 48 },
      hoverlabel: { bgcolor: paint.surface, bordercolor: paint.zero, font: { color: paint.ink, family: FONT }, namelength: 40 },
      dragmode: COARSE.matches ? false : layout.dragmode || "zoom",
      modebar: { bgcolor: "rgba(0,0,0,0)", color: paint.zero, activecolor: paint.ink },
    });
    if (figure.data.every((trace) => trace.type === "scatter" || trace.type === "bar")) {
      layout.xaxis = layout.xaxis || {};
      layout.yaxis = layout.yaxis || {};
    }
    for (const key of Object.keys(layout).filter((name) => AXIS.test(name))) {
      layout[key] = axis(layout[key], paint);
      // The names of the ordinates are written above the drawing, where a long one has room.
      if (key.startsWith("y")) delete layout[key].title;
      else layout[key].title.text = broken(layout[key].title.text || "", holder.clientWidth - 60);
    }
    return layout;
  };

  function axisNames(figure) {
    const text = (key) => Sos.unescaped(figure.layout?.[key]?.title?.text ?? "");
    const names = [text("yaxis"), text("yaxis2")].filter(Boolean);
    return names.length ? Sos.element("div", { class: "axis-names" }, ...names.map((name) => Sos.element("span", {}, name))) : null;
  }

  function swatch(trace, rank) {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("viewBox", "0 0 24 12");
    svg.setAttribute("aria-hidden", "true");
    const colour = trace.line?.color || (typeof trace.marker?.color === "string" ? trace.marker.color : COLOURS[rank % COLOURS.length]);
    const shape = (name, attributes) => {
      const made = document.createElementNS(svg.namespaceURI, name);
      for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
      svg.append(made);
    };
    const mode = trace.mode || "lines";
    const dashes = { dash: "6 3", dot: "2 3", dashdot: "6 2 2 2" }[trace.line?.dash] || "none";
    if (trace.type === "bar" || trace.fillcolor) shape("rect", { x: 4, y: 1, width: 16, height: 10, rx: 2, fill: colour, "fill-opacity": trace.fillcolor ? 0.6 : 1 });
    else if (mode.includes("lines")) shape("line", { x1: 0, y1: 6, x2: 24, y2: 6, stroke: colour, "stroke-width": 3, "stroke-dasharray": dashes });
    if (mode.includes("markers") && trace.type !== "bar") shape("circle", { cx: 12, cy: 6, r: 4, fill: colour });
    return svg;
  }

  // Toggles remember, by rank of the trace, what the reader has hidden.
  Sos.legend = function (figure, shown, hidden, redraw) {
    const entries = shown.filter(({ trace }) => trace.name && trace.showlegend !== false);
    if (entries.length < 2 || figure.layout.showlegend === false) return null;
    const list = Sos.element("ul", { class: "legend", "aria-label": "Series" });
    for (const { trace, rank } of entries) {
      const button = Sos.element("button", { type: "button", "aria-pressed": String(!hidden.has(rank)) }, swatch(trace, rank), Sos.unescaped(trace.name));
      button.addEventListener("click", () => {
        if (!hidden.delete(rank)) hidden.add(rank);
        button.setAttribute("aria-pressed", String(!hidden.has(rank)));
        redraw();
      });
      list.append(Sos.element("li", {}, button));
    }
    return list;
  };

  Sos.spoken = function (figure, shown) {
    const names = shown.map(({ trace }) => Sos.unescaped(trace.name)).filter(Boolean).slice(0, 12).join(", ");
    return `Chart: ${figure.title}. ${names ? `Series: ${names}. ` : ""}The numbers are in the table below it.`;
  };

  Sos.traces = (shown, hidden) => shown.map(({ trace, rank }) => ({ ...trace, visible: hidden.has(rank) ? "legendonly" : true }));
  Sos.draw = (holder, traces, layout) => Plotly.react(holder, traces, layout, CONFIG);
  Sos.axisNames = axisNames;

  Sos.downloadPicture = function (figure, shown, hidden) {
    const layout = { ...figure.layout, paper_bgcolor: "#ffffff", plot_bgcolor: "#ffffff", colorway: COLOURS, font: { family: FONT, color: "#17202c" } };
    const picture = { data: structuredClone(Sos.traces(shown, hidden)), layout: structuredClone(layout) };
    return Plotly.downloadImage(picture, { format: "png", width: 1200, height: 720, scale: 2, filename: Sos.fileName(figure.title, "") });
  };
})(window.Sos);
