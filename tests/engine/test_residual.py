import math
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sostrades_api.engine import MISSING, CouplingNotConverged, run
from sostrades_api.engine.residual import residual_of
from tests.engine.making import discipline, process

numbers = st.floats(-1e12, 1e12) | st.sampled_from([0.0, -0.0, 1e-300, 5e-324])
iterations = st.integers(1, 30).flatmap(
    lambda size: st.lists(st.lists(numbers, min_size=size, max_size=size), min_size=2, max_size=5)
)


def measured(residual, rows):
    return [residual.measure(tuple(old), tuple(new)) for old, new in pairwise(rows)]


@settings(deadline=None)
@given(iterations)
def test_floats_tables_and_any_values_are_measured_alike(rows):
    size = len(rows[0])
    floats = measured(residual_of(couplings=size, only_floats=True), rows)
    general = measured(residual_of(couplings=size, only_floats=False), rows)
    tables = [[pd.DataFrame({str(i): [x] for i, x in enumerate(row)})] for row in rows]
    assert general == pytest.approx(floats, rel=1e-12, abs=1e-300)
    assert measured(residual_of(couplings=1, only_floats=False), tables) == general


@pytest.mark.parametrize("only_floats", [True, False])
@pytest.mark.parametrize("size", [1, 40])
def test_a_start_from_infinity_is_not_converged_nor_ever_taken_for_a_scale(only_floats, size):
    residual = residual_of(couplings=size, only_floats=only_floats)
    assert residual.measure((math.inf,) * size, (1.0,) * size) == math.inf
    assert residual.measure((1.0,) * size, (2.0,) * size) == 0.5


def test_what_was_missing_before_is_passed_over():
    for size, only_floats in ((2, True), (40, True), (2, False)):
        rest = (1.0,) * (size - 1)
        residual = residual_of(couplings=size, only_floats=only_floats)
        assert residual.measure((MISSING, *rest), (5.0, *rest)) == 0.0
        assert residual.measure((5.0, *rest), (10.0, *rest)) == 0.5


def measure(old, new):
    return residual_of(couplings=1, only_floats=False).measure((old,), (new,))


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (np.array([1.0, math.nan]), np.array([2.0, math.nan]), 0.5),
        (np.array([1.0, math.nan]), np.array([1.0, 1.0]), math.inf),
        (np.array([math.inf]), np.array([math.inf]), 0.0),
        (np.array([1.0]), np.array([[1.0]]), math.inf),
        (np.empty(0), np.empty(0), 0.0),
        ("a", "a", 0.0),
        ("a", "b", math.inf),
        (True, 1.0, math.inf),
        (None, 1.0, math.inf),
        (1, 2, math.inf),
        (2**53, 2**53 + 1, math.inf),
        ([10**12, 1.0], [10**12 + 1, 1.0], math.inf),
        ([10**12, 1.0], [10**12, 2.0], 0.5),
        (np.array([10**12]), np.array([10**12 + 1]), math.inf),
        (np.array([10**12]), np.array([10**12]), 0.0),
        (pd.DataFrame({"n": [10**12], "a": [1.0]}), pd.DataFrame({"n": [10**12 + 1], "a": [1.0]}), math.inf),
        (pd.DataFrame({"n": [10**12], "a": [1.0]}), pd.DataFrame({"n": [10**12], "a": [2.0]}), 0.5),
        (pd.DataFrame({"c": [[np.ones(2)]]}), pd.DataFrame({"c": [[np.ones(2)]]}), 0.0),
        (pd.DataFrame({"c": [[np.ones(2)]]}), pd.DataFrame({"c": [{"x": np.ones(2)}]}), math.inf),
        (pd.DataFrame({"c": [pd.NA, pd.NaT]}), pd.DataFrame({"c": [pd.NA, pd.NaT]}), 0.0),
        (
            pd.DataFrame({"c": pd.array([None], dtype="string")}),
            pd.DataFrame({"c": pd.array(["x"], dtype="string")}),
            math.inf,
        ),
        ({"b": 1.0, "a": 2.0}, {"a": 2.0, "b": 1.0}, 0.0),
        ({"a": 1.0}, {"b": 1.0}, math.inf),
        ([1.0, "x", [2.0]], [1.0, "x", [4.0]], 0.5),
        ([1.0], [1.0, 1.0], math.inf),
        (pd.DataFrame({"a": [1.0], "b": ["x"]}), pd.DataFrame({"a": [2.0], "b": ["x"]}), 0.5),
        (pd.DataFrame({"a": [1.0], "b": ["x"]}), pd.DataFrame({"a": [1.0], "b": ["y"]}), math.inf),
        (pd.DataFrame({"b": ["x", None]}), pd.DataFrame({"b": ["x", None]}), 0.0),
        (pd.DataFrame({"a": [1.0]}), pd.DataFrame({"c": [1.0]}), math.inf),
        (pd.DataFrame({"a": []}), pd.DataFrame({"a": []}), 0.0),
    ],
)
def test_a_change_is_scaled_and_what_is_no_number_must_be_equal(old, new, expected):
    assert measure(old, new) == expected


def test_a_table_is_compared_however_its_columns_were_put_together():
    whole = pd.DataFrame({"a": [1.0], "b": [2.0]})
    pieces = pd.DataFrame({"a": [2.0]})
    pieces["b"] = [2.0]
    assert measure(whole, pieces) == 0.5
    for frame in (whole, pieces):
        frame["year"] = [2015]
    assert measure(whole, pieces[["a", "b", "year"]]) == 0.5


def test_wholly_new_numbers_of_a_shape_begin_their_own_scale():
    residual = residual_of(couplings=1, only_floats=False)
    assert residual.measure((1e20,), (1e20,)) == 0.0
    assert residual.measure((np.array([1.0]),), (np.array([2.0]),)) == 0.5


@pytest.mark.parametrize("scaling", ["magnitude", "none", "root_mean_square", "initial"])
def test_a_change_too_large_for_a_float_is_measured_without_a_warning(scaling):
    swinging = discipline(
        {"y": {"type": "array", "default": np.array([1.7e308])}},
        {"y": {"type": "array"}},
        lambda i: {"y": -i["y"]},
    )
    with pytest.raises(CouplingNotConverged):
        run(process({"A": swinging}), {"residual_scaling": scaling, "tolerance": 1e-3, "max_mda_iter": 20})
