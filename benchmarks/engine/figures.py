"""The figures to reach, each beside what was measured."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from benchmarks.engine.growth import GRAPHS, Point, run_ms
from benchmarks.engine.measuring import Measured
from benchmarks.engine.rows import Row, Times, best_ring

LINEAR = 1.15
"""Time grows as size to this power at most; caches of the processor take their share of the 0.15."""
SMALL, LARGE = 1000, 100_000
BUILD_MS = {SMALL: 15.0, LARGE: 3000.0}


@dataclass(frozen=True)
class Reached:
    """A figure to reach and what was measured; ``met`` is ``None`` where nothing can be said."""

    work: str
    wanted: str
    measured: float | None
    met: bool | None


def at_most(work: str, wanted: str, value: float, limit: float) -> Reached:
    return Reached(work, wanted, value, value <= limit)


def reached(rows: Sequence[Row], measured: Measured, points: Sequence[Point]) -> list[Reached]:
    """All figures of these rows and points."""
    medians, found = measured.medians, []
    for row in rows:
        for figure in row.figures:
            value = figure.measure(medians.get(row.key, {}), partial(measured.ratio, row.key))
            judged = value is not None and not row.is_smaller
            found.append(Reached(row.label, figure.text, value, figure.met(value) if judged else None))
    return [
        *found,
        *_ring(rows, medians),
        *_dice(measured.ratio("dice", "floor", "ours"), measured.notes.get("dice", {})),
        *_builds(points),
        *_linearity(points),
    ]


def _ring(rows: Sequence[Row], medians: Mapping[str, Times]) -> list[Reached]:
    best = best_ring(medians)
    if not best:
        return []
    times, smaller = best[1] / best[0], any(row.is_smaller for row in rows)
    work, wanted = "best solver of that ring", "8 x faster than the faster peer's best"
    return [Reached(work, wanted, times, None if smaller else times >= 8)]


def _dice(by_hand: float | None, notes: Mapping[str, float]) -> list[Reached]:
    if by_hand is None:
        return []
    share = 1.0 - by_hand
    return [
        at_most("DICE-2016R", "engine share under 15 % of the time", share, 0.15),
        at_most("DICE-2016R", "converged to 1e-10", notes.get("residual", 1.0), 1e-10),
        at_most("DICE-2016R", "all 100 periods within 1e-9 of the reference", notes.get("error", 1.0), 1e-9),
    ]


def _builds(points: Sequence[Point]) -> list[Reached]:
    found = []
    for point in points:
        ours, limit = point.found.get("ours", {}), BUILD_MS.get(point.size)
        if point.growth.row not in GRAPHS or limit is None or "build_ms" not in ours:
            continue
        work = f"build of {point.growth.label}, {point.size:,}"
        found.append(at_most(work, f"at most {limit:g} ms", ours["build_ms"], limit))
        if point.size == LARGE:
            kilobytes = ours["memory"] / point.size / 1024
            found.append(at_most(work, "under 3 KB a discipline", kilobytes, 3.0))
    return found


def _linearity(points: Sequence[Point]) -> list[Reached]:
    """The power of the size with which the time grows between the two sizes."""
    found = []
    for row in GRAPHS:
        ends = {point.size: point for point in points if point.growth.row == row}
        if not {SMALL, LARGE} <= ends.keys():
            continue
        ours = [ends[size].found.get("ours", {}) for size in (SMALL, LARGE)]
        for what, times in (
            ("build", [each.get("build_ms") for each in ours]),
            ("execution", [run_ms(each) for each in ours]),
        ):
            small, large = times
            if small and large:
                power = math.log(large / small) / math.log(LARGE / SMALL)
                work = f"{what} of {ends[LARGE].growth.label}, {SMALL:,} to {LARGE:,}"
                found.append(at_most(work, f"linear: the power at most {LINEAR:g}", power, LINEAR))
    return found
