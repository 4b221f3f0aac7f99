"""Rounds of fresh processes, contenders in turn; answers are compared before anything is timed."""

import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

from benchmarks.engine.processes import Asked
from benchmarks.engine.rows import CONTENDERS, Row, Times


@dataclass
class Measured:
    """Milliseconds of all slices by row and contender, what went wrong, notes, versions."""

    slices: dict[str, dict[str, list[float]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(list))
    )
    faults: dict[tuple[str, str], str] = field(default_factory=dict)
    notes: dict[str, dict[str, float]] = field(default_factory=dict)
    versions: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def medians(self) -> dict[str, Times]:
        return {
            row: {name: statistics.median(found) for name, found in by_name.items()}
            for row, by_name in self.slices.items()
        }


_START = time.monotonic()


def elapsed() -> float:
    """Seconds since this program started."""
    return time.monotonic() - _START


def say(text: str) -> None:
    """Show progress; standard output is for the result."""
    print(f"{elapsed():4.0f} s  {text}", file=sys.stderr, flush=True)


def measure(
    rows: Sequence[Row], pythons: Mapping[str, str], *, rounds: int, passes: int, seconds: float
) -> Measured:
    """Time all rows, each round in processes of its own."""
    measured = Measured()
    for number in range(rounds):
        with ExitStack() as stack:
            # who comes first changes from round to round
            order = [name for name in (*CONTENDERS[number:], *CONTENDERS[:number]) if name in pythons]
            asked = [stack.enter_context(Asked(pythons[name], name)) for name in order]
            for row in rows:
                say(f"round {number + 1} of {rounds}: {row.label}")
                _measure_row(row, asked, measured, passes=passes, seconds=seconds)
            for one in asked:
                measured.versions[one.name] = one.ask("versions")
    return measured


def _measure_row(
    row: Row, asked: Sequence[Asked], measured: Measured, *, passes: int, seconds: float
) -> None:
    prepared = {}
    for one in asked:
        answer = one.ask("prepare", row=row.key, size=row.size_for(one.name))
        if "answer" in answer:
            prepared[one.name] = answer
        elif "error" in answer:
            measured.faults[row.key, one.name] = answer["error"]
    agreed = agreeing(row, {name: found["answer"] for name, found in prepared.items()}, measured)
    measured.notes[row.key] = prepared.get("ours", {}).get("notes", {})
    if row.first:
        for name in agreed:
            measured.slices[first_of(row)][name].append(prepared[name]["first_ms"])
    for _ in range(passes):
        for one in asked:
            if one.name in agreed:
                _time(row, one, prepared[one.name], measured, seconds=seconds)
    for one in asked:
        one.ask("forget", row=row.key)


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
    names = [name for name in CONTENDERS if name in answers]
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
