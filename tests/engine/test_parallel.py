"""Run in threads, a plan does the same to the bit."""

import math
from threading import Barrier, get_ident

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sostrades_api.engine import DisciplineRaised, ExecutionStopped, NotFinite, Observer, build
from sostrades_api.engine.comparison import same_bits
from tests.engine.making import discipline, process

START = {"type": "float", "default": 0.5}


def test_independent_disciplines_run_at_the_same_time():
    together = Barrier(2, timeout=30)

    def meet(made):
        return lambda i: (together.wait() and {made: 1.0}) or {made: 1.0}

    both = process(
        {
            "A": discipline({}, {"a": None}, meet("a")),
            "B": discipline({}, {"b": None}, meet("b")),
            "C": discipline({"a": None, "b": None}, {"c": None}, lambda i: {"c": i["a"] + i["b"]}),
        }
    )
    assert build(both).execute({"n_processes": 2}).values["c"] == 2.0


def test_of_several_failures_the_first_in_order_is_told():
    together = Barrier(2, timeout=30)

    def fail(inputs):
        together.wait()
        raise ValueError

    def endless(inputs):
        together.wait()
        return {"a": math.inf}

    both = process({"A": discipline({}, {"a": None}, endless), "B": discipline({}, {"b": None}, fail)})
    with pytest.raises(NotFinite):
        build(both).execute({"n_processes": 2})


def test_after_a_failure_nothing_that_follows_is_started():
    ran = []

    def fail(inputs):
        raise ValueError

    line = process(
        {
            "A": discipline({}, {"a": None}, fail),
            "B": discipline({"a": None}, {"b": None}, lambda i: ran.append(1) or {"b": 1.0}),
        }
    )
    with pytest.raises(DisciplineRaised):
        build(line).execute({"n_processes": 4})
    assert not ran


def test_events_come_one_at_a_time_and_a_request_to_stop_is_heard():
    inside, events = [], []

    class Careful(Observer):
        def on_discipline_started(self, event):
            inside.append(get_ident())
            assert len(set(inside)) == 1
            events.append(event.path)
            inside.clear()

        def on_execution_started(self, event):
            self.progress = event.progress

    line = process(
        {f"D{i}": discipline({}, {f"v{i}": None}, lambda _, i=i: {f"v{i}": 1.0}) for i in range(30)}
    )
    plan, observer = build(line), Careful()
    plan.execute({"n_processes": 4}, observer=observer)
    assert sorted(events) == sorted(plan.disciplines)
    assert observer.progress.settled == 30
    with pytest.raises(ExecutionStopped):
        plan.execute({"n_processes": 4}, should_stop=lambda: True)


@st.composite
def graphs(draw):
    size = draw(st.integers(1, 10))
    reads = [draw(st.lists(st.integers(0, size - 1), max_size=3, unique=True)) for _ in range(size)]
    return reads, [draw(st.floats(-0.8, 0.8)) / max(len(sources), 1) for sources in reads]


@settings(deadline=None, max_examples=40)
@given(graphs(), st.sampled_from(["MDAGaussSeidel", "MDAJacobi"]))
def test_serial_equals_parallel_to_the_bit(graph, solver):
    disciplines = {}
    for i, (sources, factor) in enumerate(zip(*graph, strict=True)):
        names = [f"x{source}" for source in sources]
        disciplines[f"D{i}"] = discipline(
            dict.fromkeys(names, START),
            {f"x{i}": None},
            lambda inputs, i=i, factor=factor: {f"x{i}": 1.0 + factor * sum(inputs.values())},
        )
    plan = build(process(disciplines, numerical={"sub_mda_class": solver}))
    serial, parallel = plan.execute(), plan.execute({"n_processes": 3})
    for name, value in serial.values.items():
        assert same_bits(value, parallel.values[name]), name
    assert serial.runs == parallel.runs
