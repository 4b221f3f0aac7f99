// The numbers behind a chart: a table for every reader, and a CSV file.
(function (Sos) {
  "use strict";
  const MOST_ROWS = 1000;

  function cells(rows, width) {
    const numeric = Array.from({ length: width }, (_, column) =>
      rows.length > 0 && rows.every((row) => !row[column] || Number.isFinite(Number(row[column]))));
    return rows.slice(0, MOST_ROWS).map((row) => {
      const line = Sos.element("tr");
      for (let column = 0; column < width; column += 1) {
        const raw = row[column] ?? "";
        const shown = numeric[column] && raw !== "" ? Sos.number(Number(raw)) : raw;
        line.append(Sos.element("td", numeric[column] ? { class: "number" } : {}, shown));
      }
      return line;
    });
  }

  // A scrollable, focusable table out of lines of CSV.
  Sos.csvTable = function (lines, title) {
    const [header, ...rows] = Sos.parseCsv(lines.join("\r\n"));
    const body = Sos.element("tbody");
    body.append(...cells(rows, header.length));
    const table = Sos.element("table", {},
      Sos.element("caption", { class: "visually-hidden" }, title),
      Sos.element("thead", {}, Sos.element("tr", {}, ...header.map((text) => Sos.element("th", { scope: "col" }, text)))),
      body);
    const wrap = Sos.element("div", { class: "table-wrap tall", tabindex: "0", role: "region", "aria-label": `Numbers of ${title}` }, table);
    if (rows.length <= MOST_ROWS) return wrap;
    return Sos.element("div", {}, wrap, Sos.element("p", { class: "muted small" }, `The first ${MOST_ROWS} of ${rows.length} rows; the CSV file has all of them.`));
  };

  Sos.downloadCsv = function (figure) {
    const text = "\ufeff" + figure.csv_data.join("\r\n") + "\r\n";
    Sos.download(Sos.fileName(figure.title, figure.converged === false ? ".not-converged.csv" : ".csv"), new Blob([text], { type: "text/csv;charset=utf-8" }));
  };
})(window.Sos);
