"""Markdown tables of what was measured."""

from collections.abc import Iterable, Mapping, Sequence

from benchmarks.engine.rows import CONTENDERS, HEADS, Row, Times

MET, MISSED, UNKNOWN = "met", "missed", "-"


def markdown(head: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """A table whose columns line up in plain text too."""
    rows = [list(head), *map(list, lines)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(head))]
    padded = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
        for row in rows
    ]
    return "\n".join([padded[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *padded[1:]])


def number(value: float | None) -> str:
    """Three digits that count."""
    if value is None:
        return "-"
    if value == 0 or 0.0001 <= abs(value) < 1000:
        return f"{value:.3g}"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.1e}"


def times_table(rows: Sequence[Row], results: Mapping[str, Times]) -> str:
    """Milliseconds by row and contender, and what ours is to limit, floor and the quickest peer."""
    head = [
        "work (ms)",
        *(HEADS.get(name, name) for name in CONTENDERS),
        "ours / floor",
        "quickest peer / ours",
    ]
    lines = []
    named = [(row.key, row.label) for row in rows]
    for row in rows:
        if row.first:
            named.insert(named.index((row.key, row.label)) + 1, (f"{row.key}, first", row.first))
    for key, label in named:
        times = results.get(key, {})
        ours, base = times.get("ours"), times.get("floor", times.get("limit"))
        peers = [times[name] for name in CONTENDERS[3:] if name in times]
        to_floor = number(ours / base) if ours and base else "-"
        if ours and base and "floor" not in times:
            to_floor += " (limit)"
        to_peer = number(min(peers) / ours) if ours and peers else "-"
        lines.append([label, *(number(times.get(name)) for name in CONTENDERS), to_floor, to_peer])
    return markdown(head, lines)


def figures_table(rows: Sequence[Row], results: Mapping[str, Times], more: Sequence[Sequence[str]]) -> str:
    """Every figure to reach, what was measured, and whether it is met."""
    lines: list[Sequence[str]] = []
    for row in rows:
        for figure in row.figures:
            value = figure.measure(results.get(row.key, {}))
            verdict = UNKNOWN if value is None else MET if figure.met(value) else MISSED
            lines.append([row.label, figure.text, number(value), verdict])
    return markdown(["work", "wanted", "measured", ""], [*lines, *more])
