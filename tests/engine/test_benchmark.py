"""The benchmark's definitions: whoever takes part computes the same, so that its times can be compared."""

import sys

import pytest

from benchmarks.engine import cases, floor, limit, models_dice, ours, report, rows, table
from benchmarks.engine.figures import reached
from benchmarks.engine.growth import GROWTHS, Point
from benchmarks.engine.measuring import Effort, Measured, agreeing, elapsed, measure

SIZES = {"samples": 5, "chain": 20, "dag": 40, "one_changed": 300, "ring": 8}
ROWS = {row.key: row for row in rows.ROWS}


def answer(works, row):
    work = works[row](SIZES.get(row, 10 if row.startswith(("ring", "chain")) else 1))
    work.run(2.0)  # a run must leave nothing behind that changes the next
    return work.answer(work.run(1.0))


@pytest.mark.parametrize("row", sorted(ours.WORKS.keys() & limit.WORKS.keys() & ROWS.keys()))
def test_this_engine_computes_what_the_loop_by_hand_computes(row):
    assert answer(ours.WORKS, row) == pytest.approx(answer(limit.WORKS, row), rel=ROWS[row].tolerance, abs=0)


@pytest.mark.parametrize("row", sorted(floor.WORKS.keys() & limit.WORKS.keys()))
def test_the_floor_computes_what_the_loop_by_hand_computes(row):
    assert answer(floor.WORKS, row) == pytest.approx(answer(limit.WORKS, row), rel=ROWS[row].tolerance, abs=0)


def test_every_row_is_timed_for_somebody_to_compare_with():
    for row in rows.ROWS:
        assert row.key in limit.WORKS or row.key in floor.WORKS


def test_a_loop_of_tables_alone_is_solved():
    for row in ("headline", "headline_jacobi"):
        work = ours.WORKS[row](1)
        assert work.answer(work.run(0.0)) == pytest.approx([2.0, 2.0], rel=1e-9)


@pytest.mark.parametrize("regions", [1, 2, 3])
def test_the_regions_of_dice_add_up_to_the_published_world(regions):
    work = ours.WORKS["dice"](regions)
    result = work.run(0.0)
    assert work.notes(result)["error"] < 1e-9
    by_hand = floor.WORKS["dice"](regions)
    assert by_hand.answer(by_hand.run(0.0)) == pytest.approx(work.answer(result), rel=1e-14)
    assert models_dice.shares(regions).sum() == pytest.approx(1.0, rel=1e-15)


def test_changing_one_input_reaches_one_percent_of_the_graph():
    graph = cases.dag(1000)
    assert len(graph.after(graph.node_reaching(0.01))) == 10


def test_who_computes_something_else_is_not_timed():
    measured = Measured()
    answers = {"limit": [1.0, 2.0], "ours": [1.0, 2.0], "gemseo": [1.0, 2.1], "openmdao": [1.0]}
    assert agreeing(ROWS["chain"], answers, measured) == ["limit", "ours"]
    assert sorted(name for _, name in measured.faults) == ["gemseo", "openmdao"]


def test_a_contender_that_dies_is_a_marked_cell_and_the_others_are_timed():
    row = ROWS["sellar"]
    pythons = {"limit": sys.executable, "openmdao": "/bin/false"}
    effort = Effort(rounds=1, passes=1, slice_seconds=0.001, most_seconds=elapsed() + 60)
    measured = measure([row], pythons, effort)
    assert measured.faults == {("sellar", "openmdao"): "its process died"}
    assert measured.medians["sellar"].keys() == {"limit"}
    line = table.times_table([row], measured).splitlines()[-1]
    assert [cell.strip() for cell in line.split("|")[3:7]] == ["-", "-", "fails", "-"]


def test_figures_are_met_or_missed_but_prove_nothing_at_smaller_sizes():
    measured = Measured()
    for name, milliseconds in {"floor": 1.0, "ours": 2.0, "openmdao": 90.0, "gemseo_tuned": 50.0}.items():
        measured.slices["chain"][name].append(milliseconds)
    verdicts = [figure.met for figure in reached([ROWS["chain"]], measured, [])]
    assert verdicts == [True, True, False]
    assert {figure.met for figure in reached([ROWS["chain"].smaller()], measured, [])} == {None}


def test_growth_is_linear_up_to_a_power_that_is_told():
    chain = next(growth for growth in GROWTHS if growth.row == "chain")
    points = [
        Point(chain, size, {"ours": {"build_ms": size / 100, "run_ms": (size / 100) ** 2, "memory": size}})
        for size in (1000, 100_000)
    ]
    powers = {figure.work.split()[0]: figure for figure in reached([], Measured(), points)[-2:]}
    assert powers["build"].measured == pytest.approx(1.0)
    assert powers["execution"].measured == pytest.approx(2.0)
    assert (powers["build"].met, powers["execution"].met) == (True, False)


def test_no_row_is_begun_when_the_time_is_over_and_the_page_says_so():
    measured = measure([ROWS["sellar"]], {}, Effort(rounds=1, passes=1, slice_seconds=0.001, most_seconds=0))
    assert (measured.left_out, measured.medians) == ([ROWS["sellar"]], {})
    command = "./dev bench engine --quick"
    page = report.markdown(report.Findings([], measured, [], ["Sellar; that"], [], command, 1.0))
    assert f"To repeat: `{command}`" in page
    assert "no time left: Sellar; that." in page
    assert not [
        each for each in ("## Times", "## Figures", "## Growth", "|") if each in page.split("## How")[0]
    ]


def test_a_figure_that_is_not_judged_is_explained():
    assert table.NOT_JUDGED in table.figures_table(reached([ROWS["chain"].smaller()], Measured(), []))
    assert table.NOT_JUDGED not in table.figures_table([])
