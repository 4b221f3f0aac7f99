"""What an execution calls converged stands still, however wild its start or the way to it."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sostrades_api.engine import CouplingNotConverged, ExecutionError, build, run
from tests.engine.making import discipline, process
from tests.engine.solvers.ways import WAYS

TOLERANCE = 1e-10
STEEP = 1e3
"""How much larger the change is that a sweep makes of a change, for the equations below."""

starts = st.sampled_from([0.0, 1.0, 1e-12, 1e12, 1e15, 1e30, -1e15]) | st.floats(-5, 5)
factors, terms = st.floats(-2, 2), st.floats(-2, 2)
EQUATIONS = {
    "line": lambda a, b, v: a * v + b,
    "wave": lambda a, b, v: a * math.sin(2.0 * v) + b,
    "parabola": lambda a, b, v: a * v * v + b,
    "decay": lambda a, b, v: math.exp(-a * v) + b,
    "share": lambda a, b, v: a / (1.0 + v * v) + b,
}
equations = st.tuples(st.sampled_from(list(EQUATIONS)), factors, terms, st.sampled_from([1.0, 1e-3, 1e6]))


def ring(rows):
    """Each x_i is its equation of x_(i+1), in units of its own."""

    def evaluated(i, values):
        kind, a, b, unit = rows[i]
        following = (i + 1) % len(rows)
        return unit * EQUATIONS[kind](a, b, values[f"x{following}"] / rows[following][3])

    def cls(i, start):
        read = {f"x{(i + 1) % len(rows)}": {"type": "float", "default": start}}
        return discipline(read, {f"x{i}": None}, lambda inputs: {f"x{i}": evaluated(i, inputs)})

    return evaluated, cls


@settings(deadline=None, max_examples=150)
@given(st.lists(st.tuples(equations, starts), min_size=1, max_size=4), st.sampled_from(list(WAYS)))
def test_values_that_converged_are_made_again_when_they_are_put_in_by_hand(drawn, way):
    evaluated, cls = ring([row for row, _ in drawn])
    given = [start for _, start in drawn[1:] + drawn[:1]]
    plan = build(process({f"D{i}": cls(i, start) for i, start in enumerate(given)}))
    try:
        values = plan.execute({**WAYS[way], "tolerance": TOLERANCE}).values
    except ExecutionError:
        return  # it says that it did not converge, or could not be computed
    for i in range(len(drawn)):
        was, made = values[f"x{i}"], evaluated(i, values)
        # what tends to zero ends at a millionth of the tolerance
        scale = max(abs(was), abs(made), 1e-6)
        assert abs(made - was) <= STEEP * TOLERANCE * scale


def alone(equation, start):
    read = {"x": {"type": "float", "default": start}}
    return process({"A": discipline(read, {"x": None}, lambda i: {"x": equation(i["x"])})})


@pytest.mark.parametrize("start", [1e15, -1e20, 1e30, 1e45])
def test_a_first_guess_that_is_much_too_large_does_not_make_the_answer_coarse(start):
    assert run(alone(lambda x: x / 2 + 1, start)).values["x"] == pytest.approx(2.0, rel=1e-9)


@pytest.mark.parametrize("way", ["newton", "broyden", "seidel newton"])
def test_an_overshoot_does_not_make_the_answer_coarse(way):
    found = run(alone(lambda x: x - 0.25 * (x * x - 2), 1e-12), WAYS[way]).values["x"]
    assert abs(found) == pytest.approx(math.sqrt(2), rel=1e-9)


@pytest.mark.parametrize("way", WAYS)
def test_a_loop_without_an_answer_is_never_said_to_have_converged(way):
    """exp(x / 2) + 1 is above x everywhere."""
    with pytest.raises((CouplingNotConverged, ExecutionError)):
        run(alone(lambda x: math.exp(x / 2) + 1, 1.0), WAYS[way])


@pytest.mark.parametrize("start", [1.0, 1e-9, 1e9, -1e6])
def test_what_tends_to_zero_ends_from_anywhere(start):
    found = run(alone(lambda x: x / 2, start)).values["x"]
    assert abs(found) <= 1e-15 * min(1.0, abs(start))


def test_noise_around_zero_ends():
    """The difference of two nearly equal numbers, a few rounding errors of another sign each time."""
    process_ = alone(lambda x: -0.7 * x + (1e-17 if x < 0 else -2e-17), 1.0)
    assert abs(run(process_, {"tolerance": 1e-9}).values["x"]) < 1e-15


@pytest.mark.parametrize("answer", [1e-20, 1e-10])
def test_a_small_answer_is_no_zero_to_newton(answer):
    found = run(alone(lambda x: x / 2 + answer / 2, 1.0), WAYS["newton"]).values["x"]
    assert found == pytest.approx(answer, rel=1e-6)


@pytest.mark.parametrize(("start", "answer"), [(0.0, 2e-170), (1e200, None)])
def test_changes_whose_squares_are_no_floats_are_compared_with_the_first_one(start, answer):
    values = {"residual_scaling": "initial", "tolerance": 1e-10, "max_mda_iter": 300}
    result = run(alone(lambda x: x / 2 + 1e-170, start), values)
    assert result.residuals["residual"].iloc[0] == 1.0
    assert result.residuals["residual"].iloc[-1] > 0.0
    if answer:
        assert result.values["x"] == pytest.approx(answer, rel=1e-9)


def test_newton_after_sweeps_compares_with_the_first_sweep():
    start = alone(lambda x: x / 2 + 1, 1e6)
    values = {"sub_mda_class": "MDAGSNewton", "residual_scaling": "initial", "tolerance_gs": 0.3}
    residuals = run(start, values).residuals["residual"].tolist()
    assert residuals[:3] == pytest.approx([1.0, 0.5, 0.25])
    assert all(residual < 0.25 for residual in residuals[3:])
