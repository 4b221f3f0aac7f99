"""What a worker knows of disciplines that run at the same time, and how it says that."""

import time

import pytest

from sostrades_api.engine import (
    Discipline,
    DisciplineEnded,
    DisciplineError,
    DisciplineLeft,
    DisciplineStarted,
    Process,
    Progress,
    build,
)
from sostrades_api.worker.failures import ended_while_running, overran
from sostrades_api.worker.monitor import ParallelMonitor
from sostrades_api.worker.run_log import RunLog
from sostrades_api.worker.whereabouts import Overdue, Whereabouts
from tests.support.live import wait_until

PATHS = ("a", "b", "c")


@pytest.fixture
def whereabouts():
    whereabouts = Whereabouts()
    yield whereabouts
    whereabouts.close()


@pytest.fixture
def monitor(whereabouts):
    return ParallelMonitor(PATHS, loops=(), tolerance=1e-8, log=RunLog(), whereabouts=whereabouts)


def start(monitor, *paths):
    for path in paths:
        monitor.on_discipline_started(DisciplineStarted(path, PATHS.index(path), len(PATHS)))


def test_the_worker_sees_all_disciplines_that_run(monitor, whereabouts):
    assert list(whereabouts.all_running) == []
    start(monitor, "a", "b", "c")
    assert list(whereabouts.all_running) == [0, 1, 2]
    monitor.on_discipline_ended(DisciplineEnded("a", 0, 3, 0.1))
    monitor.on_discipline_left(DisciplineLeft("c", 2, 3))
    assert list(whereabouts.all_running) == [1]
    monitor.rest()
    assert list(whereabouts.all_running) == []


def test_where_one_runs_at_a_time_it_is_the_only_one(whereabouts):
    progress = Progress(PATHS)
    progress.place = whereabouts.place
    progress.running = 1
    assert list(whereabouts.all_running) == [1]


def test_each_run_of_a_discipline_has_the_limit_to_itself(monitor, whereabouts):
    whereabouts.set_limits({1: 10.0})
    overdue, now = Overdue(whereabouts), time.monotonic()
    start(monitor, "a", "b")
    assert overdue.look(now + 9.0) is None
    assert overdue.look(now + 11.0) == (1, 10.0)
    monitor.on_discipline_ended(DisciplineEnded("b", 1, 3, 0.1))
    assert overdue.look(now + 100.0) is None  # nobody limits the other


def test_an_end_that_is_told_late_is_waited_for(monitor, whereabouts):
    whereabouts.set_limits({0: 10.0}, leeway=5)
    start(monitor, "a")
    now = time.monotonic()
    assert Overdue(whereabouts).look(now + 14.0) is None
    assert Overdue(whereabouts).look(now + 16.0) == (0, 10.0)


@pytest.mark.parametrize("by", ["threads", "processes"])
def test_a_discipline_that_raised_does_not_run_while_another_is_waited_for(by, whereabouts, tmp_path):
    begun, seen = tmp_path / "begun", tmp_path / "seen"

    class Raise(Discipline):
        DESC_OUT = {"x": {"type": "float"}}

        def run(self, inputs):
            wait_until(begun.exists)
            raise ValueError("no")

    class Wait(Discipline):
        DESC_OUT = {"y": {"type": "float"}}

        def run(self, inputs):
            begun.touch()
            wait_until(seen.exists)
            return {"y": 1.0}

    plan = build(Process("p", disciplines={"Wait": Wait, "Raise": Raise}))
    heard = []

    class Monitor(ParallelMonitor):
        def on_discipline_left(self, event):
            super().on_discipline_left(event)
            heard.append((event.path, [plan.disciplines[index] for index in whereabouts.all_running]))
            seen.touch()

    monitor = Monitor(plan.disciplines, loops=(), tolerance=1e-8, log=RunLog(), whereabouts=whereabouts)
    with pytest.raises(DisciplineError, match="no"):
        plan.execute({"n_processes": 2, "parallel_by": by}, observer=monitor)
    assert heard == [("Raise", ["Wait"])]


def test_only_a_process_that_ended_itself_is_said_to_be_the_disciplines_fault():
    killed = "its process was killed (signal 15)"
    assert ended_while_running(killed, running=["a"], exited=False) == f"{killed}, while discipline 'a' ran"
    exited = ended_while_running("its process ended with code 0", running=["a", "b"], exited=True)
    assert "while disciplines 'a', 'b' ran; no discipline may end its process" in exited
    assert ended_while_running(killed, running=[], exited=False) == killed


def test_a_run_over_its_time_names_all_that_ran():
    assert "disciplines 'a', 'b' were running: see whether they ever end" in overran(
        5.0, running=["a", "b"], is_own=False
    )
    assert "discipline 'a' was running" in overran(5.0, running=["a"], is_own=False)
    assert "was running" not in overran(5.0, running=[], is_own=False)
    assert "its deadline of 5 s" in overran(5.0, running=[], is_own=True)
