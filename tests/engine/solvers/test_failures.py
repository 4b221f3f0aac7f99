"""Loops that do not converge are recognised, early, and everything that depends on them is marked."""

import math

import pytest

from sostrades_api.engine import (
    CouplingCycles,
    CouplingDiverged,
    CouplingNotConverged,
    DisciplineRaised,
    build,
    run,
)
from tests.engine.making import discipline, process

SWEEPS = ["MDAGaussSeidel", "MDAJacobi"]


def loop(function, start=1.0, **more):
    """a = function(b), b = a."""
    return process(
        {
            "A": discipline(
                {"b": {"type": "float", "default": start}}, {"a": None}, lambda i: {"a": function(i["b"])}
            ),
            "B": discipline({"a": None}, {"b": None}, lambda i: {"b": i["a"]}),
            **more,
        }
    )


@pytest.mark.parametrize("solver", SWEEPS)
def test_a_loop_that_diverges_is_stopped_long_before_the_last_iteration(solver):
    with pytest.raises(CouplingDiverged, match="changes most") as caught:
        run(loop(lambda x: -2.0 * x + 1.0), {"sub_mda_class": solver, "max_mda_iter": 100_000})
    assert caught.value.iterations <= 64
    assert isinstance(caught.value, CouplingNotConverged)
    assert len(caught.value.history) == caught.value.iterations


@pytest.mark.parametrize("solver", SWEEPS)
def test_a_loop_that_leaves_the_numbers_says_that_it_diverges_and_where(solver):
    with pytest.raises(CouplingDiverged, match="'A' raised OverflowError"):
        run(loop(lambda x: x**4 + 1.0, start=2.0), {"sub_mda_class": solver})


def test_a_discipline_that_fails_in_a_calm_loop_is_not_called_divergence():
    calls = iter(range(3))

    def third_fails(x):
        if next(calls) == 2:
            raise ValueError("no more")
        return x / 2

    with pytest.raises(DisciplineRaised, match="no more"):
        run(loop(third_fails))


@pytest.mark.parametrize("solver", SWEEPS)
@pytest.mark.parametrize(
    ("function", "period"),
    [(lambda x: 1.0 - x, 2), (lambda x: (x * 2.0) % 7.0, 3), (lambda x: 3.2 * x * (1.0 - x), 2)],
    ids=["swinging", "three values", "logistic map"],
)
def test_a_loop_that_goes_round_in_a_cycle_is_stopped_early(solver, function, period):
    with pytest.raises(CouplingCycles) as caught:
        run(loop(function, start=0.3), {"sub_mda_class": solver, "max_mda_iter": 100_000})
    assert caught.value.iterations <= 300


def test_a_tolerance_below_rounding_errors_ends_as_a_cycle_not_after_the_last_iteration():
    """Two values of the last bit follow each other for ever."""

    def rounding(x):
        return math.nextafter(0.1, 1.0) if x == 0.1 else 0.1

    with pytest.raises(CouplingCycles):
        run(loop(rounding, start=0.1), {"tolerance": 0.0, "max_mda_iter": 100_000})


def test_a_slow_loop_is_neither_divergence_nor_a_cycle():
    result = run(loop(lambda x: -0.999 * x + 1.0), {"max_mda_iter": 100_000})
    assert result.values["a"] == pytest.approx(1.0 / 1.999, rel=1e-9)
    assert len(result.residuals) > 5000


def test_growth_on_the_way_round_a_long_ring_is_no_divergence_in_jacobi_iterations():
    """Every discipline doubles but the last, which divides by all of it."""
    size = 40
    names = [f"x{i:02d}" for i in range(size)]
    ring = {
        f"D{i:02d}": discipline(
            {names[i - 1]: {"type": "float", "default": 1.0}},
            {names[i]: None},
            lambda v, i=i: {names[i]: 2.0 * v[names[i - 1]] if i else v[names[-1]] / 2.0 ** (size + 2) + 1.0},
        )
        for i in range(size)
    }
    result = run(process(ring), {"sub_mda_class": "MDAJacobi", "max_mda_iter": 5000})
    assert result.values["x00"] == pytest.approx(1.0 / (1.0 - 2.0**-3), rel=1e-8)


def test_everything_downstream_of_an_accepted_unconverged_loop_is_marked_and_nothing_else():
    aside = discipline({"p": {"type": "float", "default": 1.0}}, {"q": None}, lambda i: {"q": i["p"]})
    reader = discipline({"a": None}, {"y": None}, lambda i: {"y": i["a"]})
    last = discipline({"y": None, "q": None}, {"z": None}, lambda i: {"z": i["y"] + i["q"]})
    plan = build(loop(lambda x: x / 2 + 1, E=last, D=reader, C=aside))
    result = plan.execute({"max_mda_iter": 3, "allow_unconverged": True})
    assert not result.converged
    assert set(result.unconverged) == {"a", "b", "y", "z"}
    assert set(result.unconverged_disciplines) == {"A", "B", "D", "E"}
    done = plan.execute()
    assert (done.converged, done.unconverged, done.unconverged_disciplines) == (True, (), ())


def test_an_accepted_diverging_loop_stops_early_too_and_is_marked():
    result = run(loop(lambda x: 3.0 * x), {"allow_unconverged": True, "max_mda_iter": 100_000})
    assert not result.converged
    assert len(result.residuals) <= 64
