"""A database file that is replaced while workers wait is the one that they work on from then on."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from sostrades_api.models import Execution, ExecutionState, StudyCase, WorkerProcess, db
from sostrades_api.queueing import ExecutionQueue
from sostrades_api.services.execution_request import execution_request
from tests.support.live import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.database("sqlite")]


def replace(file):
    """By a copy, as from a backup."""
    copy = file.with_name("backup.sqlite3")
    with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
    copy.replace(file)
    for suffix in ("-wal", "-shm"):
        file.with_name(file.name + suffix).unlink(missing_ok=True)


def await_heartbeat(session):
    beaten = select(func.max(WorkerProcess.heartbeat_at))
    first = session.scalar(beaten)
    wait_until(lambda: session.rollback() or session.scalar(beaten) != first)


def test_a_worker_that_waits_notices_another_file(session, app, make_case, actor, worker_pool, live_settings):
    study_id = make_case("test_chain").id
    await_heartbeat(session)
    session.close()
    with app.app_context():
        db.engine.dispose()
        replace(Path(db.engine.url.database))
        with Session(db.engine) as afterwards:
            await_heartbeat(afterwards)
            study = afterwards.get(StudyCase, study_id)
            queue = ExecutionQueue.for_web(live_settings)
            number = execution_request(afterwards, study, actor=actor, queue=queue).id
            state = select(Execution.state).where(Execution.id == number)
            wait_until(lambda: afterwards.rollback() or afterwards.scalar(state) is ExecutionState.FINISHED)
            queue.redis.close()
