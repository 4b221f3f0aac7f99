"""Rows of workers: written by themselves, read by everybody, forgotten by the sweeper."""

import datetime as dt

import pytest
from sqlalchemy import select, update

from sostrades_api.access import COMMAND_LINE
from sostrades_api.models import WorkerProcess, utc_now
from sostrades_api.queueing import ExecutionQueue
from sostrades_api.services.worker_beat import WorkerFacts, worker_beat, worker_leave
from sostrades_api.services.worker_figures import WorkerFigures, worker_figures
from sostrades_api.services.worker_forget import worker_forget
from sostrades_api.services.worker_hold import worker_hold, worker_release
from sostrades_api.services.worker_list import WorkerState, worker_list
from sostrades_api.worker.registration import Registration
from sostrades_api.worker.runtime import Runtime
from sostrades_api.worker.sweeper import LeaseClock, sweep_once


def facts(name="node3-17", **changes):
    return WorkerFacts(
        name=name, host="node3", pid=17, profiles=("standard",), started_at=utc_now(), **changes
    )


def silence(session, name, *, seconds):
    session.execute(
        update(WorkerProcess)
        .where(WorkerProcess.name == name)
        .values(heartbeat_at=utc_now() - dt.timedelta(seconds=seconds))
    )
    session.commit()


def test_a_worker_hears_in_its_heartbeat_whether_it_is_held(session):
    assert worker_beat(session, facts()) is False
    worker_hold(session, "node3-17", actor=COMMAND_LINE)
    assert worker_beat(session, facts(execution_id=7, executed=3)) is True
    row = session.scalar(select(WorkerProcess))
    assert (row.execution_id, row.executed, row.profiles) == (7, 3, ["standard"])
    worker_release(session, "node3-17", actor=COMMAND_LINE)
    assert worker_beat(session, facts()) is False
    worker_leave(session, name="node3-17")
    assert session.scalar(select(WorkerProcess)) is None


def test_a_worker_that_comes_back_after_it_was_forgotten_is_known_again(session):
    worker_beat(session, facts("a"))
    worker_beat(session, facts("b"))
    silence(session, "a", seconds=3700.0)
    silence(session, "b", seconds=3500.0)
    assert worker_forget(session) == ("a",)
    assert worker_forget(session) == ()
    worker_beat(session, facts("a"))
    session.rollback()
    shown = worker_list(session, actor=COMMAND_LINE, silence_seconds=12.0)
    assert {worker.name: worker.state for worker in shown} == {"a": WorkerState.IDLE, "b": WorkerState.LOST}


@pytest.mark.database("postgresql")
@pytest.mark.parametrize("wrong", [dt.timedelta(hours=-3), dt.timedelta(hours=3)], ids=["behind", "ahead"])
def test_a_worker_whose_host_has_a_wrong_clock_is_neither_lost_nor_forgotten(session, monkeypatch, wrong):
    with monkeypatch.context() as on_its_host:
        moment = utc_now() + wrong
        on_its_host.setattr("sostrades_api.models.clock.utc_now", lambda: moment)
        on_its_host.setattr("sostrades_api.models.worker.utc_now", lambda: moment)
        worker_beat(session, facts())
        worker_hold(session, "node3-17", actor=COMMAND_LINE)
        assert worker_beat(session, facts()) is True
    assert worker_forget(session) == ()
    (shown,) = worker_list(session, actor=COMMAND_LINE, silence_seconds=12.0)
    assert shown.state is WorkerState.HELD
    assert abs(shown.heartbeat_at - utc_now()) < dt.timedelta(minutes=1)
    assert worker_figures(session, silent_seconds=12.0) == WorkerFigures(held=1)


@pytest.mark.database("sqlite")
def test_the_sweeper_forgets_lost_workers(app, platform, session):
    worker_beat(session, facts())
    silence(session, "node3-17", seconds=3700.0)
    session.rollback()
    sweep_once(Runtime(app, platform.queue), clock=LeaseClock(platform.settings.lease_seconds))
    assert session.scalar(select(WorkerProcess)) is None


@pytest.mark.database("sqlite")
def test_a_worker_whose_database_is_away_goes_on_as_it_heard_last(make_app, settings, session, caplog):
    away = make_app(settings.model_copy(update={"database_url": "postgresql://nobody@127.0.0.1:1/none"}))
    queue = ExecutionQueue.for_web(settings)
    registration = Registration(Runtime(away, queue), name="node3-17", profiles=("standard",))
    registration.held = True
    registration.beat()
    registration.beat()
    assert registration.held
    assert [record.message[:30] for record in caplog.records] == ["the database does not answer to"[:30]]
    registration.leave()
    queue.redis.close()


@pytest.mark.database("sqlite")
def test_a_heartbeat_is_not_written_more_often_than_it_is_due(app, platform, session):
    registration = Registration(Runtime(app, platform.queue), name="node3-17", profiles=("standard",))
    registration.beat_if_due()
    silence(session, "node3-17", seconds=60.0)
    before = session.scalar(select(WorkerProcess.heartbeat_at))
    session.rollback()
    registration.running(5)
    registration.idle()
    registration.beat_if_due()
    assert session.scalar(select(WorkerProcess.heartbeat_at)) == before
    session.rollback()
    registration.beat()
    assert session.scalar(select(WorkerProcess.executed)) == 1
