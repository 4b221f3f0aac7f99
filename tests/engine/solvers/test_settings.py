"""Every numerical parameter does something for the solvers that it belongs to, and nobody takes another's."""

from dataclasses import fields

import numpy as np
import pytest

from sostrades_api.engine import SettingsError, build, run
from sostrades_api.engine.numerical import NUMERICAL_INPUTS
from sostrades_api.engine.solvers import SOLVERS
from tests.engine.making import discipline, process

ELSEWHERE = {
    "sub_mda_class",
    "cache_type",
    "allow_unconverged",
    "warm_start",
    "n_processes",
    "parallel_by",
    "reuse_results",
}


def test_every_setting_is_a_numerical_parameter_with_the_same_default_and_the_other_way_round():
    known = {}
    for solver in SOLVERS.values():
        for field in fields(solver.settings):
            known.setdefault(field.name, set()).add(field.default)
    assert known.keys() | ELSEWHERE == NUMERICAL_INPUTS.keys()
    for name, defaults in known.items():
        assert defaults == {NUMERICAL_INPUTS[name].default}
    assert NUMERICAL_INPUTS["sub_mda_class"].possible_values == tuple(SOLVERS)


@pytest.mark.parametrize("solver", SOLVERS)
def test_settings_reject_what_they_do_not_know_and_cannot_be_changed(solver):
    settings = SOLVERS[solver].settings
    with pytest.raises(SettingsError, match="did you mean 'tolerance'"):
        settings.of({"tolerence": 1e-3})
    for wrong in (
        {"relaxation_factor": 2.0},
        {"max_mda_iter": 0},
        {"tolerance": -1.0},
        {"residual_scaling": "x"},
    ):
        with pytest.raises(SettingsError):
            settings.of(wrong)
    with pytest.raises(AttributeError):
        settings.of({"tolerance": 1e-3}).tolerance = 1.0


@pytest.mark.parametrize(
    ("solver", "wrong"),
    [
        ("MDAGaussSeidel", {"acceleration": "Steffensen"}),
        ("MDAJacobi", {"acceleration_depth": 0}),
        ("MDANewtonRaphson", {"linear_solver": "QR"}),
        ("MDANewtonRaphson", {"linearization": "guess"}),
        ("MDANewtonRaphson", {"finite_difference_step": 0.0}),
        ("MDANewtonRaphson", {"linear_solver_tolerance": 1.0}),
        ("MDAGSNewton", {"max_mda_iter_gs": 0}),
    ],
)
def test_a_setting_out_of_its_limits_is_refused(solver, wrong):
    with pytest.raises(SettingsError):
        SOLVERS[solver].settings.of(wrong)


def coupled():
    """Six numbers that act on each other: a = M tanh(b) + 1, b = N a."""
    rng = np.random.default_rng(5)
    first, second = rng.normal(size=(2, 6, 6)) / 4
    array = {"type": "array"}
    one = discipline(
        {"b": {**array, "default": np.full(6, 3.0)}},
        {"a": array},
        lambda i: {"a": first @ np.tanh(i["b"]) + 1.0},
    )
    one.COMPLEX_SAFE = True
    one.jacobian = lambda self, i: {("a", "b"): first * (1.0 - np.tanh(i["b"]) ** 2)}
    other = discipline({"a": array}, {"b": array}, lambda i: {"b": second @ i["a"]})
    return process({"A": one, "B": other})


PLAN = build(coupled())
WANTED = PLAN.execute({"tolerance": 1e-14}).values["a"]


@pytest.mark.parametrize(
    ("solver", "parameter", "value"),
    [
        (solver, name, value)
        for solver, names in {
            "MDAGaussSeidel": ["acceleration", "relaxation_factor"],
            "MDAJacobi": ["acceleration", "relaxation_factor"],
            "MDANewtonRaphson": [
                "linear_solver",
                "linearization",
                "relaxation_factor",
                "finite_difference_step",
            ],
            "MDAQuasiNewton": ["relaxation_factor"],
            "MDAGSNewton": [
                "acceleration",
                "relaxation_factor",
                "max_mda_iter_gs",
                "tolerance_gs",
                "linear_solver",
            ],
        }.items()
        for name in (*names, "tolerance", "residual_scaling")
        for value in {
            "acceleration": ["Aitken", "Anderson"],
            "relaxation_factor": [0.8],
            "linear_solver": ["GMRES"],
            "linearization": ["finite_differences"],
            "finite_difference_step": [1e-3],
            "max_mda_iter_gs": [2],
            "tolerance_gs": [0.5],
            "tolerance": [1e-6],
            "residual_scaling": ["none", "root_mean_square", "initial"],
        }[name]
    ],
)
def test_every_parameter_changes_the_way_and_not_the_answer(solver, parameter, value):
    base = {"sub_mda_class": solver, "max_mda_iter": 2000}
    if parameter == "finite_difference_step":
        base["linearization"] = "finite_differences"
    if parameter == "linear_solver":  # loose, so that its steps differ
        base["linear_solver_tolerance"] = 1e-3
    plain, other = PLAN.execute(base), PLAN.execute({**base, parameter: value})
    np.testing.assert_allclose(plain.values["a"], WANTED, rtol=1e-9)
    np.testing.assert_allclose(other.values["a"], WANTED, rtol=1e-4 if parameter == "tolerance" else 1e-8)
    assert not plain.residuals.equals(other.residuals) or dict(plain.runs) != dict(other.runs)


