import itertools
import sys
from threading import Lock

import numpy as np
import pandas as pd
import pytest

from sostrades_api.engine import (
    ContractBroken,
    Declared,
    Discipline,
    DisciplineExited,
    DisciplineRaised,
    InputChanged,
    InvalidInputs,
    InvalidOutput,
    MissingInputs,
    MissingOutput,
    NotFinite,
    UndeclaredOutput,
    WrongJacobian,
)
from sostrades_api.engine.testing import check_discipline
from tests.engine.making import discipline

X = {"x": {"type": "float", "default": 1.0}}


def test_a_good_discipline_returns_its_outputs():
    model = discipline(
        {**X, "t": {"type": "dataframe"}}, {"y": None}, lambda i: {"y": i["x"] + i["t"]["a"].sum()}
    )
    assert check_discipline(model, {"t": pd.DataFrame({"a": [2.0]})}) == {"y": 3.0}


def test_a_discipline_that_is_not_repeatable_is_found():
    counter = itertools.count()
    with pytest.raises(ContractBroken, match=r"output 'y' differs when run again.*DETERMINISTIC = False"):
        check_discipline(discipline(X, {"y": None}, lambda _i: {"y": float(next(counter))}))


@pytest.mark.parametrize(
    ("descriptor", "default", "change"),
    [
        ({"type": "dataframe"}, pd.DataFrame({"a": [1.0]}), lambda x: x.__setitem__("b", 1.0)),
        ({"type": "array"}, [1.0], lambda x: x.flags.writeable and x.fill(3.0)),
    ],
)
def test_a_discipline_that_changes_its_input_is_found(descriptor, default, change):
    def run(inputs):
        change(inputs["x"])
        return {"y": 1.0}

    with pytest.raises(ContractBroken, match="changes its input 'x'"):
        check_discipline(discipline({"x": {**descriptor, "default": default}}, {"y": None}, run))


def test_wrong_missing_and_unknown_inputs_are_named():
    model = discipline({"x": None}, {"y": None}, lambda i: {"y": i["x"]})
    with pytest.raises(MissingInputs):
        check_discipline(model)
    with pytest.raises(InvalidInputs) as caught:
        check_discipline(model, {"x": "1", "z": 1.0})
    assert set(caught.value.faults) == {"x", "z"}


def test_a_unit_that_cannot_be_read_is_warned_of():
    def run(inputs):
        return {"y": inputs["x"]}

    with pytest.warns(UserWarning, match="x: 'GWhh' is not a unit"):
        check_discipline(discipline({"x": {**X["x"], "unit": "GWhh"}}, {"y": None}, run))
    column = {"type": "dataframe", "dataframe_descriptor": {"a": {"type": "float", "unit": "GWhh"}}}
    table = {"t": {**column, "default": pd.DataFrame({"a": [1.0]})}}
    with pytest.warns(UserWarning, match="t, column 'a': 'GWhh' is not a unit"):
        check_discipline(discipline(table, {"y": None}, lambda i: {"y": i["t"]["a"].sum()}))


def test_outputs_are_checked_as_in_an_execution():
    with pytest.raises(NotFinite):
        check_discipline(discipline(X, {"y": None}, lambda _i: {"y": np.nan}))


def test_one_that_is_declared_not_deterministic_may_differ():
    counter = itertools.count()
    model = discipline(X, {"y": None}, lambda _i: {"y": float(next(counter))})
    model.DETERMINISTIC = False
    check_discipline(model)


def test_one_that_remembers_its_first_run_is_found():
    class Remembers(Discipline):
        DESC_IN = X
        DESC_OUT = {"y": {"type": "float"}}
        first = None

        def run(self, inputs):
            self.first = inputs["x"] if self.first is None else self.first
            return {"y": self.first}

    with pytest.raises(ContractBroken, match=r"'y' differs from a new object that has run on others first"):
        check_discipline(Remembers)


