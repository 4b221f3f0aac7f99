"""How soon an execution goes on whose worker was killed, with the settings that users have."""

import os
import signal
import time

import pytest
from sqlalchemy import select

from sostrades_api.models import Execution, ExecutionState, ExecutionTransition
from sostrades_api.queueing import ExecutionQueue
from sostrades_api.services.execution_request import execution_request
from sostrades_api.settings import Settings
from tests.support.live import LivePlatform, wait_until

pytestmark = [pytest.mark.slow, pytest.mark.database("sqlite")]


def test_the_run_of_a_killed_worker_goes_on_long_before_its_lease_ends(
    session, make_case, actor, live_settings, tmp_path
):
    users = {
        name: Settings.model_fields[name].default
        for name in ("lease_seconds", "heartbeat_seconds", "sweep_seconds")
    }
    settings = live_settings.model_copy(update=users)
    queue = ExecutionQueue.for_web(settings)
    study = make_case("test_slow", seconds=60.0, until=str(tmp_path / "awake"))
    execution_id = execution_request(session, study, actor=actor, queue=queue).id

    def attempt():
        session.rollback()
        row = session.execute(
            select(Execution.attempt, Execution.state, Execution.worker_name).where(
                Execution.id == execution_id
            )
        ).one()
        return row if row.state is ExecutionState.RUNNING else None

    with LivePlatform(settings, test_processes=True) as platform:
        platform.start_workers(2)
        first = wait_until(attempt)
        (pid,) = [pid for pid in platform.workers() if first.worker_name == name_of(platform, pid)]
        os.kill(pid, signal.SIGKILL)
        killed = time.monotonic()
        second = wait_until(lambda: (row := attempt()) and row.attempt == 2 and row)
        assert time.monotonic() - killed < settings.lease_seconds - settings.heartbeat_seconds
        assert second.worker_name != first.worker_name
        (tmp_path / "awake").touch()
        wait_until(
            lambda: (
                session.rollback() or session.get(Execution, execution_id).state is ExecutionState.FINISHED
            )
        )
    reasons = session.scalars(
        select(ExecutionTransition.reason).where(ExecutionTransition.execution_id == execution_id)
    ).all()
    assert "its worker ended unexpectedly" in reasons
    queue.redis.close()


def name_of(platform, pid):
    redis = platform.redis()
    keys = [key for key in redis.smembers("rq:workers") if int(redis.hget(key, "pid") or 0) == pid]
    redis.close()
    return keys[0].decode().removeprefix("rq:worker:")
