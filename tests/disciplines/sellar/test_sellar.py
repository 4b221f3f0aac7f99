import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sostrades_api.charts import Chart, Table
from sostrades_api.disciplines.sellar import Sellar1, Sellar2, SellarProblem
from sostrades_api.engine import build, run
from sostrades_api.engine.testing import check_discipline
from sostrades_api.processes.sellar import process


def reference(name: str):
    return next(found for found in process.references if found.name == name)


def exact(x: float, z_1: float, z_2: float) -> tuple[float, float]:
    """Solve the loop by hand: s = sqrt(y_1) solves s^2 + 0.2 s - (z_1^2 + z_2 + x - 0.2 (z_1 + z_2)) = 0."""
    constant = z_1**2 + z_2 + x - 0.2 * (z_1 + z_2)
    s = -0.1 + math.sqrt(0.01 + constant)
    return s**2, s + z_1 + z_2


def test_the_starting_point_has_the_published_values():
    # OpenMDAO documentation, "Sellar: a two-discipline problem", at x = 1, z = (5, 2). Its y_1 comes from a
    # loosely converged loop and is 4e-7 off the exact value, which the quadratic equation gives.
    values = run(process, reference("start").values).values
    assert values["y_1"] == pytest.approx(25.58830273, abs=5e-7)
    assert values["y_1"] == pytest.approx(exact(1.0, 5.0, 2.0)[0], rel=1e-12)
    assert values["y_2"] == pytest.approx(12.05848815, abs=1e-8)
    assert values["objective"] == pytest.approx(28.58830817, abs=1e-8)
    assert values["c_1"] == pytest.approx(3.16 - 25.58830237, abs=1e-8)
    assert values["c_2"] == pytest.approx(12.05848815 - 24.0, abs=1e-8)


def test_the_optimum_has_the_published_values():
    # Sellar et al. (1996), also the OpenMDAO documentation: x = 0, z = (1.9776, 0), objective 3.18339.
    values = run(process, reference("optimum").values).values
    assert values["objective"] == pytest.approx(3.18339, abs=5e-6)
    assert values["c_1"] == pytest.approx(0.0, abs=1e-8)
    assert values["y_1"] == pytest.approx(3.16, abs=1e-8)
    assert values["y_2"] == pytest.approx(3.755278, abs=1e-6)


@pytest.mark.parametrize("solver", ["MDAGaussSeidel", "MDAJacobi"])
@given(x=st.floats(0.5, 10.0), z_1=st.floats(-10.0, 10.0), z_2=st.floats(0.0, 10.0))
@settings(deadline=None, max_examples=50)
def test_the_loop_ends_where_the_quadratic_equation_says(solver, x, z_1, z_2):
    y_1, y_2 = exact(x, z_1, z_2)
    if y_1 < 0.05:  # near zero the square root is too steep for fixed-point iteration
        return
    result = run(process, {"x": x, "z_1": z_1, "z_2": z_2, "sub_mda_class": solver})
    assert result.converged
    assert result.values["y_1"] == pytest.approx(y_1, rel=1e-9)
    assert result.values["y_2"] == pytest.approx(y_2, rel=1e-9, abs=1e-9)


def test_the_process_is_one_loop_and_a_discipline_after_it():
    plan = build(process)
    assert [set(loop) for loop in plan.loops] == [{"Sellar1", "Sellar2"}]
    assert plan.disciplines == ("Sellar1", "Sellar2", "SellarProblem")
    assert {"x", "z_1", "z_2", "y_1", "y_2", "objective", "c_1", "c_2"} <= set(plan.variables)


@pytest.mark.parametrize("name", [found.name for found in process.references])
def test_each_reference_converges(name):
    assert run(process, reference(name).values).converged


def test_disciplines_keep_their_promises():
    assert check_discipline(Sellar1, {"x": 1.0, "z_1": 5.0, "z_2": 2.0, "y_2": 10.0}) == {"y_1": 26.0}
    assert check_discipline(Sellar2, {"z_1": 5.0, "z_2": 2.0, "y_1": 25.0}) == {"y_2": 12.0}
    assert check_discipline(Sellar2, {"z_1": 0.0, "z_2": 0.0, "y_1": -1.0}) == {"y_2": 0.0}
    outputs = check_discipline(SellarProblem, {"x": 2.0, "z_1": 5.0, "z_2": 2.0, "y_1": 3.0, "y_2": 0.0})
    assert outputs == {"objective": 10.0, "c_1": pytest.approx(0.16), "c_2": -24.0}


def pictures(path: str, selection=None):
    plan = build(process)
    values = {**reference("start").values, **run(process, reference("start").values).values}
    discipline = plan.discipline(path)
    return discipline.charts(plan.short_values(path, values), selection or {})


def test_charts_show_the_solution_with_units():
    for path in ("Sellar1", "Sellar2"):
        (chart,) = pictures(path)
        solution = chart.series[1]
        assert solution.name == "Solution"
        assert chart.y_axis.title.endswith("[-]")
    objective, constraints, table = pictures("SellarProblem")
    assert isinstance(objective, Chart)
    assert sum(objective.series[0].y) == pytest.approx(28.58830817, abs=1e-8)
    assert all(value < 0 for value in constraints.series[0].y)
    assert isinstance(table, Table)
    assert len(table.columns[0].values) == len(table.columns[1].values) == 8


def test_a_reader_can_choose_pictures():
    (only,) = pictures("SellarProblem", {"charts": ("Constraints",)})
    assert only.title == "Constraints"
