import numpy as np
import pandas as pd
import pytest

from sostrades_api.disciplines.sellar import Sellar1, Sellar2, SellarProblem
from sostrades_api.engine import ContractBroken, WrongJacobian
from sostrades_api.engine.testing import check_jacobian
from tests.engine.making import discipline

TABLE = {"type": "dataframe", "dataframe_descriptor": {"v": {"type": "float"}}}


@pytest.mark.parametrize(
    ("model", "inputs"),
    [
        (Sellar1, {"y_2": 3.0}),
        (Sellar2, {"y_1": 7.0}),
        (Sellar2, {"y_1": -1.0}),
        (SellarProblem, {"y_1": 3.0, "y_2": 2.0}),
    ],
)
def test_the_shipped_jacobians_are_right(model, inputs):
    check_jacobian(model, inputs)


def squares(jacobian, *, complex_safe=True):
    """y = x^2 of three numbers, and t.v = 2 x in a table."""
    model = discipline(
        {"x": {"type": "array", "default": [1.0, 2.0, 3.0]}},
        {"y": {"type": "array"}, "t": TABLE},
        lambda i: {"y": i["x"] ** 2, "t": pd.DataFrame({"v": 2 * i["x"]})},
    )
    model.COMPLEX_SAFE = complex_safe
    model.jacobian = lambda self, inputs: jacobian(inputs["x"])
    return model


@pytest.mark.parametrize("complex_safe", [True, False])
@pytest.mark.parametrize("method", ["complex_step", "finite_differences"])
def test_a_right_jacobian_passes(complex_safe, method):
    right = squares(lambda x: {("y", "x"): 2 * x, (("t", "v"), "x"): 2.0}, complex_safe=complex_safe)
    check_jacobian(right, method=method)


def test_the_wrong_entry_is_named_with_both_numbers():
    wrong = squares(lambda x: {("y", "x"): np.diag(2 * x) + np.eye(3, k=1) * [0, 0, 1], ("t", "x"): 2.0})
    with pytest.raises(WrongJacobian) as caught:
        check_jacobian(wrong)
    error = caught.value
    assert (error.output, error.input) == ("y (element [1])", "x (element [2])")
    assert (error.declared, error.expected, error.method) == (1.0, 0.0, "complex step")
    assert "1 entry is wrong" in str(error)


def test_a_missing_entry_is_a_wrong_zero():
    with pytest.raises(WrongJacobian, match="3 entries are wrong") as caught:
        check_jacobian(squares(lambda x: {("y", "x"): 2 * x}))
    assert caught.value.output == "t (column 'v', row 0)"
    assert (caught.value.declared, caught.value.expected) == (0.0, 2.0)


def test_a_small_error_is_seen_by_complex_step():
    with pytest.raises(WrongJacobian):
        check_jacobian(squares(lambda x: {("y", "x"): 2 * x * (1 + 1e-8), ("t", "x"): 2.0}))
    check_jacobian(squares(lambda x: {("y", "x"): 2 * x * (1 + 1e-8), ("t", "x"): 2.0}), tolerance=1e-6)


def test_a_discipline_without_a_jacobian_is_told_so():
    with pytest.raises(ContractBroken, match="declares no jacobian"):
        check_jacobian(
            discipline({"x": {"type": "float", "default": 1.0}}, {"y": None}, lambda i: {"y": 1.0})
        )
