"""Rounds of fresh processes, contenders in turn; answers are compared before anything is timed."""

import math
import statistics
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

from benchmarks.engine.pace import elapsed, say
from benchmarks.engine.processes import Asked
from benchmarks.engine.rows import CONTENDERS, FLOOR_THERE, Row, Times

SLOW_SECONDS = 2.0
"""Who takes longer to build and run once does so in the first round only."""
LATER_SHARE = 0.7
"""Of the first round's time: what a later one takes, without those."""


@dataclass
class Measured:
    """Milliseconds of all slices by row and contender, what went wrong, notes, versions."""

    slices: dict[str, dict[str, list[float]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(list))
    )
    faults: dict[tuple[str, str], str] = field(default_factory=dict)
    notes: dict[str, dict[str, float]] = field(default_factory=dict)
    versions: dict[str, dict[str, str]] = field(default_factory=dict)
    slow: set[tuple[str, str]] = field(default_factory=set)
    left_out: list[Row] = field(default_factory=list)
    """Rows of the first round for which there was no time."""
    rounds: int = 0
    seconds: float = 0.0
    """What the next round will take."""

    def ratios(self, row: str, over: str, under: str) -> list[float]:
        """Of two contenders, slice by slice; who is slow has those of the first round only."""
        by_name = self.slices.get(row, {})
        pairs = zip(by_name.get(over, ()), by_name.get(under, ()), strict=False)
        return [one / other for one, other in pairs]

    def ratio(self, row: str, over: str, under: str) -> float | None:
        """Their median."""
        found = self.ratios(row, over, under)
        return statistics.median(found) if found else None

    @property
    def medians(self) -> dict[str, Times]:
        return {
            row: {name: statistics.median(found) for name, found in by_name.items()}
            for row, by_name in self.slices.items()
        }


@dataclass(frozen=True)
class Effort:
    """How often in fresh processes, how often each in turn, and for how long each time.

    Attributes:
        most_seconds: after these no row is begun.
        extra_seconds: after these no row of a further round is begun.
    """

    rounds: int
    passes: int
    slice_seconds: float
    most_seconds: float = math.inf
    extra_seconds: float = math.inf


Begin = Callable[[str], None]
"""Told the name of every step that begins."""


def step(row: Row, number: int) -> str:
    """The name of a row in a round, which are counted from 0."""
    return f"round {number + 1}: {row.label}"


def measure(
    rows: Sequence[Row], pythons: Mapping[str, str], effort: Effort, *, begin: Begin = say
) -> Measured:
    """Time all rows once: what is promised."""
    measured = Measured()
    _round(rows, pythons, measured, effort, begin=begin)
    return measured


def measure_again(
    rows: Sequence[Row],
    pythons: Mapping[str, str],
    measured: Measured,
    effort: Effort,
    *,
    begin: Begin = say,
) -> None:
    """Further rounds, as many as are wanted and surely end in time."""
    while measured.rounds < effort.rounds:
        if elapsed() + measured.seconds > effort.extra_seconds:
            say(f"no time is left for round {measured.rounds + 1}")
            return
        _round(rows, pythons, measured, effort, begin=begin)


def _round(
    rows: Sequence[Row],
    pythons: Mapping[str, str],
    measured: Measured,
    effort: Effort,
    *,
    begin: Begin,
) -> None:
    """All rows in fresh processes, while there is time; who comes first changes from round to round."""
    began, number, everybody = elapsed(), measured.rounds, (*CONTENDERS, FLOOR_THERE)
    most_seconds = effort.extra_seconds if number else effort.most_seconds
    with ExitStack() as stack:
        order = [name for name in (*everybody[number:], *everybody[:number]) if name in pythons]
        asked = [stack.enter_context(Asked(pythons[name], name)) for name in order]
        for place, row in enumerate(rows, 1):
            if elapsed() > most_seconds:
                say(f"no time is left for {len(rows) - place + 1} of {len(rows)} rows")
                if not number:
                    measured.left_out.extend(rows[place - 1 :])
                break
            begin(step(row, number))
            _measure_row(row, asked, measured, effort)
        for one in asked:
            measured.versions[one.name] = one.ask("versions")
    measured.rounds += 1
    measured.seconds = (elapsed() - began) * (1.0 if number else LATER_SHARE)


def _measure_row(row: Row, asked: Sequence[Asked], measured: Measured, effort: Effort) -> None:
    taking_part = [
        one for one in asked if one.name in row.contenders and (row.key, one.name) not in measured.slow
    ]
    prepared = _prepare(row, taking_part, measured)
    agreed = agreeing(row, {name: found["answer"] for name, found in prepared.items()}, measured)
    if "ours" in prepared:
        measured.notes[row.key] = prepared["ours"]["notes"]
    if row.first:
        for name in agreed:
            measured.slices[first_of(row)][name].append(prepared[name]["first_ms"])
    for _ in range(effort.passes):
        for one in taking_part:
            if one.name in agreed:
                _time(row, one, prepared[one.name], measured, seconds=effort.slice_seconds)
    for one in taking_part:
        one.ask("forget", row=row.key)


def _prepare(row: Row, taking_part: Sequence[Asked], measured: Measured) -> dict[str, dict[str, Any]]:
    """Build and run once; what those answered who could."""
    prepared = {}
    for one in taking_part:
        answer = one.ask("prepare", row=row.key, size=row.size_for(one.name))
        if "answer" in answer:
            prepared[one.name] = answer
            if answer["first_ms"] > SLOW_SECONDS * 1e3:
                measured.slow.add((row.key, one.name))
        elif "error" in answer:
            measured.faults[row.key, one.name] = answer["error"]
    return prepared


def _time(row: Row, one: Asked, made: Mapping[str, Any], measured: Measured, *, seconds: float) -> None:
    timed = one.ask("measure", row=row.key, size=row.size_for(one.name), seconds=seconds)
    if "ms" in timed:
        measured.slices[row.key][one.name].append(timed["ms"] / made["samples"])
    else:
        measured.faults[row.key, one.name] = timed["error"]


def first_of(row: Row) -> str:
    """The key of building and the first execution."""
    return f"{row.key}, first"


def agreeing(row: Row, answers: Mapping[str, Sequence[float]], measured: Measured) -> list[str]:
    """Those whose answer is that of the first contender; the others are not timed."""
    names = [name for name in (*CONTENDERS, FLOOR_THERE) if name in answers]
    if not names:
        return []
    wanted, agreed = answers[names[0]], []
    for name in names:
        found = answers[name]
        near = len(found) == len(wanted) and all(
            abs(a - b) <= row.tolerance * max(abs(a), abs(b)) for a, b in zip(found, wanted, strict=True)
        )
        if near:
            agreed.append(name)
        else:
            measured.faults[row.key, name] = f"answers {found}, not {wanted}"
    return agreed
