"""Derivatives that would be wrong without a word."""

import warnings

import numpy as np
import pandas as pd
import pytest

from sostrades_api.engine import DisciplineRaised, InvalidJacobian, NotDifferentiable, build
from tests.engine.making import discipline, process

TWO = {
    "type": "dataframe",
    "dataframe_descriptor": {"v": {"type": "float"}, "w": {"type": "float"}},
}
ARRAY = {"type": "array"}


def derived(read, made, compute, **attributes):
    cls = discipline({"x": read}, {"y": made}, compute)
    for name, value in attributes.items():
        setattr(cls, name, value)
    return build(process({"A": cls})).derivatives({}, of=["y"], wrt=["x"])["y", "x"]


def jacobian(returned):
    return {"jacobian": lambda self, inputs: returned}


def test_columns_in_another_order_than_declared_keep_their_derivatives_in_complex_step():
    found = derived(
        {"type": "float", "default": 1.0},
        TWO,
        lambda i: {"y": pd.DataFrame({"w": [7.0 * i["x"]], "v": [3.0 * i["x"]]})},
        COMPLEX_SAFE=True,
    )
    assert found.ravel().tolist() == [3.0, 7.0]


def test_columns_of_tables_in_a_dict_too():
    found = derived(
        {"type": "float", "default": 1.0},
        {**TWO, "type": "dict", "subtype_descriptor": {"dict": "dataframe"}},
        lambda i: {"y": {"t": pd.DataFrame({"w": [7.0 * i["x"]], "v": [3.0 * i["x"]]})}},
        COMPLEX_SAFE=True,
    )
    assert found.ravel().tolist() == [3.0, 7.0]


@pytest.mark.parametrize(
    ("returned", "detail"),
    [
        ({("y", "X"): 2.0}, "no such input"),
        ({("Y", "x"): 2.0}, "no such output"),
        ({"y": 2.0}, "a key is"),
        ({("y", ("x", "c")): 2.0}, "no parts"),
        (None, "must return a dict, not NoneType"),
        ([2.0], "must return a dict, not list"),
    ],
)
def test_a_jacobian_of_other_names_or_none_is_refused(returned, detail):
    with pytest.raises(InvalidJacobian, match=detail):
        derived({"type": "float", "default": 1.0}, None, lambda i: {"y": i["x"]}, **jacobian(returned))


def test_an_entry_that_is_left_out_is_zero():
    assert derived({"type": "float", "default": 1.0}, None, lambda i: {"y": 1.0}, **jacobian({})) == 0.0


def test_an_imaginary_part_that_is_thrown_away_is_an_error():
    def compute(inputs):
        made = np.zeros(2)
        made[:] = 3 * inputs["x"]
        return {"y": made}

    filters = list(warnings.filters)
    with pytest.raises(DisciplineRaised, match="COMPLEX_SAFE"):
        derived({**ARRAY, "default": np.ones(2)}, ARRAY, compute, COMPLEX_SAFE=True)
    assert warnings.filters == filters


@pytest.mark.parametrize("safe", [True, False])
def test_an_output_of_another_length_in_a_step_has_no_derivative(safe):
    def compute(inputs):
        size = 3 if np.real(inputs["x"][0]) > 2 or np.imag(inputs["x"][0]) else 2
        return {"y": np.ones(size) * inputs["x"].sum()}

    with pytest.raises(NotDifferentiable, match=r"'A.y'.*length"):
        derived({**ARRAY, "default": np.array([2.0, 3.0])}, ARRAY, compute, COMPLEX_SAFE=safe)


def test_a_step_may_go_beyond_a_declared_range():
    found = derived(
        {"type": "float", "default": 1.0}, {"type": "float", "range": [0, 1]}, lambda i: {"y": i["x"]}
    )
    assert found == pytest.approx(1.0, rel=1e-9)


def test_what_is_computed_in_single_precision_is_stepped_far_enough():
    def compute(inputs):
        return {"y": np.float32(3.0) * inputs["x"].astype(np.float32)}

    found = derived({**ARRAY, "default": np.array([0.3, 7.0])}, ARRAY, compute)
    assert found == pytest.approx(np.diag([3.0, 3.0]), rel=1e-3)


@pytest.mark.parametrize(("start", "slope"), [(1000.3, 0.1), (-20.7, 0.01)])
def test_a_step_that_single_precision_loses_altogether_is_made_longer(start, slope):
    compute = lambda i: {"y": np.float32(start) + np.float32(slope) * np.float32(i["x"])}  # noqa: E731
    found = derived({"type": "float", "default": 1.0}, {"type": "float"}, compute)
    assert found == pytest.approx(slope, rel=0.01)


@pytest.mark.parametrize("number", [3.0, 0.5, 123457.0, 0.1, 1000.3])
def test_what_does_not_depend_on_a_number_has_no_derivative(number):
    assert derived({"type": "float", "default": 1.0}, {"type": "float"}, lambda _i: {"y": number}) == 0.0


def test_given_numbers_of_single_precision_are_stepped_in_double():
    compute = lambda i: {"y": i["x"].astype(np.float64) ** 2}  # noqa: E731 - shorter
    found = derived({**ARRAY, "default": np.array([3.0], dtype=np.float32)}, ARRAY, compute)
    assert found == pytest.approx(6.0, rel=1e-8)
