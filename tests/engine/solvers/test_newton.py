import math

import numpy as np
import pytest

from sostrades_api.engine import CouplingNotConverged, MissingInitialValue, build, run
from tests.engine.making import discipline, process

NEWTON = {"sub_mda_class": "MDANewtonRaphson"}


def loop(function, slope=None, start=1.0):
    """a = function(b), b = a."""
    first = discipline(
        {"b": {"type": "float", "default": start}}, {"a": None}, lambda i: {"a": function(i["b"])}
    )
    if slope:
        first.jacobian = lambda self, inputs: {("a", "b"): slope(inputs["b"])}
    second = discipline({"a": None}, {"b": None}, lambda i: {"b": i["a"]})
    second.jacobian = lambda self, inputs: {("b", "a"): 1.0}
    return process({"A": first, "B": second})


def test_a_loop_whose_sweeps_diverge_is_solved():
    result = run(loop(lambda x: -3.0 * x + 8.0, lambda x: -3.0), NEWTON)
    assert result.values["a"] == pytest.approx(2.0, rel=1e-12)
    assert len(result.residuals) == 3


def test_convergence_is_quadratic():
    """x = cos x: the number of right digits doubles."""
    result = run(loop(math.cos, lambda x: -math.sin(x)), {**NEWTON, "tolerance": 1e-14})
    assert result.values["a"] == pytest.approx(0.7390851332151607, rel=1e-15)
    assert len(result.residuals) <= 6
    assert len(run(loop(math.cos), {"tolerance": 1e-14}).residuals) > 60


@pytest.mark.parametrize("linearization", ["auto", "complex_step", "finite_differences"])
def test_wrong_derivatives_matter_only_where_they_are_used(linearization):
    right = run(loop(lambda x: x / 2 + 1, lambda x: 0.5), {**NEWTON, "linearization": linearization})
    wrong = run(loop(lambda x: x / 2 + 1, lambda x: -0.4), {**NEWTON, "linearization": linearization})
    assert wrong.values["a"] == pytest.approx(2.0, rel=1e-9)
    assert (len(wrong.residuals) > len(right.residuals)) == (linearization == "auto")


def test_a_wrong_derivative_is_named_where_it_keeps_a_loop_from_converging():
    turned = loop(lambda x: -3.0 * x + 8.0, lambda x: 4.0)
    with pytest.raises(CouplingNotConverged, match=r"'A' declares d a / d b as 4, where a step shows -3"):
        run(turned, {**NEWTON, "max_mda_iter": 30})
    right = loop(lambda x: x - math.atan(x), lambda x: 1.0 - 1.0 / (1.0 + x * x), start=3.0)
    with pytest.raises(CouplingNotConverged) as caught:
        run(right, {**NEWTON, "residual_scaling": "none", "line_search": False, "max_mda_iter": 4})
    assert "declares" not in str(caught.value)


def test_a_step_too_long_is_halved():
    """x = x - atan x: full Newton steps from 3 grow without end."""
    swinging = loop(lambda x: x - math.atan(x), lambda x: 1.0 - 1.0 / (1.0 + x * x), start=3.0)
    values = {**NEWTON, "residual_scaling": "none"}
    result = run(swinging, values)
    assert result.values["a"] == pytest.approx(0.0, abs=1e-9)
    with pytest.raises(CouplingNotConverged):
        run(swinging, {**values, "line_search": False, "max_mda_iter": 30})


def test_a_step_to_where_a_discipline_fails_is_halved():
    """The logarithm of a negative number: Newton's first step from 4 leads there."""
    walled = loop(lambda x: x - 2.0 * (math.log(x) + 0.5), lambda x: 1.0 - 2.0 / x, start=4.0)
    result = run(walled, NEWTON)
    assert result.values["a"] == pytest.approx(math.exp(-0.5), rel=1e-9)
    assert math.isinf(result.residuals["residual"].iloc[1])


def test_a_singular_linear_model_takes_a_plain_sweep_instead():
    """The slope is 1 where it starts."""
    flat = loop(lambda x: x - x**3 + x**2, lambda x: 1.0 - 3 * x**2 + 2 * x, start=2.0 / 3.0)
    assert run(flat, NEWTON).values["a"] == pytest.approx(1.0, rel=1e-9)


def arrays(size, declared):
    """a = tanh(M b) + 1, b = a / 2, of several numbers each."""
    matrix = np.random.default_rng(3).normal(size=(size, size)) / size
    array = {"type": "array"}
    first = discipline(
        {"b": {**array, "default": np.zeros(size)}},
        {"a": array},
        lambda i: {"a": np.tanh(matrix @ i["b"]) + 1.0},
    )
    second = discipline({"a": array}, {"b": array}, lambda i: {"b": i["a"] / 2})
    if declared:
        first.jacobian = lambda self, i: {("a", "b"): (1 - np.tanh(matrix @ i["b"]) ** 2)[:, None] * matrix}
        second.jacobian = lambda self, i: {("b", "a"): 0.5}
    return process({"A": first, "B": second})


