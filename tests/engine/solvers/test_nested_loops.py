"""A node of a process may have couplings of its own: they are solved inside the loop around them."""

import random

import pytest

from sostrades_api.engine import BuildError, CouplingNotConverged, SettingsError, build
from sostrades_api.engine.comparison import same_bits
from sostrades_api.engine.numerical import LOOP_INPUTS
from tests.engine.making import discipline, process

START = {"type": "float", "default": 0.0}


def linear(reads, made):
    """made = constant + sum of factor * read."""
    constant, factors = reads
    return discipline(
        dict.fromkeys(factors, START),
        {made: None},
        lambda i: {made: constant + sum(f * i[name] for name, f in factors.items())},
    )


DISCIPLINES = {
    "Economy": linear((1.0, {"t": -0.3}), "e"),
    "Climate.Carbon": linear((0.5, {"e": 0.4, "t": 0.5}), "c"),
    "Climate.Temperature": linear((0.0, {"c": 0.8, "o": -0.2}), "t"),
    "Climate.Ocean": linear((0.1, {"t": 0.5}), "o"),
    "Reader": linear((0.0, {"t": 1.0, "e": 1.0}), "r"),
}


def nested(couplings=None, disciplines=DISCIPLINES, **options):
    return process(disciplines, couplings={"Climate": couplings or {}}, **options)


FLAT = build(process(DISCIPLINES, numerical={"tolerance": 1e-13})).execute()


def assert_same_answer(result, rel=1e-9):
    for name in "ector":
        assert result.values[name] == pytest.approx(FLAT.values[name], rel=rel)


def test_the_plan_says_what_is_solved_inside():
    told = build(nested()).describe().splitlines()
    outer, inner = (i for i, line in enumerate(told) if "loop of" in line)
    assert told[outer].startswith("loop of 4")
    assert told[inner].startswith("    loop of 3")
    assert {line.strip() for line in told[inner + 1 : inner + 4]} == {
        path for path in DISCIPLINES if path.startswith("Climate")
    }


@pytest.mark.parametrize("outer", ["MDAGaussSeidel", "MDAJacobi", "MDAQuasiNewton"])
@pytest.mark.parametrize(
    "inner", ["MDAGaussSeidel", "MDAJacobi", "MDANewtonRaphson", "MDAQuasiNewton", "MDAGSNewton"]
)
def test_every_solver_inside_every_sweeping_solver_finds_the_flat_answer(outer, inner):
    plan = build(nested({"sub_mda_class": inner, "tolerance": 1e-13}))
    result = plan.execute({"sub_mda_class": outer, "tolerance": 1e-11})
    assert_same_answer(result)
    assert {row.count(",") for row in result.residuals["loop"]} == {2, 3}


def test_an_inner_loop_takes_work_from_the_outer_one():
    plan = build(nested({"sub_mda_class": "MDANewtonRaphson"}))
    result = plan.execute()
    assert_same_answer(result)
    assert result.runs["Economy"] < FLAT.runs["Economy"]
    assert result.runs["Climate.Ocean"] > result.runs["Economy"]


def test_the_parameters_of_the_node_are_variables_there_with_the_processs_defaults():
    plan = build(nested({"tolerance": 1e-4}, numerical={"max_mda_iter": 77}))
    for name in LOOP_INPUTS:
        variable = plan.variables[f"Climate.{name}"]
        assert (variable.owner, variable.io, variable.variable.numerical) == ("Climate", "in", True)
    assert plan.variables["Climate.tolerance"].default == 1e-4
    assert plan.variables["Climate.max_mda_iter"].default == 77
    loose, tight = plan.execute(), plan.execute({"Climate.tolerance": 1e-14})
    assert_same_answer(loose)
    assert tight.runs["Climate.Ocean"] > loose.runs["Climate.Ocean"]


def test_a_loop_that_lies_below_a_node_altogether_has_the_nodes_parameters():
    alone = {
        "P.A": linear((1.0, {"b": 0.5}), "a"),
        "P.B": linear((1.0, {"a": 0.5}), "b"),
        "Q.C": linear((1.0, {"d": 0.5}), "c"),
        "Q.D": linear((1.0, {"c": 0.5}), "d"),
    }
    plan = build(process(alone, couplings={"P": {"sub_mda_class": "MDANewtonRaphson"}}))
    result = plan.execute()
    assert result.values["a"] == pytest.approx(2.0)
    lengths = result.residuals.groupby("loop")["iteration"].max()
    assert lengths["P.A, P.B"] < lengths["Q.C, Q.D"]


def test_couplings_may_be_nested_again():
    plan = build(process(DISCIPLINES, couplings={"Climate": {}, "Climate.Carbon": {}}))
    assert_same_answer(plan.execute({"tolerance": 1e-12}))


def test_the_order_of_declaration_changes_no_bit():
    names = list(DISCIPLINES)
    one = build(nested()).execute()
    for seed in range(5):
        random.Random(seed).shuffle(names)
        other = build(nested(disciplines={name: DISCIPLINES[name] for name in names})).execute()
        assert all(same_bits(one.values[name], other.values[name]) for name in "ector")


def test_an_inner_loop_that_does_not_converge_fails_the_execution_and_is_named():
    plan = build(nested({"max_mda_iter": 2}))
    with pytest.raises(CouplingNotConverged) as caught:
        plan.execute()
    assert all(path.startswith("Climate.") for path in caught.value.disciplines)


def test_an_inner_loop_that_stops_early_on_the_way_but_not_at_last_is_no_fault_when_accepted():
    plan = build(nested({"max_mda_iter": 6, "tolerance": 1e-7}))
    result = plan.execute({"allow_unconverged": True, "tolerance": 1e-9, "max_mda_iter": 500})
    assert result.converged
    assert_same_answer(result, rel=1e-6)
    never = plan.execute({"allow_unconverged": True, "Climate.tolerance": 0.0, "Climate.max_mda_iter": 1})
    assert set(never.unconverged_disciplines) == set(DISCIPLINES)


@pytest.mark.parametrize("solver", ["MDANewtonRaphson", "MDAGSNewton"])
def test_newton_takes_no_loops_inside_and_says_what_to_do(solver):
    with pytest.raises(SettingsError, match="Newton inside"):
        build(nested()).execute({"sub_mda_class": solver})


def test_couplings_of_a_node_that_is_not_there_or_with_unknown_parameters_are_refused():
    with pytest.raises(BuildError, match="'Weather': no discipline"):
        build(process(DISCIPLINES, couplings={"Weather": {}}))
    with pytest.raises(BuildError, match="no parameters"):
        build(nested({"cache_type": ""}))
    with pytest.raises(BuildError, match="tolerance"):
        build(nested({"tolerance": "small"}))


def test_a_loop_with_a_loop_inside_has_derivatives():
    outer = dict(DISCIPLINES)
    outer["Economy"] = discipline(
        {"t": START, "p": {"type": "float", "default": 1.0}},
        {"e": None},
        lambda i: {"e": i["p"] - 0.3 * i["t"]},
    )
    inside = build(nested(disciplines=outer)).derivatives(of=["r"], wrt=["p"])
    flat = build(process(outer)).derivatives(of=["r"], wrt=["p"])
    assert inside["r", "p"] == pytest.approx(flat["r", "p"], rel=1e-7)
