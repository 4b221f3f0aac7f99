// The residuals of the loops of an execution, as they come: a small chart with a logarithmic axis.
window.Sos = window.Sos || {};
window.Sos.makeResidualChart = function (figure) {
  "use strict";
  const HEIGHT = 190, LEFT = 48, RIGHT = 14, TOP = 10, BOTTOM = 26, MOST_LOOPS = 4, MOST_POINTS = 2001;
  const plot = figure.querySelector("[data-plot]"), words = figure.querySelector("[data-words]");
  const seen = new Set(), loops = new Map();
  let attempt = null, waiting = null, turn = 0, frame = 0;

  function svg(name, attributes, text) {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
    if (text !== undefined) made.textContent = text;
    return made;
  }

  const SMALL = { "-": "\u207b", 0: "\u2070", 1: "\u00b9", 2: "\u00b2", 3: "\u00b3", 4: "\u2074", 5: "\u2075", 6: "\u2076", 7: "\u2077", 8: "\u2078", 9: "\u2079" };
  const power = (exponent) => (exponent === 0 ? "1" : exponent === 1 ? "10" : `10${[...String(exponent)].map((digit) => SMALL[digit]).join("")}`);
  const written = (residual) => (residual === null ? "not finite" : residual >= 0.01 && residual < 1000 ? String(Number(residual.toPrecision(2))) : residual.toExponential(1));
  const short = (text) => (text.length > 60 ? `${text.slice(0, 59)}\u2026` : text);

  // A loop inside another one begins again with each round of the outer one.
  function take({ loop, iteration, residual }) {
    const points = loops.get(loop) || [];
    if (points.length && iteration <= points[points.length - 1][0]) points.length = 0;
    points.push([iteration, residual]);
    loops.set(loop, points.length > MOST_POINTS ? points.filter((_, number) => number % 2) : points);
  }

  function add(id, data) {
    if (seen.has(id)) return;
    seen.add(id);
    if (data.attempt !== attempt) { loops.clear(); attempt = data.attempt; }
    for (const [iteration, residual] of data.earlier || []) take({ loop: data.loop, iteration, residual });
    take(data);
    if (!frame) frame = requestAnimationFrame(draw);
  }

  function steps(first, last, most) {
    const least = Math.max(1, (last - first) / most), size = 10 ** Math.floor(Math.log10(least));
    const step = [1, 2, 5, 10].map((each) => each * size).find((each) => each >= least);
    const found = [];
    for (let value = Math.ceil(first / step) * step; value <= last; value += step) found.push(value);
    return found;
  }

  function draw() {
    frame = 0;
    figure.hidden = loops.size === 0;
    if (figure.hidden) return;
    const shown = [...loops].slice(-MOST_LOOPS);
    const points = shown.flatMap(([, each]) => each);
    const logs = points.filter(([, residual]) => residual > 0).map(([, residual]) => Math.log10(residual));
    const low = logs.length ? Math.floor(Math.min(...logs)) : 0, high = Math.max(Math.ceil(Math.max(...logs)), low + 1);
    const first = Math.min(...points.map(([iteration]) => iteration)), last = Math.max(...points.map(([iteration]) => iteration), first + 1);
    const width = Math.max(plot.clientWidth, 200);
    const x = (iteration) => LEFT + ((iteration - first) / (last - first)) * (width - LEFT - RIGHT);
    const y = (log) => TOP + ((high - Math.max(log, low)) / (high - low)) * (HEIGHT - TOP - BOTTOM);
    const image = svg("svg", { width, height: HEIGHT, role: "img", "aria-label": spoken(shown) });
    for (const exponent of steps(low, high, 5)) {
      image.append(svg("line", { x1: LEFT, x2: width - RIGHT, y1: y(exponent), y2: y(exponent), class: "grid" }));
      image.append(svg("text", { x: LEFT - 8, y: y(exponent) + 4, "text-anchor": "end" }, power(exponent)));
    }
    for (const iteration of steps(first, last, width < 500 ? 5 : 10)) {
      image.append(svg("text", { x: x(iteration), y: HEIGHT - 6, "text-anchor": "middle" }, iteration));
    }
    shown.forEach(([, each], number) => image.append(...curve(each, number, x, y)));
    plot.replaceChildren(image);
    say(shown);
  }

  // A residual of nought lies on the floor; one that is not finite leaves a gap.
  function curve(points, number, x, y) {
    let pen = "M";
    const path = points.map(([iteration, residual]) => {
      if (residual === null) { pen = "M"; return ""; }
      const piece = `${pen}${x(iteration).toFixed(1)} ${y(Math.log10(residual)).toFixed(1)}`;
      pen = "L";
      return piece;
    });
    const known = points.filter(([, residual]) => residual !== null);
    const line = svg("path", { d: path.join(""), class: `loop-${number}` });
    if (!known.length) return [line];
    const [iteration, residual] = known[known.length - 1];
    return [line, svg("circle", { cx: x(iteration), cy: y(Math.log10(residual)), r: 3.5, class: `loop-${number}` })];
  }

  function spoken(shown) {
    const told = shown.map(([loop, points]) => `${short(loop)}: ${written(points[points.length - 1][1])} at iteration ${points[points.length - 1][0]}`);
    return `Residual by iteration, logarithmic. ${told.join("; ")}`;
  }

  function say(shown) {
    words.replaceChildren(...shown.map(([loop, points], number) => {
      const [iteration, residual] = points[points.length - 1];
      const item = document.createElement("li"), name = document.createElement("span");
      item.className = `loop-${number}`;
      name.className = "mono";
      name.title = loop;
      name.textContent = short(loop);
      item.append(name, ` iteration ${iteration}, residual ${written(residual)}`);
      return item;
    }));
  }

  new ResizeObserver(() => { if (loops.size && !frame) frame = requestAnimationFrame(draw); }).observe(figure.parentElement);

  return {
    // Another execution: forget this one.
    reset() {
      seen.clear();
      loops.clear();
      [attempt, waiting] = [null, null];
      turn += 1;
      figure.hidden = true;
    },
    // What one event tells; while earlier ones are asked for, it waits for them.
    add(id, data) {
      if (waiting) waiting.push([id, data]);
      else add(id, data);
    },
    // What was told before one listened.
    async catchUp(asked) {
      const mine = ++turn;
      waiting = waiting || [];
      const told = await asked.catch(() => []);
      if (turn !== mine) return; // asked again meanwhile: that answer has these too
      const since = waiting;
      waiting = null;
      for (const { id, ...data } of told) add(id, data);
      for (const [id, data] of since) add(id, data);
    },
  };
};
