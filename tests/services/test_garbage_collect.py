"""What is collected: study cases deleted long ago and all that was only theirs; nothing else."""

import datetime as dt
import logging
import os
import time
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import func, select

from sostrades_api.access import COMMAND_LINE
from sostrades_api.errors import NotFoundError
from sostrades_api.models import (
    Execution,
    ExecutionLog,
    ExecutionState,
    ExecutionTransition,
    ExecutionValue,
    ParameterChange,
    StoredValue,
    StudyCase,
    StudyCaseRight,
    StudyParameter,
    utc_now,
)
from sostrades_api.services.execution_log_append import LogLine, execution_log_append
from sostrades_api.services.execution_request import execution_request
from sostrades_api.services.execution_result_read import execution_result_read
from sostrades_api.services.garbage_collect import Collected, garbage_collect, garbage_find
from sostrades_api.services.parameter_check import ScalarUpdate
from sostrades_api.services.parameter_history import parameter_history
from sostrades_api.services.study_case_copy import study_case_copy
from sostrades_api.services.study_case_restore import study_case_restore
from sostrades_api.services.study_case_update import study_case_update
from sostrades_api.services.unit_of_work import unit_of_work
from sostrades_api.storage import ValueStore
from sostrades_api.worker.collector import collect_once, start_collecting
from sostrades_api.worker.runtime import Runtime
from tests.support.finished import execute, finished_study

NOW = dt.timedelta(0)
LARGE = np.arange(5000.0)
OWN = (
    StudyCase,
    StudyCaseRight,
    StudyParameter,
    ParameterChange,
    Execution,
    ExecutionValue,
    ExecutionTransition,
    ExecutionLog,
)


@pytest.fixture
def collect(session, platform):
    """One collection; values of any age."""

    def run(*, older_than: dt.timedelta = NOW, **settings) -> Collected:
        used = platform.settings.model_copy(update=settings)
        return garbage_collect(session, values=platform.values, settings=used, older_than=older_than)

    return run


@pytest.fixture
def study(app, session, platform, make_group) -> StudyCase:
    """A study case with parameters, a history, a large result and a log."""
    made = finished_study(app, session, group=make_group("team"), name="study", process_name="sellar")
    change(session, platform, made, value=2.5)
    execution_id = execute(app, session, made, changed={"large": LARGE})
    line = LogLine(utc_now(), "INFO", "a line")
    execution_log_append(session, execution_id=execution_id, attempt=1, lines=[line])
    return made


def change(session, platform, study, *, value: float) -> None:
    update = ScalarUpdate(variable_id=f"{study.name}.x", value=value)
    study_case_update(session, study, actor=COMMAND_LINE, values=platform.values, scalars=[update])


def delete_days_ago(session, study, days: float) -> None:
    with unit_of_work(session):
        study.deleted_at = utc_now() - dt.timedelta(days=days)


def blobs(platform) -> list[str]:
    folder = Path(platform.settings.value_store_url.removeprefix("file://"))
    return [path.name for path in folder.rglob("*") if path.is_file()]


def rows(session) -> dict[str, int]:
    counted = {table.__tablename__: session.scalar(select(func.count()).select_from(table)) for table in OWN}
    session.rollback()
    return {name: count for name, count in counted.items() if count}


def test_a_purge_leaves_no_rows_and_no_blobs_behind_after_two_collections(session, platform, study, collect):
    study_case_id = study.id
    delete_days_ago(session, study, 31)
    assert blobs(platform)
    first = collect()
    assert first.study_cases == (study_case_id,)
    assert first.values > 0
    assert rows(session) == {}
    assert session.scalar(select(func.count()).select_from(StoredValue)) == 0
    assert collect() == Collected(blobs=1)
    assert blobs(platform) == []
    assert collect() == Collected()


def test_values_of_live_studies_histories_and_executions_survive(session, platform, study, collect):
    change(session, platform, study, value=3.5)  # 2.5 is now in the history and in the execution only
    before = rows(session)
    collect()
    collect()
    assert rows(session) == before
    store = ValueStore(platform.settings.value_store_url)
    outcome = execution_result_read(session, study, values=store)
    assert outcome is not None
    assert np.array_equal(outcome.value("large"), LARGE)
    assert outcome.given["x"] == 2.5
    newest = parameter_history(session, study, values=store)[0]
    assert (newest.old_value, newest.new_value) == (2.5, 3.5)


