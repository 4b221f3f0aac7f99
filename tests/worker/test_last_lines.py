"""What a run says last is stored and told once, however often its end must be written."""

import pytest
from sqlalchemy import select
from sqlalchemy.exc import DataError, OperationalError
from sqlalchemy.orm import Session

from sostrades_api.models import Execution, ExecutionLog, ExecutionState, db
from sostrades_api.services import execution_end
from sostrades_api.storage.errors import UnstorableValueError
from sostrades_api.worker import patience
from sostrades_api.worker import run as run_module
from sostrades_api.worker.run import AttemptRun
from sostrades_api.worker.runtime import Runtime

pytestmark = pytest.mark.database("sqlite")


@pytest.fixture(autouse=True)
def quickly(monkeypatch):
    monkeypatch.setattr(patience, "_FIRST_PAUSE", 0.001)


@pytest.fixture
def perform(session, app, platform, make_case, claim):
    """Run an attempt here; its execution and the lines of its log."""

    def perform():
        attempt = claim(make_case("test_chain"))
        runtime = Runtime(app, platform.queue)
        runtime.announce_states()
        with app.app_context(), Session(db.engine) as own:
            AttemptRun(runtime, attempt, own).perform()
        query = select(ExecutionLog.message).where(ExecutionLog.execution_id == attempt.execution_id)
        lines = session.scalars(query.order_by(ExecutionLog.id)).all()
        return session.get(Execution, attempt.execution_id, populate_existing=True), lines

    return perform


def assert_told_once(told, lines):
    assert [(line["index"], line["message"]) for line in told] == list(enumerate(lines))


def test_an_end_that_is_written_at_the_second_try_tells_the_last_lines(perform, told, monkeypatch):
    add, tries = execution_end.add_log_lines, []

    def add_at_second_try(*args, **kwargs):
        tries.append(kwargs)
        if len(tries) == 1:
            raise OperationalError("INSERT", {}, Exception("the connection is gone"))
        add(*args, **kwargs)

    monkeypatch.setattr(execution_end, "add_log_lines", add_at_second_try)
    execution, lines = perform()
    assert execution.state is ExecutionState.FINISHED
    assert len(tries) == 2
    assert lines[-1] == "finished"
    assert_told_once(told, lines)


@pytest.mark.parametrize("fault", [DataError("INSERT", {}, ValueError()), UnstorableValueError("a lambda")])
def test_results_that_are_refused_take_no_lines_with_them(perform, told, monkeypatch, fault):
    def refuse(*_args, **_kwargs):
        raise fault

    monkeypatch.setattr(run_module, "execution_finish", refuse)
    execution, lines = perform()
    assert execution.state is ExecutionState.FAILED
    assert lines[0].startswith("attempt 1 of")
    assert lines[-1].startswith("failed: ")
    assert_told_once(told, lines)
