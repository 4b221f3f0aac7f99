// Small helpers that the other scripts share: elements, numbers, CSV.
window.Sos = window.Sos || {};
(function (Sos) {
  "use strict";

  // element("button", {type: "button"}, "text", child): text is always text, never markup.
  Sos.element = function (name, attributes, ...children) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes || {})) {
      if (value === true) made.setAttribute(key, "");
      else if (value !== false && value !== null && value !== undefined) made.setAttribute(key, value);
    }
    made.append(...children.filter((child) => child !== null && child !== undefined));
    return made;
  };

  const plain = new Intl.NumberFormat("en", { maximumSignificantDigits: 6, useGrouping: "min2" });
  Sos.number = function (value) {
    const size = Math.abs(value);
    if (size !== 0 && (size < 1e-4 || size >= 1e15)) return value.toExponential(4).replace(/\.?0+e/, "e");
    return plain.format(value);
  };

  // Plotly reads markup in names, so the server escapes them; everywhere else they are plain text.
  Sos.unescaped = (text) => String(text ?? "").replace(/<br>/g, " ").replace(/&lt;/g, "<").replace(/&gt;/g, ">").replace(/&amp;/g, "&");

  // RFC 4180.
  Sos.parseCsv = function (text) {
    const rows = [[]];
    const cell = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/y;
    while (cell.lastIndex < text.length) {
      const found = cell.exec(text);
      if (!found) break;
      rows[rows.length - 1].push(found[1] === undefined ? found[2] : found[1].replace(/""/g, '"'));
      if (found[3] === "") break;
      if (found[3] !== ",") rows.push([]);
      else if (cell.lastIndex === text.length) rows[rows.length - 1].push("");
    }
    return rows;
  };

  Sos.fileName = (title, ending) => (title.normalize("NFKD").replace(/[^\w.-]+/g, "_").replace(/^_+|_+$/g, "").slice(0, 80) || "chart") + ending;

  Sos.download = function (name, blob) {
    const address = URL.createObjectURL(blob);
    const link = Sos.element("a", { href: address, download: name });
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(address), 10000);
  };
})(window.Sos);
