"""How time and memory grow with the number of disciplines, each size in processes of its own."""

import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

from benchmarks.engine.pace import elapsed
from benchmarks.engine.processes import Asked
from benchmarks.engine.rows import EXACT, ITERATED, PEERS

PATIENCE = 20.0
"""Seconds of the processor that a peer may take for one size; the next is tried if it looks possible."""
OURS_PATIENCE = 300.0
AGAIN_BELOW = 5000.0
"""Milliseconds of a first run, which prepares what later ones use, below which it is run again."""
BUILDS_SECONDS, SLICES, SLICE_SECONDS = 2.0, 5, 0.1
TOO_LONG = "skipped"


@dataclass(frozen=True)
class Growth:
    """Sizes of one kind of work; those of the peers end earlier.

    Attributes:
        seconds: what each size takes, about; only for the time that is shown to be left.
    """

    row: str
    label: str
    sizes: tuple[int, ...]
    quick: tuple[int, ...]
    seconds: tuple[float, ...]
    tolerance: float = EXACT
    beside: str = "floor"
    peers: bool = True


GRAPHS = ("chain", "dag")
"""Those that figures are about."""
DISCIPLINES, RINGS = (100, 1000, 10_000, 100_000), (10, 100, 1000, 3000)
GROWTHS = (
    Growth("chain", "chain", DISCIPLINES, (1000,), (20, 45, 60, 60)),
    Growth("dag", "random DAG, fan-in 3", DISCIPLINES, (1000,), (20, 45, 60, 90)),
    Growth("ring", "ring, Gauss-Seidel", RINGS, (), (20, 25, 50, 30), tolerance=ITERATED),
    Growth("ring_newton", "ring, Newton", RINGS, (), (20, 25, 40, 45), tolerance=ITERATED, beside="limit"),
    Growth("dice", "DICE, regions", (1, 10, 100, 1000), (), (15, 25, 25, 50), tolerance=1e-9, peers=False),
)
NAMES = tuple(growth.row for growth in GROWTHS)


@dataclass
class Point:
    """One size: what every contender answered, and times."""

    growth: Growth
    size: int
    found: dict[str, dict[str, Any]]
    ratios: list[float] = field(default_factory=list)
    """Ours to what it is compared with, slice by slice."""

    @property
    def label(self) -> str:
        return label(self.growth, self.size)


Size = tuple[Growth, int]


def label(growth: Growth, size: int) -> str:
    return f"{growth.label} {size:,}"


def chosen(names: Sequence[str], *, quick: bool) -> list[Size]:
    """The sizes of these kinds, those first that figures are about, then small ones first.

    A name is that of a kind, for all its sizes, or ``kind:size``.

    Raises:
        ValueError: there is no such kind or size.
    """
    found = [(growth, size) for name in names for growth, size in _named(name, quick=quick)]
    return sorted(
        dict.fromkeys(found), key=lambda each: (each[0].row not in GRAPHS, each[1], GROWTHS.index(each[0]))
    )


def _named(name: str, *, quick: bool) -> Iterator[Size]:
    kind, _, wanted = name.partition(":")
    growth = next((each for each in GROWTHS if each.row == kind), None)
    if growth is None:
        raise ValueError(f"{kind!r} is none of {', '.join(NAMES)}")
    if wanted and (not wanted.isdecimal() or int(wanted) < 1):
        raise ValueError(f"{wanted!r} is no number of disciplines")
    sizes = (int(wanted),) if wanted else growth.quick if quick else growth.sizes
    return ((growth, size) for size in sizes)


def seconds(size: Size) -> float:
    """What it takes, about."""
    growth, count = size
    nearest = min(range(len(growth.sizes)), key=lambda i: abs(growth.sizes[i] - count))
    return growth.seconds[nearest]