def test_one_that_remembers_an_earlier_run_is_found():
    class Remembers(Discipline):
        DESC_IN = X
        DESC_OUT = {"y": {"type": "float"}}
        last = None

        def run(self, inputs):
            if self.last is None or self.last < inputs["x"]:
                self.last = inputs["x"]
            return {"y": self.last}

    with pytest.raises(ContractBroken, match=r"'y' differs once it has run on others .*keep nothing between"):
        check_discipline(Remembers)


TABLE = {"type": "dataframe", "dataframe_descriptor": {"v": {"type": "float"}}}
FAULTS = {
    "an output too few": (lambda i: {}, MissingOutput, "output 'y'; return it"),
    "an output too many": (lambda i: {"y": 1.0, "z": 1.0}, UndeclaredOutput, "'z'.*Declare it"),
    "an output misspelt": (lambda i: {"yy": 1.0}, UndeclaredOutput, "did you mean 'y'"),
    "no outputs": (lambda i: None, InvalidOutput, "must return a dict"),
    "another type": (lambda i: {"y": "1"}, InvalidOutput, "'y': must be a float, not str"),
    "out of its range": (lambda i: {"y": 11.0}, InvalidOutput, "'y': 11.0 is outside"),
    "not a number": (lambda i: {"y": np.nan}, NotFinite, "'y', it is nan.*division by zero"),
    "an input not declared": (lambda i: {"y": i["w"]}, DisciplineRaised, "KeyError: 'w'"),
    "an exit": (lambda i: sys.exit(), DisciplineExited, "raise an exception instead"),
    "a list written to": (lambda i: i["items"].append(1.0) or {"y": 1.0}, InputChanged, "'items'.*deepcopy"),
    "a table written to": (
        lambda i: i["t"].pop("v") is None or {"y": 1.0},
        ContractBroken,
        "input 't'; .*copy",
    ),
    "an input replaced": (lambda i: i.update(x=2.0) or {"y": 1.0}, ContractBroken, "changes its input 'x'"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_every_planted_fault_is_found_and_says_what_to_do(fault):
    run, error, text = FAULTS[fault]
    inputs = {
        **X,
        "items": {"type": "list", "default": [1.0]},
        "t": {**TABLE, "default": pd.DataFrame({"v": [1.0]})},
    }
    with pytest.raises(error, match=text) as caught:
        check_discipline(discipline(inputs, {"y": {"type": "float", "range": [0, 10]}}, run))
    assert type(caught.value) is error
    assert caught.value.discipline == "Made"


def test_a_wrong_jacobian_is_found_without_asking_for_it():
    class Squares(Discipline):
        DESC_IN = X
        DESC_OUT = {"y": {"type": "float"}}

        def run(self, inputs):
            return {"y": inputs["x"] ** 2}

        def jacobian(self, inputs):
            return {("y", "x"): 3.0 * inputs["x"]}

    with pytest.raises(WrongJacobian, match=r"d y / d x is declared as 3, .* gives 2"):
        check_discipline(Squares)


def test_what_structure_declares_is_checked_too():
    class Sums(Discipline):
        DESC_IN = {"names": {"type": "list", "default": ["a"], "structuring": True, "namespace": "ns_names"}}

        def structure(self, values):
            inputs = {name: {"type": "float", "namespace": "ns_values"} for name in values["names"]}
            return Declared(inputs=inputs, outputs={f"half_{name}": {"type": "float"} for name in inputs})

        def run(self, inputs):
            return {f"half_{name}": inputs[name] / 2 for name in inputs["names"]}

    assert check_discipline(Sums, {"a": 3.0}) == {"half_a": 1.5}
    assert check_discipline(Sums, {"names": ["b", "c"], "b": 1.0, "c": 2.0}) == {"half_b": 0.5, "half_c": 1.0}
    with pytest.raises(InvalidInputs, match="no such input; did you mean 'bees'"):
        check_discipline(Sums, {"names": ["bees"], "bee": 1.0})


def test_nothing_needs_to_be_picklable():
    class Locked(Discipline):
        DESC_IN = X
        DESC_OUT = {"y": {"type": "float"}}

        def __init__(self):
            self._lock = Lock()

        def run(self, inputs):
            with self._lock:
                return {"y": inputs["x"]}

    assert check_discipline(Locked) == {"y": 1.0}
