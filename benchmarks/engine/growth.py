"""How time and memory grow with the number of disciplines, each size in a process of its own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.engine.markdown import markdown, number
from benchmarks.engine.measuring import elapsed, say
from benchmarks.engine.processes import Asked
from benchmarks.engine.rows import EXACT, HEADS, ITERATED, PEERS

PATIENCE = 10.0
"""Seconds that a peer may take for one size; the next is tried only if it looks possible."""


AGAIN_BELOW = 5000.0
"""Milliseconds of a first run, which prepares what later ones use, below which it is run again."""

NOTE = f"""\
**By hand** is the floor, or the limit for Newton. A peer may take {PATIENCE:g} s for a size. DICE is no real
model of regions: each region has a share of the world's people, capital and emissions and the equations of
DICE-2016R, all emissions drive one climate, and their sum is the published base run whatever the number of
regions. It is compared to that up to 30 regions; of more regions, two sweeps are timed."""


@dataclass(frozen=True)
class Growth:
    """Sizes of one kind of work; those of the peers end earlier."""

    row: str
    label: str
    sizes: tuple[int, ...]
    quick: tuple[int, ...]
    tolerance: float = EXACT
    beside: tuple[str, ...] = ("floor",)
    peers: bool = True

    def wanted(self, *, quick: bool) -> tuple[int, ...]:
        return self.quick if quick else self.sizes


GRAPHS = ("chain", "dag")
"""Those that figures are about."""
DISCIPLINES = (100, 1000, 10_000, 100_000)
GROWTHS = (
    Growth("chain", "chain", DISCIPLINES, (1000,)),
    Growth("dag", "random DAG, fan-in 3", DISCIPLINES, (1000,), peers=False),
    Growth("ring", "ring, Gauss-Seidel", (10, 100, 1000, 3000), (), tolerance=ITERATED),
    Growth(
        "ring_newton",
        "ring, Newton",
        (10, 100, 1000, 3000),
        (),
        tolerance=ITERATED,
        beside=("limit",),
    ),
    Growth("dice", "DICE, regions", (1, 10, 100, 1000), (), tolerance=1e-9, peers=False),
)


@dataclass
class Point:
    """One size: what every contender answered."""

    growth: Growth
    size: int
    found: dict[str, dict[str, Any]]


def measure(pythons: Mapping[str, str], *, quick: bool, most_seconds: float) -> tuple[list[Point], list[str]]:
    """All sizes as long as there is time, and what there was none for.

    What figures are about comes first, then small sizes of every kind.
    """
    order = sorted(
        ((size, kind) for kind, growth in enumerate(GROWTHS) for size in growth.wanted(quick=quick)),
        key=lambda each: (GROWTHS[each[1]].row not in GRAPHS, each),
    )
    peers = [name for name in PEERS if name in pythons and not quick]
    given_up: set[tuple[str, str]] = set()
    points, left_out = [], []
    for size, kind in order:
        growth = GROWTHS[kind]
        if elapsed() > most_seconds:
            left_out.append(f"{growth.label} {size:,}")
            continue
        say(f"growth: {growth.label} {size}")
        point = Point(growth, size, {})
        for name in (*growth.beside, "ours"):
            left = max(most_seconds - elapsed(), 0.0) + PATIENCE
            point.found[name] = _one(pythons[name], name, growth, size, within=left)
        for name in peers if growth.peers else ():
            if (growth.row, name) in given_up:
                continue
            point.found[name] = _one(pythons[name], name, growth, size, within=PATIENCE)
            # what takes longer than linear is given up before it takes for ever
            if not _may_go_on(point.found[name], growth.sizes, size):
                given_up.add((growth.row, name))
        points.append(point)
    if left_out:
        say(f"no time is left for {', '.join(left_out)}")
    return sorted(points, key=lambda point: (GROWTHS.index(point.growth), point.size)), left_out


def _one(python: str, name: str, growth: Growth, size: int, *, within: float) -> dict[str, Any]:
    with Asked(python, name) as asked:
        found = asked.ask("prepare", within=within, row=growth.row, size=size)
        if "answer" in found and found["run_ms"] < AGAIN_BELOW:
            found |= asked.ask("measure", within=within, row=growth.row, size=size, seconds=0.2)
    return found


def _may_go_on(found: Mapping[str, Any], sizes: Sequence[int], size: int) -> bool:
    later = [other for other in sizes if other > size]
    if "first_ms" not in found or not later:
        return False
    return found["first_ms"] / 1e3 * later[0] / size < PATIENCE


def table(points: Sequence[Point]) -> str:
    lines = []
    for point in points:
        ours = point.found["ours"]
        beside = point.found.get(point.growth.beside[0], {})
        run, base = run_ms(ours), run_ms(beside)
        lines.append(
            [
                point.growth.label,
                f"{point.size:,}",
                number(ours.get("build_ms")),
                number(ours.get("run_ms")),
                number(run),
                number(run / base) if run and base and _agree(point) else _why(ours, beside),
                number(ours["memory"] / point.size / 1024)
                if point.size >= 10_000 and "memory" in ours
                else "-",
                *(_peer(point.found.get(name)) for name in PEERS),
            ]
        )
    head = ["work", "size", "build (ms)", "first run (ms)", "run (ms)", "run / by hand", "KB a discipline"]
    return markdown([*head, *(f"{HEADS[name]}: build, run" for name in PEERS)], lines)


def run_ms(found: Mapping[str, Any]) -> float | None:
    """Of one execution: of many where there was time."""
    return found.get("ms", found.get("run_ms"))


def _peer(found: Mapping[str, Any] | None) -> str:
    if found is None:
        return "-"
    if "answer" not in found:
        return found.get("error", "-")
    return f"{number(found['build_ms'])}, {number(run_ms(found))}"


def _agree(point: Point) -> bool:
    answers = [found["answer"] for found in point.found.values() if "answer" in found]
    return all(
        abs(a - b) <= point.growth.tolerance * max(abs(a), abs(b))
        for answer in answers[1:]
        for a, b in zip(answer, answers[0], strict=True)
    )


def _why(ours: Mapping[str, Any], beside: Mapping[str, Any]) -> str:
    if "error" in ours:
        return ours["error"][:60]
    return "answers differ" if "answer" in ours and "answer" in beside else "-"
