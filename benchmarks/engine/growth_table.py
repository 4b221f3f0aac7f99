"""The growth with the number of disciplines as a table."""

from collections.abc import Sequence

from benchmarks.engine.cases import FEW_SWEEPS, MANY_REGIONS
from benchmarks.engine.growth import BUILDS_SECONDS, PATIENCE, TOO_LONG, Point, run_ms
from benchmarks.engine.markdown import markdown, number, with_spread
from benchmarks.engine.rows import HEADS, PEERS

MEMORY_FROM = 10_000
"""Disciplines below which what a process needs anyway hides what they need."""
NOTE = f"""\
**By hand** is the floor, or the limit for Newton, in a process that takes turns with this engine's. Both have
done the smallest size before, since a worker rehearses before it takes jobs, so that no first import counts.
Numbers are medians, those of building of as many builds as fit {BUILDS_SECONDS:g} s; ± is half of how far the
middle half of the slices' ratios lies apart. A peer may take {PATIENCE:g} s of the processor for a size;
`{TOO_LONG}`: after the size before, it would take longer. Drawing the random graph is no part of building.
Memory is what is resident after building, one run and a collection of garbage, all results held.

DICE is no real model of regions: each region has a share of the world's people, capital and emissions and
the equations of DICE-2016R, all emissions drive one climate, and their sum is the published base run
whatever the number of regions. It is compared to that up to {MANY_REGIONS} regions; of more,
{FEW_SWEEPS} sweeps are timed."""


def table(points: Sequence[Point]) -> str:
    """A line a size."""
    head = ["work", "size", "build (ms)", "first run (ms)", "run (ms)", "run / by hand", "KB a discipline"]
    return markdown(
        [*head, *(f"{HEADS[name]}: build, run" for name in PEERS)], [_line(point) for point in points]
    )


def _line(point: Point) -> list[str]:
    ours = point.found["ours"]
    return [
        point.growth.label,
        f"{point.size:,}",
        number(ours.get("build_ms")),
        number(ours.get("run_ms")),
        number(run_ms(ours)),
        with_spread(point.ratios) if point.ratios and agrees(point, "ours") else _why(point),
        number(ours["memory"] / point.size / 1024) if point.size >= MEMORY_FROM and "memory" in ours else "-",
        *(_peer(point, name) for name in PEERS),
    ]


def _peer(point: Point, name: str) -> str:
    found = point.found.get(name)
    if found is None:
        return "-"
    if "answer" not in found:
        return found.get("error", "-")
    if not agrees(point, name):
        return "answers differ"
    return f"{number(found['build_ms'])}, {number(run_ms(found))}"


def agrees(point: Point, name: str) -> bool:
    """Whether this contender answered what the loop by hand did, where that could be run."""
    tolerance, by_hand = point.growth.tolerance, point.found[point.growth.beside]
    pairs = zip(point.found[name]["answer"], by_hand.get("answer", ()), strict="answer" in by_hand)
    return all(abs(a - b) <= tolerance * max(abs(a), abs(b)) for a, b in pairs)


def _why(point: Point) -> str:
    """Why there is no ratio."""
    ours, beside = point.found["ours"], point.found[point.growth.beside]
    for found in (ours, beside):
        if "error" in found:
            return found["error"][:60]
    return "answers differ" if point.ratios else "-"
