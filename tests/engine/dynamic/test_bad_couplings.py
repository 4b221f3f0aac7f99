"""What is said of couplings that are not there."""

import pytest

from sostrades_api.engine import (
    Discipline,
    DisciplineRaised,
    MissingInitialValue,
    MissingInputs,
    Process,
    build,
)
from tests.engine.making import discipline, process

FLOAT = {"type": "float"}


class Makes(Discipline):
    """Makes y at its own node."""

    DESC_OUT = {"y": FLOAT}

    def run(self, inputs):
        return {"y": 1.0}


class Reads(Discipline):
    """Reads y at its own node."""

    DESC_IN = {"y": FLOAT, "other": FLOAT}
    DESC_OUT = {"z": FLOAT}

    def run(self, inputs):
        return {"z": inputs["y"]}


def test_inputs_that_nobody_makes_name_their_readers_and_what_is_made_elsewhere():
    plan = build(Process("apart", disciplines={"A": Makes, "B": Reads}))
    with pytest.raises(MissingInputs) as caught:
        plan.execute({})
    assert caught.value.variables == ("B.y", "B.other")
    assert "(read by B)" in str(caught.value)
    assert "one namespace" in str(caught.value)
    assert "A.y for B.y" in str(caught.value)


def test_a_loop_that_cannot_start_names_the_coupling_and_takes_a_value_of_the_study():
    first = discipline({"b": None}, {"a": None}, lambda inputs: {"a": 0.5 * inputs["b"] + 1.0})
    second = discipline({"a": None}, {"b": None}, lambda inputs: {"b": 0.5 * inputs["a"]})
    plan = build(process({"A": first, "B": second}))
    with pytest.raises(MissingInitialValue) as caught:
        plan.execute({})
    missing = caught.value.variable
    assert plan.variables[missing].in_loop
    assert plan.execute({missing: 3.0}).values["a"] == pytest.approx(4 / 3)


def test_columns_of_other_lengths_fail_in_the_discipline_that_meets_them():
    import numpy as np

    long = discipline({}, {"u": {"type": "array"}}, lambda _: {"u": np.ones(3)})
    short = discipline({}, {"v": {"type": "array"}}, lambda _: {"v": np.ones(2)})
    both = {"u": {"type": "array"}, "v": {"type": "array"}}
    meets = discipline(both, {"w": {"type": "array"}}, lambda i: {"w": i["u"] + i["v"]})
    with pytest.raises(DisciplineRaised, match=r"'C' raised ValueError.*\(3,\) \(2,\)"):
        build(process({"A": long, "B": short, "C": meets})).execute({})
