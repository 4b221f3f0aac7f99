"""The benchmark's definitions: whoever takes part computes the same, so that its times can be compared."""

import sys

import pytest

from benchmarks.engine import (
    __main__ as command_line,
)
from benchmarks.engine import (
    cases,
    floor,
    growth,
    growth_table,
    limit,
    models_dice,
    ours,
    report,
    rows,
    table,
)
from benchmarks.engine.figures import reached
from benchmarks.engine.growth import GROWTHS, Point
from benchmarks.engine.markdown import spread, with_spread
from benchmarks.engine.measuring import Effort, Measured, agreeing, elapsed, measure
from benchmarks.engine.pace import Pace
from benchmarks.engine.processes import Asked, processor_seconds

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
    chain = next(each for each in GROWTHS if each.row == "chain")
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


def test_a_thousand_regions_are_within_the_ranges_of_the_disciplines():
    plan_inputs = models_dice.inputs(1000)
    parts = models_dice.PARTS
    for name, value in plan_inputs.items():
        _, part, symbol = name.split(".")
        low, high = parts[part].inputs[symbol].range
        assert low <= value <= high, name


def test_a_full_run_promises_every_row_and_every_size():
    chosen = command_line.options([])
    assert command_line.rows_wanted(chosen) == list(rows.ROWS)
    sizes = command_line.sizes_wanted(chosen)
    assert len(sizes) == sum(len(each.sizes) for each in GROWTHS)
    assert command_line.effort_wanted(chosen).most_seconds == float("inf")
    wanted = {"chain": 100_000, "dag": 100_000, "ring": 3000, "ring_newton": 3000, "dice": 1000}
    assert {each.row: max(each.sizes) for each in GROWTHS} == wanted


def test_rows_and_sizes_can_be_run_apart():
    chosen = command_line.options(["--row", "arrays,frames", "--row", "chain"])
    assert [row.key for row in command_line.rows_wanted(chosen)] == ["chain", "arrays", "frames"]
    assert command_line.sizes_wanted(chosen) == []
    chosen = command_line.options(["--growth", "ring,dag:1000"])
    assert command_line.rows_wanted(chosen) == []
    told = [(each.row, size) for each, size in command_line.sizes_wanted(chosen)]
    assert told == [("dag", 1000), ("ring", 10), ("ring", 100), ("ring", 1000), ("ring", 3000)]


@pytest.mark.parametrize("wrong", [["--row", "chian"], ["--growth", "square"], ["--growth", "dag:few"]])
def test_a_wrong_name_is_refused_before_anything_starts(wrong, capsys):
    with pytest.raises(SystemExit):
        command_line.options(wrong)
    assert wrong[1].split(":")[-1] in capsys.readouterr().err


def test_a_size_beyond_the_time_is_said_to_be_left_out():
    sizes = growth.chosen(["ring:10", "dag"], quick=True)
    points, left_out = growth.measure(sizes, {}, versions={}, begin=str, most_seconds=0)
    assert (points, left_out) == ([], ["random DAG, fan-in 3 1,000", "ring, Gauss-Seidel 10"])


def test_one_size_is_measured_beside_the_floor():
    versions, begun = {}, []
    points, _ = growth.measure(
        growth.chosen(["ring:12"], quick=True),
        dict.fromkeys(("floor", "ours"), sys.executable),
        versions=versions,
        begin=begun.append,
        most_seconds=elapsed() + 60,
        thorough=False,
    )
    assert begun == ["ring, Gauss-Seidel 12"]
    assert points[0].ratios[0] > 0
    assert growth_table.agrees(points[0], "ours")
    assert "python" in versions["ours"]
    assert "| 12 " in growth_table.table(points)


def test_a_peer_is_skipped_where_the_size_before_lets_expect_too_long():
    chain = GROWTHS[0]
    ours = {"answer": [1.0], "build_ms": 1.0, "run_ms": 1.0, "memory": 1}
    found = {"floor": ours, "ours": ours, "openmdao": {"error": growth.TOO_LONG}}
    other = {**ours, "answer": [2.0]}
    line = growth_table.table([Point(chain, 100, {**found, "gemseo": other}, [1.0])]).splitlines()[-1]
    assert [cell.strip() for cell in line.split("|")[-4:-1]] == [growth.TOO_LONG, "answers differ", "-"]


def test_the_spread_is_that_of_the_middle_half():
    assert spread([1.0, 1.0, 1.0, 1.0, 90.0]) == 0.0
    assert with_spread([1.0, 2.0, 3.0]) == "2 ± 50%"
    assert with_spread([2.0]) == "2"


def test_ratios_pair_slices_of_the_same_moment():
    measured = Measured()
    measured.slices["chain"] = {"ours": [2.0, 20.0, 2.0], "floor": [1.0, 10.0, 1.0], "gemseo": [8.0]}
    assert measured.ratios("chain", "ours", "floor") == [2.0, 2.0, 2.0]
    assert measured.ratios("chain", "gemseo", "ours") == [4.0]
    assert measured.ratios("chain", "openmdao", "ours") == []


def test_the_time_left_counts_what_is_promised_and_no_more_extra_than_fits():
    pace = Pace({"a": 1.0, "b": 1e6}, extra={"c": 1e9}, most_seconds=elapsed())
    pace.begin("a")
    assert pace.seconds_left() == pytest.approx(1e6)
    pace = Pace({"a": 1.0}, extra={"c": 1e9}, most_seconds=elapsed() + 1000)
    pace.begin("a")
    assert pace.seconds_left() == pytest.approx(1000, abs=10)


def test_who_spends_too_much_of_the_processor_is_ended():
    with Asked(sys.executable, "limit") as asked:
        asked.ask("prepare", row="chain", size=10)
        told = asked.ask("measure", within=0.2, row="chain", size=10, seconds=60)
    assert told == {"error": "more than 0.2 s"}


def test_a_process_that_is_gone_tells_no_processor_time():
    assert processor_seconds(2**22 + 1) is None
