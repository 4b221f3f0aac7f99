"""Markdown tables of what was measured."""

from collections.abc import Mapping, Sequence

from benchmarks.engine.figures import Reached
from benchmarks.engine.markdown import markdown, number
from benchmarks.engine.measuring import Measured
from benchmarks.engine.rows import CONTENDERS, HEADS, LIMIT_THERE, PEERS, Row, Times

VERDICTS = {True: "met", False: "missed", None: "-"}
NOT_JUDGED = "`-`: not judged; a tenth of the size (`--quick`) proves nothing, or a contender is missing."


def times_table(rows: Sequence[Row], measured: Measured) -> str:
    """Milliseconds by row and contender, and what ours is to limit, floor and the quickest peer."""
    head = [
        "work (ms)",
        *(HEADS.get(name, name) for name in CONTENDERS),
        "ours / floor",
        "quickest peer / ours",
    ]
    lines, medians = [], measured.medians
    for row in rows:
        for key, label in ((row.key, row.label), (f"{row.key}, first", row.first)):
            if not label:
                continue
            times = medians.get(key, {})
            cells = [_cell(row, name, times, measured) for name in CONTENDERS]
            lines.append([label, *cells, *_ratios(times)])
    return markdown(head, lines)


def _cell(row: Row, name: str, times: Times, measured: Measured) -> str:
    """The time; ``fails`` where there is an explanation below; a dash for who does not take part."""
    if name in times:
        return number(times[name])
    return "fails" if (row.key, name) in measured.faults else "-"


def _ratios(times: Times) -> tuple[str, str]:
    ours, base = times.get("ours"), times.get("floor", times.get("limit"))
    peers = [times[name] for name in PEERS if name in times]
    to_floor = number(ours / base) if ours and base else "-"
    if ours and base and "floor" not in times:
        to_floor += " (limit)"
    return to_floor, number(min(peers) / ours) if ours and peers else "-"


def libraries_note(rows: Sequence[Row], medians: Mapping[str, Times]) -> str:
    """How much of a difference is one of NumPy and pandas."""
    told = []
    for row in rows:
        times = medians.get(row.key, {})
        if row.libraries and {"limit", LIMIT_THERE} <= times.keys():
            there, here = number(times[LIMIT_THERE]), number(times["limit"])
            told.append(f"{row.label} {there} ms instead of {here}")
    if not told:
        return ""
    return f"The same loop by hand on the peers' older NumPy and pandas: {'; '.join(told)}."


def figures_table(figures: Sequence[Reached]) -> str:
    """Every figure to reach, what was measured, and whether it is met."""
    lines = [
        [figure.work, figure.wanted, number(figure.measured), VERDICTS[figure.met]] for figure in figures
    ]
    shown = markdown(["work", "wanted", "measured", ""], lines)
    return f"{shown}\n\n{NOT_JUDGED}" if any(figure.met is None for figure in figures) else shown
