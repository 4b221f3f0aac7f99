"""Orders to a work-horse that stands by: whole, or to another one."""

import os
import signal

import psutil
import pytest

from sostrades_api.worker import standby
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


def test_a_frozen_work_horse_is_ended_instead_of_waited_for(horse, monkeypatch):
    monkeypatch.setattr(standby, "_LISTEN_SECONDS", 0.2)
    os.kill(horse.pid, signal.SIGSTOP)
    assert not horse.start(ATTEMPT)
    assert not psutil.pid_exists(horse.pid)


def test_a_dead_work_horse_takes_no_order(horse):
    os.kill(horse.pid, signal.SIGKILL)
    assert not horse.start(ATTEMPT)
