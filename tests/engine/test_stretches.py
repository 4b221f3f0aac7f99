"""Neighbours of a few floats are run by shared functions: the same values, counts, errors and stops."""

import math
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sostrades_api.engine import (
    Discipline,
    DisciplineRaised,
    ExecutionStopped,
    NotFinite,
    Observer,
    Place,
    Process,
    UndeclaredOutput,
    build,
)
from sostrades_api.engine.tally import Tally

FLOAT = {"type": "float"}
MANY = 40


def link(read: str, make: str, maths: Callable[[float], Any] = lambda x: 0.5 * x + 1.0) -> type[Discipline]:
    def run(self: Discipline, inputs: Mapping[str, float]) -> dict[str, Any]:
        return {make: maths(inputs[read])}

    descriptors = {"DESC_IN": {read: {**FLOAT, "namespace": "ns_before"}}, "DESC_OUT": {make: FLOAT}}
    return type("Link", (Discipline,), {**descriptors, "run": run})


def chain(size: int, *, at: int | None = None, maths: Callable[[float], Any] = math.sqrt) -> Process:
    """Each reads what the one before makes; the one at a place has maths of its own."""
    disciplines = {}
    for i in range(size):
        read, make = "ab" if i % 2 == 0 else "ba"
        kind = link(read, make, maths) if i == at else link(read, make)
        disciplines[f"D{i:02}"] = Place(kind, namespaces={"ns_before": f"D{i - 1:02}" if i else "D"})
    return Process("chain", disciplines=disciplines)


class Watching(Observer):
    """Hears of every discipline, so that each is run by itself."""

    def on_discipline_started(self, event: Any) -> None:
        """Hear it."""


@settings(deadline=None, max_examples=25)
@given(size=st.integers(1, 30), start=st.floats(-1e6, 1e6), times=st.integers(1, 3))
def test_values_are_those_of_disciplines_run_one_by_one(size, start, times):
    plan = build(chain(size, at=size // 2, maths=lambda x: math.sin(x) * 3))
    for _ in range(times):
        quick, single = plan.execute({"D.a": start}), plan.execute({"D.a": start}, observer=Watching())
        assert dict(quick.values.items())["D00.b"] == single.values["D00.b"]
        assert list(quick.values.slots) == list(single.values.slots)  # type: ignore[attr-defined]


def test_every_run_is_counted_and_all_time_is_somebodys():
    plan = build(chain(MANY))
    for _ in range(40):  # clocked in detail, and as a whole
        result = plan.execute({"D.a": 1.0})
        assert set(result.runs.values()) == {1}
        assert min(result.seconds.values()) > 0.0
        assert sum(result.seconds.values()) <= result.total_seconds


@pytest.mark.parametrize("before", [0, 1, 5])
def test_a_failure_among_many_names_its_discipline(before):
    plan = build(chain(MANY, at=20, maths=lambda x: 1.0 / (x - 2.0)))
    for _ in range(before):
        plan.execute({"D.a": 1.0})
    with pytest.raises(DisciplineRaised, match="'D20' raised ZeroDivisionError"):
        plan.execute({"D.a": 2.0})
    assert plan.execute({"D.a": 1.0}).values["D39.a"] is not None


@pytest.mark.parametrize(("made", "error"), [(math.nan, NotFinite), (math.inf, NotFinite)])
def test_no_number_passes_unseen_in_a_run_that_is_clocked_as_a_whole(made, error):
    plan = build(chain(MANY, at=20, maths=lambda x: made if x > 2.0 else x))
    for _ in range(3):
        plan.execute({"D.a": 1.0})
    with pytest.raises(error, match="D20"):
        plan.execute({"D.a": 1e9})


def test_an_int_becomes_a_float():
    assert type(build(chain(MANY, at=20, maths=int)).execute({"D.a": 1.0}).values["D20.b"]) is float


def test_an_output_that_is_not_declared_is_refused():
    class More(link("a", "b")):
        def run(self, inputs: Mapping[str, float]) -> dict[str, float]:
            return {"b": inputs["a"], "c": 1.0}

    places = {f"D{i}": Place(More, namespaces={"ns_before": "D"}) for i in range(10)}
    with pytest.raises(UndeclaredOutput, match="D0"):
        build(Process("wide", disciplines=places)).execute({"D.a": 1.0})


@pytest.mark.parametrize("size", [3, MANY])
def test_a_stop_is_asked_for_before_every_discipline(size):
    plan = build(chain(size))
    for asked in (1, 2, size):
        answers = iter([False] * (asked - 1) + [True])
        with pytest.raises(ExecutionStopped, match=f"D{asked - 1:02}"):
            plan.execute({"D.a": 1.0}, should_stop=lambda answers=answers: next(answers))


def test_what_is_clocked_together_is_shared_out_when_it_is_read():
    tally = Tally(3)
    shares = [0.5, 0.25]
    for _ in range(3000):  # more than may wait
        tally.add_together((0, 2), 1.0, shares)
    assert tally.seconds == [1500.0, 0.0, 750.0]
    assert tally.runs == [3000, 0, 3000]


def loop_of_two(back: Callable[[float], Any]) -> Process:
    ahead = link("a", "b")
    places = {
        "A": Place(ahead, namespaces={"ns_before": "B"}),
        "B": Place(link("b", "a", back), namespaces={"ns_before": "A"}),
    }
    return Process("loop", disciplines=places)


def test_a_small_loop_checks_what_its_disciplines_make():
    start = {"B.a": 1.0}
    assert build(loop_of_two(lambda x: 3)).execute(start).values["A.b"] == 2.5  # an int becomes a float
    with pytest.raises(NotFinite, match="'B'"):
        build(loop_of_two(lambda x: math.nan)).execute(start)
    with pytest.raises(DisciplineRaised, match="'B' raised ZeroDivisionError"):
        build(loop_of_two(lambda x: x / 0)).execute(start)
    with pytest.raises(ExecutionStopped, match="A"):
        build(loop_of_two(lambda x: x)).execute(start, should_stop=lambda: True)


def test_a_small_loop_counts_its_runs():
    result = build(loop_of_two(lambda x: 0.5 * x)).execute({"B.a": 1.0})
    assert dict(result.runs) == dict.fromkeys("AB", len(result.residuals))
    assert min(result.seconds.values()) > 0.0
