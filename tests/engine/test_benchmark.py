"""The benchmark's definitions: whoever takes part computes the same, so that its times can be compared."""

import pytest

from benchmarks.engine import cases, floor, limit, models_dice, ours, rows
from benchmarks.engine.measuring import Measured, agreeing

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