def test_a_copy_keeps_the_values_it_shares_with_a_purged_study(session, platform, study, collect):
    copy = study_case_copy(session, study, actor=COMMAND_LINE, new_name="copy")
    delete_days_ago(session, study, 31)
    collect()
    collect()
    digests = dict(
        session.execute(
            select(StudyParameter.name, StudyParameter.digest).where(StudyParameter.study_case_id == copy.id)
        ).all()
    )
    store = ValueStore(platform.settings.value_store_url)
    assert store.get(session, digests["x"]) == 2.5
    assert set(rows(session)) == {"study_cases", "study_parameters"}


@pytest.mark.parametrize(("days", "retention"), [(29, 30), (1000, 0)])
def test_a_study_is_kept_for_the_time_of_the_setting(session, study, collect, days, retention):
    delete_days_ago(session, study, days)
    before = rows(session)
    assert collect(deleted_retention_days=retention).study_cases == ()
    assert rows(session) == before
    assert study_case_restore(session, study).deleted_at is None


def test_a_study_with_an_active_execution_is_never_purged(session, platform, study, collect):
    execution = execution_request(session, study, actor=COMMAND_LINE, queue=platform.queue)
    delete_days_ago(session, study, 1000)
    before = rows(session)
    assert collect().study_cases == ()
    assert rows(session) == before
    with unit_of_work(session):
        execution.state = ExecutionState.STOPPED
    assert len(collect().study_cases) == 1


def test_a_young_unused_value_stays(session, platform, collect):
    with unit_of_work(session):
        platform.values.put(session, LARGE)
    assert collect(older_than=dt.timedelta(days=1)) == Collected()
    assert collect() == Collected(values=1)


def test_a_dry_run_says_what_a_collection_would_do_and_does_nothing(session, platform, study, collect):
    delete_days_ago(session, study, 31)
    with unit_of_work(session):
        platform.values.put(session, LARGE + 1)
    before = rows(session)
    found = garbage_find(session, values=platform.values, settings=platform.settings, older_than=NOW)
    assert found == Collected(study_cases=(study.id,), values=1)
    assert rows(session) == before
    assert collect().study_cases == found.study_cases


def test_restoring_what_was_purged_meanwhile_says_that_it_is_gone(session, study, collect):
    delete_days_ago(session, study, 31)
    session.refresh(study)
    session.expunge(study)
    collect()
    with pytest.raises(NotFoundError):
        study_case_restore(session, study)


@pytest.mark.database("sqlite")
def test_the_workers_collector_collects_again_and_again(app, session, platform, study):
    delete_days_ago(session, study, 31)
    session.rollback()
    ended = start_collecting(Runtime(app, platform.queue), first=0, pause=0.05)
    deadline = time.monotonic() + 30
    while rows(session):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    ended.set()


@pytest.mark.database("sqlite")
def test_a_collection_that_fails_is_logged_and_disturbs_nobody(app, platform, monkeypatch, caplog):
    def fail(*_args, **_kwargs):
        raise RuntimeError("no such bucket")

    monkeypatch.setattr("sostrades_api.worker.collector.garbage_collect", fail)
    with caplog.at_level(logging.ERROR):
        collect_once(Runtime(app, platform.queue))
    assert "collecting garbage failed" in caplog.text


def test_what_crashed_writers_left_behind_goes_after_a_day(collect, platform):
    folder = Path(platform.settings.resolved_value_store_url.removeprefix("file://")) / "ab"
    folder.mkdir(parents=True)
    old, young = folder / ".writing-old", folder / ".writing-young"
    for path in (old, young):
        path.write_bytes(b"half")
    yesterday = time.time() - 25 * 3600
    os.utime(old, (yesterday, yesterday))
    assert collect(older_than=NOW).blobs == 1
    assert [path.name for path in folder.iterdir()] == [".writing-young"]
