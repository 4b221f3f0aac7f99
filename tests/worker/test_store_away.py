"""A value store that is away is waited for, and is never the fault of a run."""

import os
from functools import partial

import pytest
from sqlalchemy.exc import DataError, OperationalError
from sqlalchemy.orm import Session

from sostrades_api.models import Execution, ExecutionState, db
from sostrades_api.storage import StoreUnavailableError, ValueStore
from sostrades_api.worker import execution_worker, patience
from sostrades_api.worker import run as run_module
from sostrades_api.worker.execution_worker import ExecutionWorker
from sostrades_api.worker.patience import patiently
from sostrades_api.worker.run import AttemptRun
from sostrades_api.worker.runtime import Runtime
from sostrades_api.worker.standby import Standby
from sostrades_api.worker.supervisor import Supervisor
from sostrades_api.worker.whereabouts import Whereabouts

pytestmark = pytest.mark.database("sqlite")


@pytest.fixture
def runtime(app, platform):
    return Runtime(app, platform.queue)


@pytest.fixture
def attempt(claim, make_case):
    return claim(make_case("test_chain"))


@pytest.fixture
def perform(session, runtime, attempt):
    """Run the attempt here; its execution."""

    def perform():
        with runtime.app.app_context(), Session(db.engine) as own:
            AttemptRun(runtime, attempt, own).perform()
        return read(session, attempt)

    return perform


def read(session, attempt):
    session.rollback()
    return session.get(Execution, attempt.execution_id, populate_existing=True)


def away(monkeypatch, *, times):
    """The store gives no values for so many questions; the list of the questions."""
    get_many, asked = ValueStore.get_many, []

    def get(store, session, digests):
        asked.append(digests)
        if len(asked) <= times:
            raise StoreUnavailableError
        return get_many(store, session, digests)

    monkeypatch.setattr(ValueStore, "get_many", get)
    return asked


def test_a_run_reads_its_inputs_once_the_store_answers_again(perform, monkeypatch):
    monkeypatch.setattr(patience, "_FIRST_PAUSE", 0.001)
    asked = away(monkeypatch, times=3)
    assert perform().state is ExecutionState.FINISHED
    assert len(asked) > 3


@pytest.mark.parametrize("read", ["input_digests", "execution_costs"])
def test_a_run_reads_what_it_is_about_once_the_database_answers_again(perform, monkeypatch, read):
    monkeypatch.setattr(patience, "_FIRST_PAUSE", 0.001)
    ask, faults = getattr(run_module, read), [OperationalError("SELECT", {}, Exception("away"))]

    def first_away(*args, **kwargs):
        if faults:
            raise faults.pop()
        return ask(*args, **kwargs)

    monkeypatch.setattr(run_module, read, first_away)
    assert perform().state is ExecutionState.FINISHED
    assert not faults


def test_a_store_that_stays_away_does_not_fail_the_run(perform, session, attempt, monkeypatch):
    monkeypatch.setattr(run_module, "patiently", partial(patiently, seconds=0.0))
    away(monkeypatch, times=1000)
    with pytest.raises(StoreUnavailableError):
        perform()
    assert read(session, attempt).state is ExecutionState.RUNNING  # its worker gives it back


def test_results_that_the_database_refuses_fail_the_run_at_once(perform, monkeypatch):
    monkeypatch.setattr(patience, "_FIRST_PAUSE", 0.001)

    def refuse(*_args, **_kwargs):
        raise DataError("INSERT INTO execution_values", {"name": "secret"}, ValueError("out of range"))

    monkeypatch.setattr(run_module, "execution_finish", refuse)
    execution = perform()
    assert execution.state is ExecutionState.FAILED
    assert "out of range" in execution.traceback
    assert "secret" not in execution.error_message
    assert "INSERT" not in execution.error_message


@pytest.mark.parametrize(
    ("fault", "discipline_runs", "losses"),
    [
        (StoreUnavailableError(), False, 0),
        (StoreUnavailableError(), True, 1),  # as when a discipline ends its process so: not for ever
        (ValueError("a fault of ours"), False, 1),
    ],
)
def test_an_attempt_that_is_given_back_for_want_of_the_store_counts_for_nothing(
    session, runtime, attempt, monkeypatch, fault, discipline_runs, losses
):
    def execute(_execution_id):
        raise fault

    monkeypatch.setattr(execution_worker, "execute", execute)
    child = os.fork()
    if child == 0:
        try:
            os.setsid()
            worker = ExecutionWorker.__new__(ExecutionWorker)
            worker._is_horse = True
            worker._run_in_work_horse(attempt)
        finally:
            os._exit(99)
    reports, report = os.pipe()
    horse = Standby(child, Whereabouts(), os.open(os.devnull, os.O_WRONLY), reports)
    if discipline_runs:
        horse.whereabouts.place[0] = 1
    supervisor = Supervisor(runtime, attempt, horse=horse, worker="w", is_shutting_down=lambda: False)
    assert not supervisor.watch(beat=lambda: None, register=lambda: None)
    horse.close()
    os.close(report)
    execution = read(session, attempt)
    assert (execution.state, execution.losses) == (ExecutionState.QUEUED, losses)
