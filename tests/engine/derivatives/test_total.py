"""Total derivatives: direct, adjoint and finite differences over whole executions agree."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sostrades_api.engine import (
    DisciplineRaised,
    InvalidJacobian,
    NotDifferentiable,
    SettingsError,
    build,
)
from sostrades_api.processes import catalogue
from tests.engine.making import discipline, process

MODES = ["direct", "adjoint", "auto"]
ARRAY = {"type": "array"}


def over_executions(plan, of, wrt, values, step=1e-6):
    """Central differences of whole executions, for a float input and any floats."""
    ends = [
        plan.execute({**values, "tolerance": 1e-14, wrt: values[wrt] + sign * step}).values[of]
        for sign in (1, -1)
    ]
    return (ends[0] - ends[1]) / (2 * step)


def smooth(reads, weight, made, *, declared, complex_safe):
    """made = 1 + w sin(sum of reads)."""

    def evaluate(inputs):
        result = 1.0 + weight * np.sin(sum(inputs[name] for name in reads))
        return {made: complex(result) if isinstance(result, complex) else float(result)}

    start = {"type": "float", "default": 0.5}
    cls = discipline(dict.fromkeys(reads, start), {made: None}, evaluate)
    cls.COMPLEX_SAFE = complex_safe
    if declared:
        cls.jacobian = lambda self, inputs: {
            (made, name): weight * float(np.cos(sum(inputs[n] for n in reads))) for name in reads
        }
    return cls


@st.composite
def networks(draw):
    """Disciplines that read u, w and some of each other, in loops or not, mildly."""
    size = draw(st.integers(1, 7))
    made = [f"x{i}" for i in range(size)]
    disciplines = {}
    for i, name in enumerate(made):
        reads = draw(st.lists(st.sampled_from([*made, "u", "w"]), max_size=4, unique=True))
        weight = draw(st.floats(-0.8, 0.8)) / max(len(reads), 1)
        how = draw(st.sampled_from(["declared", "complex", "neither"]))
        disciplines[f"D{i}"] = smooth(
            reads, weight, name, declared=how == "declared", complex_safe=how == "complex"
        )
    disciplines["Inputs"] = smooth(["u", "w"], 0.3, "both", declared=True, complex_safe=False)
    return disciplines, made


@settings(deadline=None, max_examples=60)
@given(networks(), st.floats(-2, 2), st.floats(-2, 2))
def test_direct_equals_adjoint_equals_finite_differences(network, u, w):
    disciplines, made = network
    plan = build(process(disciplines, numerical={"tolerance": 1e-14}))
    values = {"u": u, "w": w}
    direct = plan.derivatives(values, of=made, wrt=["u", "w"], mode="direct")
    adjoint = plan.derivatives(values, of=made, wrt=["u", "w"], mode="adjoint")
    for pair, found in direct.items():
        assert adjoint[pair] == pytest.approx(found, rel=1e-9, abs=1e-12)
        assert found == pytest.approx(over_executions(plan, *pair, values), rel=1e-5, abs=1e-7)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("point", [{"x": 1.0, "z_1": 5.0, "z_2": 2.0}, {"x": 0.0, "z_1": 1.98, "z_2": 0.1}])
def test_sellars_derivatives_are_those_of_its_equations(mode, point):
    """Both y differentiated by hand: y_1 = a - 0.2 y_2, y_2 = sqrt(y_1) + z_1 + z_2."""
    plan = build(catalogue.get("sellar"))
    found = plan.derivatives(point, of=["y_1", "y_2", "objective"], wrt=["x", "z_1", "z_2"], mode=mode)
    y_1, y_2 = found.result.values["y_1"], found.result.values["y_2"]
    slope = 0.5 / y_1**0.5
    for name, by_a, by_b in (("x", 1.0, 0.0), ("z_1", 2 * point["z_1"], 1.0), ("z_2", 1.0, 1.0)):
        d_1 = (by_a - 0.2 * by_b) / (1 + 0.2 * slope)
        d_2 = slope * d_1 + by_b
        own = {"x": 2 * point["x"], "z_1": 0.0, "z_2": 1.0}[name]
        assert found["y_1", name] == pytest.approx(d_1, rel=1e-10)
        assert found["y_2", name] == pytest.approx(d_2, rel=1e-10)
        assert found["objective", name] == pytest.approx(own + d_1 - np.exp(-y_2) * d_2, rel=1e-10)


@pytest.mark.parametrize("mode", MODES)
def test_a_chain_of_declared_floats_is_the_product_of_its_slopes(mode):
    chain = {}
    for i in range(5):
        cls = discipline(
            {f"y{i}": None}, {f"y{i + 1}": None}, lambda v, i=i: {f"y{i + 1}": (i + 2) * v[f"y{i}"]}
        )
        cls.jacobian = lambda self, v, i=i: {(f"y{i + 1}", f"y{i}"): float(i + 2)}
        chain[f"D{i}"] = cls
    plan = build(process(chain))
    found = plan.derivatives({"y0": 1.0}, of=["y5", "y2"], wrt=["y0"], mode=mode)
    assert dict(found) == {("y5", "y0"): 720.0, ("y2", "y0"): 6.0}
    assert found.result.values["y5"] == 720.0


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("declared", [True, False])
def test_arrays_and_columns_of_tables_have_matrices(mode, declared):
    """t.v = 3 u in a table; r = M t.v; s = sum of r^2."""
    matrix = np.arange(6.0).reshape(2, 3)
    table = {"type": "dataframe", "dataframe_descriptor": {"year": {"type": "int"}, "v": {"type": "float"}}}
    first = discipline(
        {"u": ARRAY},
        {"t": table},
        lambda i: {"t": pd.DataFrame({"year": range(3), "v": 3 * i["u"]})},
    )
    second = discipline({"t": table}, {"r": ARRAY}, lambda i: {"r": matrix @ i["t"]["v"].to_numpy()})
    third = discipline({"r": ARRAY}, {"s": None}, lambda i: {"s": float((i["r"] ** 2).sum())})
    if declared:
        first.jacobian = lambda self, i: {(("t", "v"), "u"): 3.0}
        second.jacobian = lambda self, i: {("r", ("t", "v")): matrix}
        third.jacobian = lambda self, i: {("s", "r"): 2 * i["r"]}
    plan = build(process({"A": first, "B": second, "C": third}))
    u = np.array([1.0, -2.0, 0.5])
    found = plan.derivatives({"u": u}, of=["s", "r", "t"], wrt=["u"], mode=mode)
    np.testing.assert_allclose(found["t", "u"], 3 * np.eye(3), atol=1e-8)
    np.testing.assert_allclose(found["r", "u"], 3 * matrix, atol=1e-8)
    np.testing.assert_allclose(found["s", "u"], (6 * matrix.T @ (3 * matrix @ u))[None], rtol=1e-8)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("size", [4, 300])
def test_a_loop_of_arrays_is_solved_dense_when_small_and_sparse_when_large(mode, size):
    """a = p + b / 3 (shifted by one), b = a / 2; d a / d p = (I - S / 6)^-1."""
    first = discipline(
        {"p": {**ARRAY, "default": np.ones(size)}, "b": {**ARRAY, "default": np.zeros(size)}},
        {"a": ARRAY},
        lambda i: {"a": i["p"] + np.roll(i["b"], 1) / 3},
    )
    shift = np.roll(np.eye(size), 1, axis=0)
    first.jacobian = lambda self, i: {("a", "p"): 1.0, ("a", "b"): shift / 3}
    second = discipline({"a": ARRAY}, {"b": ARRAY}, lambda i: {"b": i["a"] / 2})
    second.jacobian = lambda self, i: {("b", "a"): 0.5}
    total = discipline({"a": ARRAY}, {"s": None}, lambda i: {"s": float(i["a"].sum())})
    total.jacobian = lambda self, i: {("s", "a"): np.ones(size)}
    plan = build(process({"A": first, "B": second, "C": total}))
    found = plan.derivatives(of=["a", "s"], wrt=["p"], mode=mode)
    np.testing.assert_allclose(found["a", "p"], np.linalg.inv(np.eye(size) - shift / 6), atol=1e-12)
    np.testing.assert_allclose(found["s", "p"], np.full((1, size), 6 / 5), rtol=1e-12)


def test_the_mode_with_fewer_solves_is_taken():
    plan = build(catalogue.get("sellar"))
    assert plan.derivatives(of=["objective"], wrt=["x", "z_1"]).mode == "adjoint"
    assert plan.derivatives(of=["objective", "c_1"], wrt=["x"]).mode == "direct"


def test_what_does_not_depend_has_derivative_zero():
    plan = build(
        process(
            {
                "A": discipline(
                    {"x": {"type": "float", "default": 1.0}}, {"y": None}, lambda i: {"y": i["x"]}
                ),
                "B": discipline(
                    {"p": {"type": "float", "default": 1.0}}, {"q": None}, lambda i: {"q": i["p"]}
                ),
            }
        )
    )
    for mode in MODES:
        found = plan.derivatives(of=["y", "q"], wrt=["x", "p"], mode=mode)
        assert (found["y", "p"], found["q", "x"]) == (0.0, 0.0)
        assert found["y", "x"] == pytest.approx(1.0)


def test_names_that_have_no_derivative_are_refused_with_the_reason():
    plan = build(catalogue.get("sellar"))
    for of, wrt, said in (
        ("x", "x", "'x' is no output"),
        ("objective", "y_1", "'y_1' is no input"),
        ("nothing", "x", "'nothing' is no output"),
        (("y_1", "a"), "x", "whole variables by full name"),
        ("objective", "max_mda_iter", "holds no floats"),
    ):
        with pytest.raises(NotDifferentiable, match=said):
            plan.derivatives(of=[of], wrt=[wrt])
    with pytest.raises(SettingsError):
        plan.derivatives(of=["objective"], wrt=["x"], mode="sideways")
    with pytest.raises(SettingsError):
        plan.derivatives(of=[], wrt=["x"])


def test_an_unconverged_loop_has_no_derivatives():
    plan = build(catalogue.get("sellar"))
    with pytest.raises(NotDifferentiable, match="not converged"):
        plan.derivatives({"max_mda_iter": 2, "allow_unconverged": True}, of=["objective"], wrt=["x"])


@pytest.mark.parametrize(
    ("declared", "said"),
    [
        ({("y", "z"): 1.0}, "declares no such input"),
        ({("w", "x"): 1.0}, "declares no such output"),
        ({"y": 1.0}, r"a key is \(output, input\)"),
        ({("y", "x"): np.zeros((2, 2))}, "has shape"),
        ({("y", "x"): np.nan}, "not finite"),
        ({("y", "x"): "one"}, "must be numbers, not str"),
        ({("y", ("x", "c")): 1.0}, "no floats at 'c'"),
    ],
)
def test_a_declared_entry_that_does_not_fit_names_discipline_output_and_input(declared, said):
    cls = discipline(
        {"x": {**ARRAY, "default": np.ones(3)}}, {"y": None}, lambda i: {"y": float(i["x"].sum())}
    )
    cls.jacobian = lambda self, i: declared
    with pytest.raises(InvalidJacobian, match=said) as caught:
        build(process({"Wrong": cls})).derivatives(of=["y"], wrt=["x"])
    assert caught.value.discipline == "Wrong"


@pytest.mark.parametrize("x", [0.0, 1e-144, 1e-9, -1e-3, 1.0, 1e6])
def test_finite_differences_of_small_numbers_beside_large_ones_keep_their_digits(x):
    cls = discipline(
        {"x": None}, {"y": None, "z": None}, lambda i: {"y": float(np.sin(1 + i["x"])), "z": 3 * i["x"]}
    )
    found = build(process({"A": cls})).derivatives({"x": x}, of=["y", "z"], wrt=["x"])
    if abs(x) < 10:  # beyond, a relative step spans many periods
        assert found["y", "x"] == pytest.approx(np.cos(1 + x), rel=1e-6)
    assert found["z", "x"] == pytest.approx(3.0, rel=1e-6)


def one_float(jacobian):
    """y = 2 a + 3 b, z = 5 a."""
    cls = discipline(
        {"a": {"type": "float", "default": 1.0}, "b": {"type": "float", "default": 1.0}},
        {"y": None, "z": None},
        lambda i: {"y": 2 * i["a"] + 3 * i["b"], "z": 5 * i["a"]},
    )
    cls.jacobian = jacobian
    return build(process({"A": cls}))


@pytest.mark.parametrize("mode", ["direct", "adjoint"])
@pytest.mark.parametrize(
    "entries",
    [
        {("y", "a"): 2.0, ("y", "b"): 3.0, ("z", "a"): 5.0},
        {("y", "a"): 2.0, ("y", "b"): 3.0, ("z", "a"): 5.0, ("z", "b"): 0.0},
        {("y", "a"): 2, ("y", "b"): np.float64(3.0), ("z", "a"): np.array([[5.0]])},
    ],
    ids=["zeros left out", "all", "numbers of other types"],
)
def test_declared_floats_may_leave_out_zeros_and_be_any_number(mode, entries):
    plan = one_float(lambda self, i: entries)
    of, wrt = (["y"], ["a", "b"]) if mode == "adjoint" else (["y", "z"], ["a"])
    found = plan.derivatives(of=of, wrt=wrt, mode=mode)
    wanted = {("y", "a"): 2.0, ("y", "b"): 3.0, ("z", "a"): 5.0}
    assert dict(found) == {pair: wanted[pair] for pair in found}


def test_wrong_names_and_exceptions_of_a_jacobian_of_floats_are_told_too():
    with pytest.raises(InvalidJacobian, match="declares no such input"):
        one_float(lambda self, i: {("y", "a"): 2.0, ("y", "c"): 1.0}).derivatives(of=["y"], wrt=["a"])
    with pytest.raises(InvalidJacobian, match="not finite"):
        one_float(lambda self, i: {("y", "a"): float("inf")}).derivatives(of=["y"], wrt=["a"])
    with pytest.raises(DisciplineRaised, match="StopIteration"):
        one_float(lambda self, i: next(x for x in [] if x)).derivatives(of=["y"], wrt=["a"])
