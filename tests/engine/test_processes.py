"""Run in processes, a plan does the same to the bit; what happens there is told here."""

import logging
import os
import signal
import time
import warnings

import numpy as np
import pandas as pd
import pytest

from sostrades_api.engine import (
    CouplingNotConverged,
    Discipline,
    DisciplineExited,
    DisciplineOverdue,
    DisciplineRaised,
    ExecutionStopped,
    MemoryCache,
    NotFinite,
    Observer,
    ProcessEnded,
    build,
)
from sostrades_api.engine.comparison import same_bits
from tests.engine.making import discipline, process

START = {"type": "float", "default": 0.5}
BY_PROCESSES = {"n_processes": 2, "parallel_by": "processes"}


def side_by_side(*runs, **options):
    """Independent disciplines; the k-th makes v<k>."""
    return build(
        process(
            {
                f"D{k}": discipline({"u": START}, {f"v{k}": None}, lambda i, k=k, run=run: {f"v{k}": run(i)})
                for k, run in enumerate(runs)
            },
            **options,
        )
    )


def idle(inputs):
    return inputs["u"]


def test_disciplines_run_in_other_processes_at_the_same_time():
    plan = side_by_side(*[lambda i: time.sleep(0.05) or float(os.getpid())] * 2)
    made = plan.execute(BY_PROCESSES).values
    assert len({made["v0"], made["v1"], float(os.getpid())}) == 3


def test_every_kind_of_value_comes_back_as_it_was():
    table = {"type": "dataframe", "dataframe_descriptor": {"t": {"type": "float"}, "s": {"type": "string"}}}
    kinds = {
        "array": {"type": "array"},
        "table": table,
        "nested": {"type": "dict", "subtype_descriptor": {"dict": {"list": "array"}}},
        "text": {"type": "string"},
        "nothing": {"type": "float", "optional": True},
    }

    def make(inputs):
        return {
            "array": np.arange(24.0).reshape(2, 3, 4),
            "table": pd.DataFrame({"t": [0.1, -0.0], "s": ["a", "ü"]}),
            "nested": {"k": [np.array([1.5]), np.array([2, 3])]},
            "text": "naïve",
            "nothing": None,
        }

    def read(inputs):
        with pytest.raises(ValueError, match="read-only"):
            inputs["array"][0] = 0.0
        with pytest.raises(TypeError):
            inputs["nested"]["k"].append(1)
        return {"total": float(inputs["array"].sum() + inputs["table"]["t"].sum())}

    model = process(
        {
            "Make": discipline({"u": START}, kinds, make),
            "Other": discipline({"u": START}, {"other": None}, lambda i: {"other": 1.0}),
            "Read": discipline(dict.fromkeys(["array", "table", "nested"]) | kinds, {"total": None}, read),
            "Too": discipline(
                {"array": kinds["array"]}, {"too": None}, lambda i: {"too": i["array"][1, 2, 3]}
            ),
        }
    )
    serial, parallel = build(model).execute(), build(model).execute(BY_PROCESSES)
    for name, value in serial.values.items():
        assert same_bits(value, parallel.values[name]), name
    assert parallel.runs == serial.runs


def test_an_array_lies_in_memory_alike_for_all_its_readers():
    """Without gaps, however it was made: the last bit of a sum depends on that."""
    strides = {}

    def read(k):
        def look(inputs):
            return {f"s{k}": float(inputs["gaps"].strides[0]), f"t{k}": float(inputs["gaps"].sum())}

        return look

    array = {"type": "array"}
    model = process(
        {
            "Make": discipline(
                {"whole": {**array, "default": np.arange(1000) / 7}},
                {"gaps": array},
                lambda i: {"gaps": i["whole"][5::3]},
            ),
            **{
                f"R{k}": discipline({"gaps": array}, {f"s{k}": None, f"t{k}": None}, read(k))
                for k in range(2)
            },
            "Other": discipline({"u": START}, {"other": None}, lambda i: {"other": 1.0}),
        }
    )
    for values in ({}, BY_PROCESSES):
        strides[str(values)] = dict(build(model).execute(values).values)
    one, other = ({n: v for n, v in each.items() if n[0] in "st"} for each in strides.values())
    assert one == other
    assert one["s0"] == 8.0


def test_an_error_comes_with_the_traceback_of_the_process_that_raised():
    def fail(inputs):
        msg = "no such thing"
        raise LookupError(msg)

    with pytest.raises(DisciplineRaised, match="'D1' raised LookupError: no such thing") as caught:
        side_by_side(idle, fail).execute(BY_PROCESSES)
    assert "in fail" in str(caught.value.__cause__)


def test_of_several_failures_the_first_in_order_is_told():
    def late(inputs):
        time.sleep(0.1)
        return float("nan")

    def early(inputs):
        raise ValueError

    with pytest.raises(NotFinite):
        side_by_side(late, early).execute(BY_PROCESSES)


