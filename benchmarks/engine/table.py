"""Markdown tables of what was measured."""

import statistics
from collections.abc import Sequence

from benchmarks.engine.figures import Reached
from benchmarks.engine.markdown import markdown, number, with_spread
from benchmarks.engine.measuring import Measured
from benchmarks.engine.rows import CONTENDERS, FLOOR_THERE, HEADS, PEERS, Row, Times

VERDICTS = {True: "met", False: "missed", None: "-"}
RATIOS = """\
Ratios are medians over slices of both that lie next to each other in time, ± half of how far the middle
half of them lies apart: what another run may well say."""
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
            lines.append([label, *cells, *_ratios(key, times, measured)])
    return markdown(head, lines)


def _cell(row: Row, name: str, times: Times, measured: Measured) -> str:
    """The time; ``fails`` where there is an explanation below; a dash for who does not take part."""
    if name in times:
        return number(times[name])
    return "fails" if (row.key, name) in measured.faults else "-"


def _ratios(key: str, times: Times, measured: Measured) -> tuple[str, str]:
    base = "floor" if "floor" in times else "limit"
    to_floor = _ratio(measured.ratios(key, "ours", base))
    if to_floor != "-" and base == "limit":
        to_floor += " (limit)"
    peers = [found for name in PEERS if (found := measured.ratios(key, name, "ours"))]
    return to_floor, _ratio(min(peers, key=statistics.median, default=[]))


def _ratio(ratios: Sequence[float]) -> str:
    return with_spread(ratios) if ratios else "-"


def libraries_note(rows: Sequence[Row], measured: Measured) -> str:
    """How much of a difference is one of NumPy and pandas, and what the peers add to that."""
    told, medians = [], measured.medians
    for row in rows:
        times = medians.get(row.key, {})
        if not (row.libraries and {"floor", FLOOR_THERE} <= times.keys()):
            continue
        there, here = number(times[FLOOR_THERE]), number(times["floor"])
        peers = [
            f"{HEADS[name]} {_ratio(measured.ratios(row.key, name, FLOOR_THERE))}"
            for name in PEERS
            if name in times
        ]
        told.append(f"{row.label} {there} ms instead of {here} (x that: {', '.join(peers) or '-'})")
    if not told:
        return ""
    return f"The floor on the peers' older NumPy and pandas: {'; '.join(told)}."


def figures_table(figures: Sequence[Reached]) -> str:
    """Every figure to reach, what was measured, and whether it is met."""
    lines = [
        [figure.work, figure.wanted, number(figure.measured), VERDICTS[figure.met]] for figure in figures
    ]
    shown = markdown(["work", "wanted", "measured", ""], lines)
    return f"{shown}\n\n{NOT_JUDGED}" if any(figure.met is None for figure in figures) else shown