def measure(
    sizes: Sequence[Size],
    pythons: Mapping[str, str],
    *,
    versions: dict[str, dict[str, str]],
    begin: Callable[[str], None],
    most_seconds: float,
    thorough: bool = True,
) -> tuple[list[Point], list[str]]:
    """All of these sizes as long as there is time, and what there was none for; adds to the versions."""
    peers = [name for name in PEERS if name in pythons and thorough]
    given_up: set[tuple[str, str]] = set()
    points, left_out = [], []
    for growth, size in sizes:
        if elapsed() > most_seconds:
            left_out.append(label(growth, size))
            continue
        begin(label(growth, size))
        left = max(most_seconds - elapsed(), 0.0) + PATIENCE
        point = _beside(
            growth, size, pythons, within=min(left, OURS_PATIENCE), slices=SLICES if thorough else 1
        )
        for name in peers if growth.peers else ():
            if (growth.row, name) in given_up:
                point.found[name] = {"error": TOO_LONG}
                continue
            point.found[name] = _alone(pythons[name], name, growth, size)
            # what takes longer than linear is given up before it takes for ever
            if not _may_go_on(point.found[name], growth.sizes, size):
                given_up.add((growth.row, name))
        points.append(point)
        for name, found in point.found.items():
            if said := found.pop("versions", None):
                versions.setdefault(name, said)
    return sorted(points, key=lambda point: (GROWTHS.index(point.growth), point.size)), left_out


def _beside(growth: Growth, size: int, pythons: Mapping[str, str], *, within: float, slices: int) -> Point:
    """This engine and what it is compared with in turn, so that a loud minute troubles both."""
    pair, times = (growth.beside, "ours"), {growth.beside: [], "ours": []}
    with ExitStack() as stack:
        asked = {name: stack.enter_context(Asked(pythons[name], name)) for name in pair}
        builds = BUILDS_SECONDS if slices > 1 else 0.0
        found = {name: _prepared(asked[name], growth, size, within, builds) for name in pair}
        for _ in range(slices if all(map(_is_short, found.values())) else 0):
            for name in pair:
                times[name].append(_run_again(asked[name], growth, size, within=within))
    for name in pair:
        if told := [each["ms"] for each in times[name] if "ms" in each]:
            found[name]["ms"] = statistics.median(told)
    by_hand, own = ([run_ms(each) for each in times[name] or [found[name]]] for name in pair)
    ratios = [ours / base for ours, base in zip(own, by_hand, strict=True) if ours and base]
    return Point(growth, size, found, ratios)


def _alone(python: str, name: str, growth: Growth, size: int) -> dict[str, Any]:
    """What a peer answers."""
    with Asked(python, name) as asked:
        found = _prepared(asked, growth, size, PATIENCE, BUILDS_SECONDS)
        return found | _run_again(asked, growth, size, within=PATIENCE) if _is_short(found) else found


def _prepared(asked: Asked, growth: Growth, size: int, within: float, builds: float) -> dict[str, Any]:
    """One size after the smallest in the same process, as workers rehearse: no first import is measured."""
    row, versions = growth.row, asked.ask("versions")
    asked.ask("prepare", within=within, row=row, size=growth.sizes[0])
    asked.ask("forget", within=within, row=row)
    found = asked.ask("prepare", within=within, row=row, size=size, builds_seconds=builds)
    return {**found, "versions": versions}


def _is_short(found: Mapping[str, Any]) -> bool:
    return "answer" in found and found["run_ms"] < AGAIN_BELOW


def _run_again(asked: Asked, growth: Growth, size: int, *, within: float) -> dict[str, Any]:
    return asked.ask("measure", within=within, row=growth.row, size=size, seconds=SLICE_SECONDS, least=2)


def _may_go_on(found: Mapping[str, Any], sizes: Sequence[int], size: int) -> bool:
    later = [other for other in sizes if other > size]
    if "first_ms" not in found or not later:
        return False
    return found["first_ms"] / 1e3 * later[0] / size < PATIENCE


def run_ms(found: Mapping[str, Any]) -> float | None:
    """Of one execution: of many where there was time."""
    return found.get("ms", found.get("run_ms"))