@pytest.mark.parametrize(
    ("parameter", "values"),
    [
        ("acceleration_depth", {"acceleration": "Anderson", "acceleration_depth": 1}),
        ("linear_solver_max_iter", {"linear_solver_max_iter": 1}),
        ("linear_solver_tolerance", {"linear_solver_tolerance": 0.1}),
    ],
)
def test_so_does_every_parameter_of_a_parameter(parameter, values):
    base = {"acceleration": "Anderson"}
    if parameter.startswith("linear"):
        base = {"sub_mda_class": "MDANewtonRaphson", "linear_solver": "GMRES"}
    plain, other = PLAN.execute(base), PLAN.execute({**base, **values})
    np.testing.assert_allclose(other.values["a"], WANTED, rtol=1e-8)
    assert not plain.residuals.equals(other.residuals)


def halving(start, factor=1.0):
    """a = b / 2 + factor, b = a; the answer is 2 factor."""
    first = discipline(
        {"b": {"type": "float", "default": start}}, {"a": None}, lambda i: {"a": i["b"] / 2 + factor}
    )
    return process({"A": first, "B": discipline({"a": None}, {"b": None}, lambda i: {"b": i["a"]})})


@pytest.mark.parametrize(
    ("scaling", "residual"),
    [("magnitude", 1.0), ("none", 1e6), ("root_mean_square", 1e6 / 2**0.5), ("initial", 1.0)],
)
def test_what_the_tolerance_is_compared_with(scaling, residual):
    """The first sweep from zero makes 1e6; ``a`` had no value before it, ``b`` changed by all of it."""
    tolerance = 0.5 if scaling in {"none", "root_mean_square"} else 0.01
    given = {"residual_scaling": scaling, "tolerance": tolerance, "max_mda_iter": 300}
    result = run(halving(0.0, 1e6), given)
    expected = residual if scaling != "root_mean_square" else 1e6
    assert result.residuals["residual"].iloc[0] == pytest.approx(expected)
    assert result.residuals["residual"].iloc[-1] <= tolerance


@pytest.mark.parametrize("solver", list(SOLVERS))
@pytest.mark.parametrize("scaling", ["magnitude", "initial"])
def test_a_relative_tolerance_that_any_loop_would_meet_is_refused(solver, scaling):
    given = {"sub_mda_class": solver, "residual_scaling": scaling, "tolerance": 0.5}
    with pytest.raises(SettingsError, match=r"tolerance 0.5 is above 0.01"):
        run(halving(0.0), given)


def test_a_warm_start_takes_the_couplings_of_an_earlier_result():
    plan = build(halving(1000.0))
    first = plan.execute()
    cold = plan.execute(previous=first.values)
    warm = plan.execute({"warm_start": True}, previous=first.values)
    assert len(cold.residuals) == len(first.residuals) > 10
    assert len(warm.residuals) == 1
    assert warm.values["a"] == pytest.approx(2.0, rel=1e-9)


def test_a_value_that_is_given_wins_over_a_warm_start_and_one_that_no_longer_fits_is_left_out():
    plan = build(halving(1000.0))
    first = plan.execute()
    given = plan.execute({"warm_start": True, "b": 1000.0, "a": 0.0}, previous=first.values)
    assert len(given.residuals) == len(first.residuals)
    wrong = plan.execute({"warm_start": True}, previous={"b": "text", "unknown": 1.0})
    assert len(wrong.residuals) == len(first.residuals)
    nothing = plan.execute({"warm_start": True})
    assert len(nothing.residuals) == len(first.residuals)


def test_a_plan_tells_its_order_of_sweep_and_what_is_fed_back():
    told = build(halving(1.0)).describe()
    assert told.splitlines() == ["loop of 2, 1 fed back: b (to A)", "    A", "    B"]
