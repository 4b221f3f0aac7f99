"""Orders to a work-horse that stands by: whole, or to another one."""

import os
import signal
import time
from unittest.mock import Mock

import psutil
import pytest

from sostrades_api.worker import execution_worker, standby
from sostrades_api.worker.execution_worker import ExecutionWorker
from sostrades_api.worker.process_ties import wait_for_report
from sostrades_api.worker.runtime import ClaimedAttempt
from sostrades_api.worker.standby import fork_standby

# More than a pipe takes at once.
ATTEMPT = ClaimedAttempt(
    execution_id=1,
    attempt=1,
    token="t",
    process_name="large",
    disciplines=tuple(f"discipline {number}" for number in range(20_000)),
    worker_profile="standard",
    group_id=1,
)


@pytest.fixture
def horse(tmp_path):
    """A work-horse that writes down how many disciplines it was told."""

    def run(attempt):
        (tmp_path / "told").write_text(str(len(attempt.disciplines)))

    return fork_standby(warm=lambda: None, run=run)


def test_a_long_order_arrives_whole(horse, tmp_path):
    assert horse.start(ATTEMPT)
    assert wait_for_report(horse.pid, horse.reports, seconds=20)
    assert (tmp_path / "told").read_text() == "20000"
    horse.dismiss()


def test_a_long_order_does_not_wait_for_one_work_horse_after_the_other_to_warm_up(monkeypatch, tmp_path):
    forked = []

    def fork(**kwargs):
        assert len(forked) < 3, "no work-horse listens"
        forked.append(fork_standby(**kwargs))
        return forked[-1]

    def run(attempt):
        (tmp_path / "told").write_text(str(len(attempt.disciplines)))

    monkeypatch.setattr(execution_worker, "fork_standby", fork)
    monkeypatch.setattr(standby, "_LISTEN_SECONDS", 0.5)
    monkeypatch.setattr(standby, "_HURRY_SECONDS", 0.0)  # an order of this length took longer to write down
    worker = ExecutionWorker.__new__(ExecutionWorker)
    worker._runtime = Mock(**{"platform.settings.runs_per_process": 1})
    worker._ready, worker._ready_for, worker._runs, worker._is_horse = None, None, 0, False
    worker._warm, worker._run_in_work_horse = lambda: time.sleep(5), run
    worker._standby = worker._fork_standby()
    time.sleep(0.2)  # it warms up
    horse = worker._start_work_horse(ATTEMPT)
    assert wait_for_report(horse.pid, horse.reports, seconds=20)
    assert (tmp_path / "told").read_text() == "20000"
    horse.dismiss()


def test_a_frozen_work_horse_is_ended_instead_of_waited_for(horse, monkeypatch):
    monkeypatch.setattr(standby, "_LISTEN_SECONDS", 0.2)
    os.kill(horse.pid, signal.SIGSTOP)
    assert not horse.start(ATTEMPT)
    assert not psutil.pid_exists(horse.pid)


def test_a_dead_work_horse_takes_no_order(horse):
    os.kill(horse.pid, signal.SIGKILL)
    assert not horse.start(ATTEMPT)
