import itertools

import numpy as np
import pandas as pd
import pytest

from sostrades_api.engine import ContractBroken, InvalidInputs, MissingInputs, NotFinite
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
    with pytest.raises(ContractBroken, match="output 'y' differs"):
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


def test_outputs_are_checked_as_in_an_execution():
    with pytest.raises(NotFinite):
        check_discipline(discipline(X, {"y": None}, lambda _i: {"y": np.nan}))
