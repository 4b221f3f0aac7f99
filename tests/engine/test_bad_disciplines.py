"""What a discipline may do wrong: each has its own error, which says where, what, and what to do about it.

After each, the same plan and the same session go on with good input as if nothing had been.
"""

import asyncio
import math
import sys

import numpy as np
import pandas as pd
import pytest

from sostrades_api.engine import (
    CouplingUnsteady,
    Discipline,
    DisciplineExited,
    DisciplineRaised,
    InputChanged,
    InvalidOutput,
    MemoryCache,
    MissingInitialValue,
    MissingOutput,
    NotFinite,
    Observer,
    PlaceError,
    StructureFailed,
    UndeclaredOutput,
    build,
)
from sostrades_api.engine.comparison import same_bits
from tests.engine.making import discipline, process

START = {"type": "float", "default": 0.5}
TABLE = {"type": "dataframe", "dataframe_descriptor": {"v": {"type": "float"}}}
READ = {
    "numbers": {"type": "array", "default": np.ones(2)},
    "items": {"type": "list", "default": [1.0, [2.0]]},
    "named": {"type": "dict", "default": {"a": [1.0]}},
    "table": {**TABLE, "default": pd.DataFrame({"v": [1.0]})},
}


def write_array(inputs):
    inputs["numbers"][0] = 2.0


def write_array_of_another_name(inputs):
    mine = inputs["numbers"]
    mine *= 2.0


def write_list(inputs):
    inputs["items"].append(2.0)


def write_inner_list(inputs):
    inputs["items"][1][0] = 2.0


def write_dict(inputs):
    inputs["named"]["b"] = 2.0


def write_inner_dict(inputs):
    inputs["named"]["a"].clear()


def write_column(inputs):
    inputs["table"]["v"].to_numpy()[0] = 2.0


def raised_by(run):
    """The error of a discipline with every kind of input."""
    model = discipline(READ, {"y": None}, lambda i: run(i) or {"y": 1.0})
    with pytest.raises(DisciplineRaised) as caught:
        build(process({"A": model})).execute()
    return caught.value


@pytest.mark.parametrize(
    ("write", "name"),
    [
        (write_array, "numbers"),
        (write_array_of_another_name, "numbers"),
        (write_list, "items"),
        (write_inner_list, "items"),
        (write_dict, "named"),
        (write_inner_dict, "named"),
        (write_column, "table"),
    ],
)
def test_a_changed_input_is_named(write, name):
    error = raised_by(write)
    assert type(error) is InputChanged
    assert (error.discipline, error.variable) == ("A", name)
    assert f"copy.deepcopy(inputs['{name}'])" in str(error)


def test_an_array_of_ones_own_that_is_read_only_is_no_input():
    def write(inputs):
        np.broadcast_to(np.zeros(1), 3)[0] = 1.0

    assert type(raised_by(write)) is DisciplineRaised


CONSTANT = np.arange(3.0)
CONSTANT.flags.writeable = False


class Keeper(Discipline):
    """Writes into what it returned before."""

    DESC_IN = {"x": {"type": "array", "default": np.array([1.0])}}
    DESC_OUT = {"y": {"type": "array"}}

    def __init__(self):
        self.kept = np.zeros(1)

    def run(self, inputs):
        self.kept[:] = 2 * inputs["x"]
        return {"y": self.kept}


def test_no_input_is_blamed_when_a_discipline_writes_into_an_array_of_its_own():
    def write(inputs):
        CONSTANT[0] = inputs["numbers"][0]

    def write_by_function(inputs):
        np.multiply(inputs["numbers"], 2, out=CONSTANT[:1])

    for each in (write, write_by_function):
        assert type(raised_by(each)) is DisciplineRaised
    kept = np.zeros(1)
    kept.flags.writeable = False
    keeper = type("Other", (Keeper,), {"__init__": lambda self: setattr(self, "kept", kept)})
    with pytest.raises(DisciplineRaised) as caught:
        build(process({"A": keeper})).execute()
    assert type(caught.value) is DisciplineRaised


def write_out(inputs):
    np.add(1.0, 1.0, out=inputs["numbers"])


def write_in_place(inputs):
    inputs["numbers"].sort()


def write_by_hand(inputs):
    def fill(array):
        array[:] = 0.0

    fill(inputs["numbers"])


@pytest.mark.parametrize("write", [write_out, write_in_place, write_by_hand])
def test_an_input_is_named_however_it_is_written_to(write):
    assert raised_by(write).variable == "numbers"


def test_an_observer_that_fails_does_not_hide_what_failed():
    class Failing(Observer):
        def on_discipline_failed(self, event):
            raise ValueError(event.path)

    def fail(inputs):
        raise ZeroDivisionError

    with pytest.raises(DisciplineRaised, match="ZeroDivisionError") as caught:
        build(process({"A": discipline({}, {"y": None}, fail)})).execute(observer=Failing())
    assert "ValueError('A')" in caught.value.__notes__[0]


def test_a_table_is_the_disciplines_own_and_others_see_nothing_of_what_it_does():
    def write(inputs):
        inputs["table"].loc[0, "v"] = 9.0
        return {"y": 1.0}

    model = process(
        {
            "A": discipline({"table": READ["table"]}, {"y": None}, write),
            "B": discipline({"table": TABLE}, {"z": None}, lambda i: {"z": float(i["table"]["v"].sum())}),
        }
    )
    assert build(model).execute().values["z"] == 1.0


@pytest.mark.parametrize("kind", [GeneratorExit, asyncio.CancelledError, StopIteration, RuntimeError])
@pytest.mark.parametrize("made", [None, {"type": "array"}])
def test_whatever_a_discipline_raises_names_it(kind, made):
    def fail(inputs):
        raise kind

    with pytest.raises(DisciplineRaised, match=f"'A' raised {kind.__name__}"):
        build(process({"A": discipline({}, {"y": made}, fail)})).execute()