@pytest.mark.parametrize("by", ["threads", "processes"])
def test_a_loop_that_does_not_converge_tells_the_iterations_that_it_would_tell_alone(by):
    def loop(name, gain):
        a, b = f"{name}a", f"{name}b"
        return {
            f"{name}.A": discipline({b: START}, {a: None}, lambda i: {a: 1 + gain * i[b]}),
            f"{name}.B": discipline({a: START}, {b: None}, lambda i: {b: gain * i[a]}),
        }

    plan = build(process({**loop("P", 0.5), **loop("Q", 0.99), **loop("R", 0.99), **loop("S", 0.5)}))
    told = []
    for values in ({}, {"n_processes": 3, "parallel_by": by}):
        with pytest.raises(CouplingNotConverged) as caught:
            plan.execute({"max_mda_iter": 20, **values})
        told.append((str(caught.value), caught.value.disciplines, caught.value.history))
    assert told[0] == told[1]


def test_an_exit_ends_nothing_but_the_execution():
    with pytest.raises(DisciplineExited):
        side_by_side(idle, lambda i: exit(3)).execute(BY_PROCESSES)


def test_a_process_that_is_killed_names_its_discipline_and_what_may_be_done():
    plan = side_by_side(idle, lambda i: os.kill(os.getpid(), signal.SIGKILL))
    with pytest.raises(ProcessEnded, match=r"'D1' .*signal 9, out of memory.*take parallel_by threads"):
        plan.execute(BY_PROCESSES)


def test_a_request_to_stop_ends_what_runs():
    begun = time.monotonic()

    def should_stop():
        return time.monotonic() > begun + 0.2

    with pytest.raises(ExecutionStopped, match="D0"):
        side_by_side(*[lambda i: time.sleep(60) or 1.0] * 2).execute(BY_PROCESSES, should_stop=should_stop)
    assert time.monotonic() < begun + 20


def test_a_discipline_that_never_returns_is_ended_and_named_where_it_says_how_long_it_may_take():
    class Endless(Discipline):
        DESC_OUT = {"y": {"type": "float"}}
        MAX_SECONDS = 0.2

        def run(self, inputs):
            while True:
                pass

    begun = time.monotonic()
    model = process({"A": Endless, "B": discipline({"u": START}, {"b": None}, lambda i: {"b": 1.0})})
    with pytest.raises(DisciplineOverdue, match=r"'A' ran longer than the 0\.2 s"):
        build(model).execute(BY_PROCESSES)
    assert time.monotonic() < begun + 20


def test_events_logs_and_warnings_are_told_where_the_execution_is(caplog):
    heard = []

    class Listener(Observer):
        def on_discipline_started(self, event):
            heard.append((event.path, os.getpid()))

    def speak(inputs):
        logging.getLogger("model").warning("it is %d", 7)
        warnings.warn("odd", UserWarning, stacklevel=1)
        return 1.0

    with pytest.warns(UserWarning, match="odd"):
        side_by_side(idle, speak).execute(BY_PROCESSES, observer=Listener())
    assert sorted(heard) == [("D0", os.getpid()), ("D1", os.getpid())]
    assert [record.getMessage() for record in caplog.records] == ["it is 7"]


def test_each_process_draws_random_numbers_of_its_own():
    made = side_by_side(*[lambda i: time.sleep(0.05) or np.random.random()] * 2).execute(BY_PROCESSES)  # noqa: NPY002
    assert made.values["v0"] != made.values["v1"]


def test_no_process_is_left_behind():
    import multiprocessing

    before = multiprocessing.active_children()
    side_by_side(idle, idle).execute(BY_PROCESSES)
    assert multiprocessing.active_children() == before


def test_after_an_error_the_same_plan_runs_again():
    def inverse(inputs):
        return 1.0 / inputs["u"]

    plan = side_by_side(inverse, idle)
    with pytest.raises(DisciplineRaised):
        plan.execute({**BY_PROCESSES, "u": 0.0})
    assert plan.execute({**BY_PROCESSES, "u": 2.0}).values["v0"] == 0.5


def test_what_processes_made_is_kept_in_a_cache(monkeypatch):
    from tests.engine import counted_models as models

    model = process({"A": models.Doubles, "L": models.Left, "R": models.Right, "Z": models.Adds})
    plan, cache = build(model), MemoryCache(least_seconds=0.0)
    first = plan.execute(BY_PROCESSES, cache=cache)
    again = plan.execute({}, cache=cache)
    assert set(again.reused) == set(plan.disciplines)
    assert dict(again.values)["a"] == first.values["a"] == plan.execute().values["a"]
    assert again.residuals.equals(first.residuals)