@pytest.mark.parametrize("declared", [True, False])
@pytest.mark.parametrize("solver", ["auto", "dense", "sparse", "GMRES"])
@pytest.mark.parametrize("size", [3, 60, 300])
def test_every_linear_solver_finds_the_same(size, solver, declared):
    if size == 300 and not declared and solver in {"dense", "sparse"}:
        pytest.skip("600 runs an iteration")
    plan = build(arrays(size, declared))
    wanted = plan.execute({"tolerance": 1e-13}).values["a"]
    found = plan.execute({**NEWTON, "tolerance": 1e-12, "linear_solver": solver})
    np.testing.assert_allclose(found.values["a"], wanted, rtol=1e-11)
    assert len(found.residuals) <= 8


def test_a_large_loop_without_declared_derivatives_needs_few_runs():
    result = build(arrays(300, declared=False)).execute(NEWTON)
    assert result.runs["A"] < 150


def test_runs_for_finite_differences_are_counted():
    result = run(loop(lambda x: x / 2 + 1), NEWTON)
    assert result.runs["A"] > result.runs["B"] == len(result.residuals)


def test_a_loop_without_a_value_to_start_from_is_refused():
    endless = process(
        {
            "A": discipline({"b": None}, {"a": None}, lambda i: {"a": i["b"] / 2}),
            "B": discipline({"a": None}, {"b": None}, lambda i: {"b": i["a"] + 1}),
        }
    )
    with pytest.raises(MissingInitialValue):
        run(endless, NEWTON)


def test_what_is_read_after_it_was_made_anew_is_differentiated_as_such():
    """``x`` is fed back to A, and read by C after B has made it anew; sweeps diverge, Newton is exact."""
    linear = {
        "A": ({"x": 0.0, "z": 0.0}, "a", lambda i: 2 * i["x"] - i["z"] + 1),
        "B": ({"a": None}, "x", lambda i: -1.5 * i["a"] + 2),
        "C": ({"x": None, "a": None}, "z", lambda i: 3 * i["x"] + i["a"]),
    }
    slopes = {
        "A": {("a", "x"): 2.0, ("a", "z"): -1.0},
        "B": {("x", "a"): -1.5},
        "C": {("z", "x"): 3.0, ("z", "a"): 1.0},
    }
    disciplines = {}
    for name, (reads, made, formula) in linear.items():
        inputs = {k: None if v is None else {"type": "float", "default": v} for k, v in reads.items()}
        cls = discipline(inputs, {made: None}, lambda i, made=made, formula=formula: {made: formula(i)})
        cls.jacobian = lambda self, i, name=name: slopes[name]
        disciplines[name] = cls
    for solver in ("auto", "dense", "sparse", "GMRES"):
        result = run(process(disciplines), {**NEWTON, "linear_solver": solver})
        x, a, z = (result.values[name] for name in "xaz")
        assert a == pytest.approx(2 * x - z + 1)
        assert x == pytest.approx(-1.5 * a + 2)
        assert z == pytest.approx(3 * x + a)
        assert len(result.residuals) <= 4


def test_a_loop_of_many_declared_floats_gets_the_same_step_by_its_own_matrix():
    """A ring in which each pulls on both neighbours and, a little, on itself; most couplings are fed back."""
    size = 12
    names = [f"x{i:02d}" for i in range(size)]
    ring = {}
    for i, name in enumerate(names):
        reads = {names[i - 1]: 0.4, names[(i + 1) % size]: -0.3, name: 0.1}

        def run_it(inputs, name=name, reads=reads):
            return {name: 1.0 + sum(w * math.sin(inputs[read]) for read, w in reads.items())}

        def jacobian(self, inputs, name=name, reads=reads):
            return {(name, read): w * math.cos(inputs[read]) for read, w in reads.items()}

        start = {"type": "float", "default": 0.5}
        cls = discipline(dict.fromkeys(reads, start), {name: None}, run_it)
        cls.jacobian = jacobian
        ring[f"D{i:02d}"] = cls
    plan = build(process(ring))
    quick = plan.execute({**NEWTON, "tolerance": 1e-13})
    general = plan.execute({**NEWTON, "tolerance": 1e-13, "linear_solver": "dense"})
    assert len(quick.residuals) == len(general.residuals) <= 7
    for name in names:
        assert quick.values[name] == pytest.approx(general.values[name], rel=1e-12)