def test_an_error_without_a_text_is_still_told():
    class SpeechlessError(Exception):
        def __str__(self):
            raise ValueError

    def fail(inputs):
        raise SpeechlessError

    with pytest.raises(DisciplineRaised, match="SpeechlessError: it has no text"):
        build(process({"A": discipline({}, {"y": None}, fail)})).execute()


def test_the_key_that_interrupts_is_no_fault_of_a_discipline():
    def interrupted(inputs):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build(process({"A": discipline({}, {"y": None}, interrupted)})).execute()


def test_an_exit_at_any_place_ends_no_program():
    class ExitsWhenMade(Discipline):
        DESC_OUT = {"y": {"type": "float"}}

        def __init__(self):
            sys.exit(3)

    class ExitsInStructure(Discipline):
        DESC_IN = {"n": {"type": "int", "default": 1, "structuring": True}}

        def structure(self, values):
            sys.exit(3)

    with pytest.raises(PlaceError, match=r"'A' cannot be placed: .*SystemExit"):
        build(process({"A": ExitsWhenMade}))
    with pytest.raises(StructureFailed, match="'A' cannot say what it needs for n=1: SystemExit: 3"):
        build(process({"A": ExitsInStructure}))
    with pytest.raises(DisciplineExited, match="'A' tried to end the program"):
        build(process({"A": discipline({}, {"y": TABLE}, lambda i: sys.exit())})).execute()


def test_a_number_too_large_for_a_float_is_refused():
    with pytest.raises(InvalidOutput, match="'A', output 'y': is too large"):
        build(process({"A": discipline({}, {"y": None}, lambda i: {"y": 10**400})})).execute()


def growing(inputs):
    return {"a": np.ones(len(inputs["b"]) % 7 + 1)}


@pytest.mark.parametrize("solver", ["MDAGaussSeidel", "MDAJacobi", "MDANewtonRaphson", "MDAQuasiNewton"])
def test_a_loop_whose_lengths_never_stand_still_says_so(solver):
    array = {"type": "array"}
    loop = process(
        {
            "A": discipline({"b": {**array, "default": np.ones(2)}}, {"a": array}, growing),
            "B": discipline({"a": array}, {"b": array}, lambda i: {"b": i["a"]}),
        }
    )
    with pytest.raises(CouplingUnsteady, match=r"loop of A, B .* [ab] still changes its length"):
        build(loop).execute({"sub_mda_class": solver, "max_mda_iter": 40})


@pytest.mark.parametrize("kind", [{"type": "float"}, {"type": "array"}, TABLE, {"type": "dict"}])
def test_a_loop_that_has_nothing_to_start_from_names_variable_and_reader(kind):
    loop = process(
        {
            "A": discipline({"b": kind}, {"a": kind}, lambda i: {"a": i["b"]}),
            "B": discipline({"a": kind}, {"b": kind}, lambda i: {"b": i["a"]}),
        }
    )
    with pytest.raises(MissingInitialValue, match=r"'b' goes round .*or its consumer 'A' a default"):
        build(loop).execute()


def wrong(inputs):
    """Good for x >= 0; each other x is another fault."""
    x = inputs["x"]
    faults = {-1.0: {}, -2.0: {"y": 1.0, "z": 1.0}, -3.0: {"y": math.nan}, -4.0: {"y": "text"}}
    if x == -5.0:
        raise ValueError
    if x == -6.0:
        sys.exit(1)
    if x == -7.0:
        inputs["items"].append(1.0)
    return faults.get(x, {"y": 2 * x + inputs["b"] / 4})


ERRORS = {
    -1.0: MissingOutput,
    -2.0: UndeclaredOutput,
    -3.0: NotFinite,
    -4.0: InvalidOutput,
    -5.0: DisciplineRaised,
    -6.0: DisciplineExited,
    -7.0: InputChanged,
}


def models(*, looped):
    """A discipline that can do everything wrong, between others, in a loop or not."""
    return {
        "Before": discipline({"u": START}, {"w": None}, lambda i: {"w": i["u"] + 1.0}),
        "Wrong": discipline({"x": START, "items": READ["items"], "b": START}, {"y": None}, wrong),
        "After": discipline(
            {"y": None, "w": None},
            {"b" if looped else "c": None},
            lambda i: dict.fromkeys("b", i["y"] / 4) if looped else {"c": i["y"] + i["w"]},
        ),
    }


@pytest.mark.parametrize("fault", ERRORS)
@pytest.mark.parametrize("looped", [False, True])
def test_after_every_fault_everything_goes_on_as_if_nothing_had_been(fault, looped):
    plan, cache = build(process(models(looped=looped))), MemoryCache(least_seconds=0.0)
    session = plan.session()
    good = build(process(models(looped=looped))).execute({"x": 3.0, "u": 2.0})
    ways = [
        plan.execute,
        lambda values: plan.execute(values, cache=cache),
        lambda values: plan.execute({**values, "n_processes": 2}),
        session.execute,
    ]
    for execute in ways:
        execute({"x": 1.0})
        with pytest.raises(ERRORS[fault]) as caught:
            execute({"x": fault, "u": 2.0})
        assert type(caught.value) is ERRORS[fault]
        assert caught.value.discipline == "Wrong"
        again = execute({"x": 3.0, "u": 2.0})
        for name, value in good.values.items():
            assert same_bits(value, again.values[name]), name
    samples = plan.execute_many({"x": [3.0, fault, 3.0]}, outputs=["y"])
    assert list(samples.failures) == [1]
    assert samples.values["y"][0] == samples.values["y"][2] == good.values["y"]
