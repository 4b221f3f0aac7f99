"""Loops of a few floats are solved by a function of their own, to the bit as discipline by discipline."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sostrades_api.engine import (
    CouplingCycles,
    CouplingDiverged,
    Discipline,
    DisciplineRaised,
    ExecutionError,
    ExecutionStopped,
    InvalidOutput,
    NotFinite,
    Observer,
    Plan,
    Process,
    UndeclaredOutput,
    build,
)

FLOAT = {"type": "float", "namespace": "ns"}
MATHS: dict[str, Callable[[float], Any]] = {
    "linear": lambda x: x,
    "sine": math.sin,
    "root": lambda x: math.sqrt(x + 3.0),  # raises for some
    "square": lambda x: 0.3 * x * x,  # grows without end from some starts
    "exp": lambda x: math.exp(x) - 1.0,  # overflows
    "flip": lambda x: -x,
    "nothing": lambda x: 0.0,
    "whole": lambda x: round(x) if abs(x) < 1e6 else 7,  # an int, which becomes a float
    "of numpy": lambda x: np.float64(0.5 * x),
    "not finite": lambda x: math.nan if 2.0 < x < 2.5 else 0.4 * x,
    "huge": lambda x: 1e6 * x if x < 1e5 else math.log(-x),  # grows, and then fails
    "infinite": lambda x: math.inf if x > 1e8 else 1.5 * x,
}
SHRINKING = (1.0, 0.5, 1e-3, 1e-9, -0.7, 1e3)


@dataclass(frozen=True)
class Drawn:
    """A loop: of each discipline what it reads, the share it takes of that, its maths and what it adds."""

    reads: tuple[tuple[int, ...], ...]
    maths: tuple[str, ...]
    shares: tuple[float, ...]
    added: tuple[float, ...]
    numerical: Mapping[str, Any]
    starts: Mapping[str, float]

    def plan(self) -> Plan:
        kinds = map(self._kind, range(len(self.reads)))
        disciplines = {f"D{i}": kind for i, kind in enumerate(kinds)}
        return build(
            Process("loop", disciplines=disciplines, namespaces={"ns": ""}, numerical=self.numerical)
        )

    def _kind(self, i: int) -> type[Discipline]:
        reads, maths, share, added = self.reads[i], MATHS[self.maths[i]], self.shares[i], self.added[i]

        def run(self: Discipline, inputs: Mapping[str, float]) -> dict[str, Any]:
            total = maths(share * sum(inputs[f"y{j}"] for j in reads))
            return {f"y{i}": total + added if added else total, f"own{i}": total}

        inputs = {f"y{j}": {**FLOAT, "default": 1.0 + 0.25 * j} for j in reads}
        return type(
            f"Kind{i}",
            (Discipline,),
            {
                "DESC_IN": {**inputs, "given": {**FLOAT, "default": 0.5}},
                "DESC_OUT": {f"y{i}": FLOAT, f"own{i}": FLOAT},
                "run": run,
            },
        )


@st.composite
def loops(draw):
    """A ring, so that it is one loop, and more couplings across it."""
    size = draw(st.integers(1, 5))
    numbers = range(size)
    more = [draw(st.lists(st.integers(0, size - 1), max_size=2, unique=True)) for _ in numbers]
    numerical = {
        "max_mda_iter": draw(st.sampled_from([1, 7, 8, 9, 60])),
        "tolerance": draw(st.sampled_from([0.0, 1e-12, 1e-6])),
        "relaxation_factor": draw(st.sampled_from([1.0, 1.0, 0.7, 1.4])),
        "acceleration": draw(st.sampled_from(["", "", "Aitken", "Anderson"])),
        "residual_scaling": draw(st.sampled_from(["magnitude", "magnitude", "none"])),
        "sub_mda_class": draw(st.sampled_from(["MDAGaussSeidel", "MDAGaussSeidel", "MDAGSNewton"])),
        "allow_unconverged": draw(st.booleans()),
    }
    starts = draw(
        st.dictionaries(
            st.sampled_from([f"y{i}" for i in numbers]),
            st.sampled_from([0.0, -0.0, 1e-320, -3.0, 1e12, 1.7e308, -1.7e308, math.inf]) | st.floats(-9, 9),
        )
    )
    return Drawn(
        tuple(tuple(dict.fromkeys([(i - 1) % size, *more[i]])) for i in numbers),
        tuple(draw(st.sampled_from(list(MATHS))) for _ in numbers),
        tuple(draw(st.sampled_from(SHRINKING)) for _ in numbers),
        tuple(draw(st.sampled_from([0.0, 1.0, -2.0])) for _ in numbers),
        numerical,
        starts,
    )


class Each(Observer):
    """Hears of every discipline, so that each is run by itself."""

    def on_discipline_started(self, event: Any) -> None:
        """Hear it."""


def outcome(plan: Plan, values: Mapping[str, float], observer: Observer | None, stop_at: int) -> list[str]:
    """All there is to see of an execution, to the bit."""
    asked = 0

    def should_stop() -> bool:
        nonlocal asked
        asked += 1
        return asked == stop_at

    try:
        result = plan.execute(values, observer=observer, should_stop=should_stop)
    except ExecutionError as error:
        history = getattr(error, "history", None)
        return [type(error).__name__, str(error), repr(history), repr(error.__cause__), str(asked)]
    slots: Any = result.values
    seen = (slots.slots, result.history.rows, dict(result.runs), result.unconverged, result.converged, asked)
    return list(map(repr, seen))


@settings(deadline=None, max_examples=200)
@given(loop=loops(), stop_at=st.sampled_from([0, 0, 0, 1, 3, 14]))
def test_decisions_history_and_values_are_those_of_disciplines_run_one_by_one(loop, stop_at):
    plan = loop.plan()
    alone = outcome(plan, loop.starts, Each(), stop_at)
    # the first solve of a loop takes the general way, those after it its own function
    times = [outcome(plan, loop.starts, None, stop_at) for _ in range(3)]
    assert times == [alone] * 3


NUMERICAL = {"tolerance": 1e-10, "max_mda_iter": 100, "allow_unconverged": True}


@pytest.mark.parametrize(
    "loop",
    [
        Drawn(((1,), (0,)), ("linear", "linear"), (0.5, 0.5), (0.0, 0.0), NUMERICAL, {}),  # goes to zero
        Drawn(((1,), (0,)), ("linear", "linear"), (0.5, 0.5), (0.0, 1e-9), NUMERICAL, {"y1": 1e9}),
        # a change too large for a float, after one of a small number that is as large relative to it
        Drawn(
            ((1,), (0,)), ("flip", "linear"), (1 / 1.7e308, 1.7e308), (0.0, 0.0), NUMERICAL, {"y1": 1.7e308}
        ),
        Drawn(((1,), (0,)), ("huge", "linear"), (1.0, 1.0), (0.0, 0.0), NUMERICAL, {}),
        Drawn(((0,),), ("huge",), (1.0,), (0.0,), NUMERICAL, {"y0": 0.5}),
    ],
    ids=["to zero", "shrinks", "overflows", "fails", "fails alone"],
)
def test_rare_decisions_are_those_of_disciplines_run_one_by_one(loop):
    plan = loop.plan()
    alone = outcome(plan, loop.starts, Each(), 0)
    assert [outcome(plan, loop.starts, None, 0) for _ in range(3)] == [alone] * 3


def of_two(first: Callable[[float], Any], second: Callable[[float], Any], **numerical: Any) -> Plan:
    def kind(read: str, make: str, maths: Callable[[float], Any]) -> type[Discipline]:
        def run(self: Discipline, inputs: Mapping[str, float]) -> Any:
            made = maths(inputs[read])
            return made if isinstance(made, dict) else {make: made}

        body = {"DESC_IN": {read: {**FLOAT, "default": 1.0}}, "DESC_OUT": {make: FLOAT}, "run": run}
        return type("Kind", (Discipline,), body)

    disciplines = {"A": kind("b", "a", first), "B": kind("a", "b", second)}
    return build(Process("two", disciplines=disciplines, namespaces={"ns": ""}, numerical=numerical))


def refused(x: float) -> float:
    """Refuses what is given, and not where the loop ends by itself."""
    if x == 77.0:
        msg = "no 77"
        raise ValueError(msg)
    return 0.5 * x


@pytest.mark.parametrize(
    ("maths", "kind", "said"),
    [
        (refused, DisciplineRaised, "'A' raised ValueError: no 77"),
        (lambda x: math.nan if x == 77.0 else 0.5 * x, NotFinite, "'A'"),
        (lambda x: "text" if x == 77.0 else 0.5 * x, InvalidOutput, "'A'"),
        (lambda x: {"c": 1.0} if x == 77.0 else 0.5 * x, UndeclaredOutput, "'A'"),
        (lambda x: {"a": 1.0, "c": 1.0} if x == 77.0 else 0.5 * x, UndeclaredOutput, "'A'"),
    ],
)
def test_a_failure_names_its_discipline_in_every_solve(maths, kind, said):
    plan = of_two(maths, lambda x: 0.5 * x + 1.0)
    for _ in range(3):
        assert plan.execute({}).converged
        with pytest.raises(kind, match=said):
            plan.execute({"b": 77.0})


@pytest.mark.parametrize(
    ("slope", "kind"), [(-1.0, CouplingCycles), (-1.5, CouplingDiverged), (1e40, CouplingDiverged)]
)
def test_a_loop_that_never_converges_is_seen_as_early_as_at_first(slope, kind):
    plan = of_two(lambda x: slope * x + 0.1, lambda x: x)
    errors = []
    for _ in range(3):
        with pytest.raises(kind) as caught:
            plan.execute({})
        errors.append(str(caught.value))
    assert len(set(errors)) == 1


def test_a_stop_is_asked_for_before_every_run():
    plan, asked = of_two(lambda x: 0.5 * x + 1.0, lambda x: 0.5 * x), []
    plan.execute({})
    runs = sum(plan.execute({}, should_stop=lambda: bool(asked.append(1))).runs.values())
    assert len(asked) == runs > 20
    asked.clear()
    with pytest.raises(ExecutionStopped, match="'B'"):
        plan.execute({}, should_stop=lambda: len(asked) == 7 or bool(asked.append(1)))


def test_time_is_that_of_the_disciplines_however_it_is_clocked():
    def slow(x: float) -> float:
        return 0.9 * x + sum([0.0] * 2000)

    plan = of_two(slow, lambda x: 0.9 * x + 1.0)
    least = {"A": math.inf, "B": math.inf}  # what else runs on the machine only adds to it
    for _ in range(8):
        result = plan.execute({})
        assert result.runs["A"] == result.runs["B"] == len(result.history.rows) > 50
        assert 0.0 < sum(result.seconds.values()) <= result.total_seconds
        least = {path: min(known, result.seconds[path]) for path, known in least.items()}
    assert least["A"] > 3.0 * least["B"] > 0.0


def test_quick_disciplines_share_what_they_took_together():
    plan = of_two(lambda x: 0.9 * x, lambda x: 0.9 * x + 1.0)
    for _ in range(4):
        result = plan.execute({})
        assert min(result.seconds.values()) > 0.0
        assert sum(result.seconds.values()) <= result.total_seconds


def test_progress_is_known_while_a_loop_is_solved():
    class Following(Observer):
        def __init__(self) -> None:
            self.seen: list[tuple[int, float, int]] = []

        def on_execution_started(self, event: Any) -> None:
            self.progress = event.progress

        def on_iteration_ended(self, event: Any) -> None:
            progress = self.progress
            assert (progress.iteration, progress.residual) == (event.iteration, event.residual)
            self.seen.append((event.iteration, event.residual, progress.tally.runs[0]))

    plan, sights = of_two(lambda x: 0.5 * x + 1.0, lambda x: 0.5 * x), []
    for _ in range(3):
        observer = Following()
        plan.execute({}, observer=observer)
        sights.append(observer.seen)
    assert sights[0] == sights[1] == sights[2]
    assert [runs for *_, runs in sights[2]] == list(range(1, len(sights[2]) + 1))
