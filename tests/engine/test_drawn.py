"""Whatever is combined: order, solver, threads, processes, sessions and caches change no result."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from sostrades_api.engine import CouplingNotConverged, MemoryCache, build
from sostrades_api.engine.comparison import same_bits
from tests.engine.drawn import changes, drawn

SWEEPS = ("MDAGaussSeidel", "MDAJacobi")
ACCEPTING = {"allow_unconverged": True, "max_mda_iter": 3}
numerical = st.builds(
    lambda solver, cache, accepting: {"sub_mda_class": solver, "cache_type": cache, **accepting},
    st.sampled_from(SWEEPS),
    st.sampled_from(["", "SimpleCache"]),
    st.sampled_from([{}, {}, ACCEPTING]),
)
quick = settings(
    deadline=None, max_examples=7, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)


def planned(model, seed=None, **more):
    plan = build(model.process(seed), {**model.given, **more})
    return plan, {**model.given, **more}


def assert_same(one, other, *, history=True):
    assert set(one.values) == set(other.values)
    for name, value in one.values.items():
        if name != "residuals_history" or history:
            assert same_bits(value, other.values[name]), name
    assert one.converged == other.converged
    assert set(one.unconverged) == set(other.unconverged)


@quick
@given(drawn(numerical=numerical), st.integers())
def test_the_order_of_declaration_changes_no_bit(model, seed):
    (one, values), (other, _) = planned(model), planned(model, seed)
    assert one.disciplines == other.disciplines
    assert_same(one.execute(values), other.execute(values))


NEWTON = [{"sub_mda_class": "MDANewtonRaphson"}, {"sub_mda_class": "MDAGSNewton"}]
LEARNING = [
    *NEWTON,
    {"sub_mda_class": "MDAQuasiNewton"},
    {"acceleration": "Aitken"},
    {"acceleration": "Anderson"},
]


@quick
@given(drawn(), st.integers(), st.sampled_from(LEARNING))
def test_no_way_to_solve_depends_on_order_threads_or_what_a_session_did_before(model, seed, way):
    assume(not (model.is_nested and way in NEWTON))  # Newton takes no loops inside
    (one, values), (other, _) = planned(model), planned(model, seed)
    values |= way
    full, session = one.execute(values), one.session()
    assert_same(full, other.execute(values))
    assert_same(full, one.execute({**values, "n_processes": 2}))
    session.execute({**values, "tolerance": 1e-3})
    assert_same(full, session.execute({"tolerance": one.variables["tolerance"].default}))


@quick
@given(drawn(numerical=numerical))
def test_threads_change_no_bit(model):
    plan, values = planned(model)
    one, other = plan.execute(values), plan.execute({**values, "n_processes": 3})
    assert_same(one, other)
    assert dict(one.runs) == dict(other.runs)


@settings(quick, max_examples=3)
@given(drawn(numerical=numerical))
def test_processes_change_no_bit(model):
    plan, values = planned(model)
    assume(len(plan.steps) > 1)
    one = plan.execute(values)
    other = plan.execute({**values, "n_processes": 2, "parallel_by": "processes"})
    assert_same(one, other)
    assert dict(one.runs) == dict(other.runs)


@quick
@given(st.data(), drawn(numerical=numerical))
def test_a_session_and_a_cache_give_what_a_full_execution_gives(data, model):
    cache, values, session, plan = MemoryCache(least_seconds=0.0), dict(model.given), None, None
    first = build(model.process(), values)
    for change in data.draw(changes(model)):
        values |= change
        if plan is not first.plan_for(values):
            plan = first.plan_for(values)
            session, change = plan.session(), values  # noqa: PLW2901 - a new session is given all
        full = plan.execute(values)
        assert_same(full, session.execute(change))
        assert_same(full, session.execute())
        for more in ({}, {"n_processes": 2}, {}):
            assert_same(full, plan.execute({**values, **more}, cache=cache))


@quick
@given(st.data(), drawn(numerical=numerical))
def test_samples_are_executions(data, model):
    plan, values = planned(model)
    name = model.name(model.paths[0], "own")
    column = data.draw(st.lists(st.floats(-2, 2), min_size=1, max_size=3))
    outputs = [equation["makes"][0] for equation in model.equations]
    samples = plan.execute_many({name: column}, outputs=outputs, values=values)
    assert not samples.failures
    for number, value in enumerate(column):
        result = plan.execute({**values, name: value})
        for output in outputs:
            assert same_bits(samples.values[output][number], result.values[output])
        assert (number in samples.unconverged) == (not result.converged)


def numbers(value):
    return value["v"].to_numpy() if isinstance(value, pd.DataFrame) else np.asarray(value)


@quick
@given(drawn())
def test_all_solvers_and_accelerations_agree(model):
    plan, values = planned(model)
    wanted = plan.execute({**values, "tolerance": 1e-12}).values
    ways = [{"sub_mda_class": "MDAJacobi"}, {"sub_mda_class": "MDAQuasiNewton"}, {"acceleration": "Anderson"}]
    if not model.is_nested:
        ways += NEWTON
    for way in ways:
        found = plan.execute({**values, "tolerance": 1e-12, **way}).values
        for equation in model.equations:
            name = equation["makes"][0]
            assert numbers(found[name]) == pytest.approx(numbers(wanted[name]), rel=1e-8, abs=1e-8), way


@quick
@given(st.data(), drawn(most=4))
def test_derivatives_of_all_ways_agree_with_steps(data, model):
    model_floats = [e["makes"][0] for e in model.equations if e["makes"][1] == "float"]
    assume(model_floats)
    plan, values = planned(model)
    name = model.name(data.draw(st.sampled_from(model.paths)), "own")
    values |= {"tolerance": 1e-13, "max_mda_iter": 400}
    try:
        found = [
            plan.derivatives(values, of=model_floats, wrt=[name], mode=mode) for mode in ("direct", "adjoint")
        ]
    except CouplingNotConverged:
        assume(False)
    step = 0.5  # everything is linear
    more = plan.execute({**values, name: 0.25 + step}).values
    less = plan.execute({**values, name: 0.25 - step}).values
    for of in model_floats:
        expected = (more[of] - less[of]) / (2 * step)
        for derivative in found:
            assert derivative[of, name] == pytest.approx(expected, rel=1e-5, abs=1e-4)
