"""Real workers are steered: a suspended execution frees its worker, another goes on; force ends any run."""

import time

import pytest
from sqlalchemy import func, select

from sostrades_api.models import ComputedResult, Execution, ExecutionLog, ExecutionState, ExecutionValue
from sostrades_api.services.execution_log_slice import execution_log_slice
from sostrades_api.services.execution_request import execution_request
from sostrades_api.services.execution_resubmit import execution_resubmit
from sostrades_api.services.execution_resume import execution_resume
from sostrades_api.services.execution_set_deadline import execution_set_deadline
from sostrades_api.services.execution_stop import execution_stop
from sostrades_api.services.execution_suspend import execution_suspend
from tests.support.live import LivePlatform, wait_until

pytestmark = [pytest.mark.slow, pytest.mark.database("sqlite")]
S = ExecutionState


@pytest.fixture
def request_one(session, actor, queue):
    def request(study):
        number = execution_request(session, study, actor=actor, queue=queue).id
        session.rollback()
        return number

    return request


@pytest.fixture
def ask(session, actor, queue):
    """``ask(execution_stop, number, force=True)``."""

    def ask(service, number, **options):
        session.rollback()
        service(session, number, actor=actor, queue=queue, **options)
        session.rollback()

    return ask


@pytest.fixture
def reached(session):
    """``reached(number, S.FINISHED)``: the execution, once it is in that state."""

    def reached(number, state, seconds=30.0):
        def there():
            session.rollback()
            execution = session.get(Execution, number, populate_existing=True)
            return execution if execution.state is state else None

        return wait_until(there, seconds=seconds)

    return reached


def lines(journal):
    return journal.read_text().split() if journal.exists() else []


def test_a_suspended_execution_frees_its_worker_and_goes_on_with_its_draws_on_another(
    session, platform, make_case, live_settings, request_one, ask, reached, tmp_path
):
    journal = tmp_path / "journal"
    study = make_case("test_draws", seconds=0.8, journal=str(journal))
    quick = make_case("test_chain")
    with LivePlatform(live_settings, test_processes=True) as first:
        first.start_workers(1)
        number = request_one(study)
        wait_until(lambda: lines(journal) == ["Draw", "Weigh"])
        ask(execution_suspend, number)
        execution = reached(number, S.SUSPENDED)
        assert execution.disciplines == {"Draw": "DONE", "Weigh": "DONE", "Judge": "PENDING"}
        before = execution.worker_name
        reached(request_one(quick), S.FINISHED)  # the only worker is free
    with LivePlatform(live_settings, test_processes=True) as second:
        second.start_workers(1)
        ask(execution_resume, number)
        execution = reached(number, S.FINISHED)
    assert execution.worker_name != before
    assert execution.attempt == 2
    assert lines(journal) == ["Draw", "Weigh", "Judge"]
    query = select(ExecutionValue.digest).where(
        ExecutionValue.execution_id == number, ExecutionValue.name == "verdict"
    )
    assert platform.values.get(session, session.scalar(query)) == 0.0
    said = session.scalars(select(ExecutionLog.message).where(ExecutionLog.execution_id == number)).all()
    assert "going on: an earlier attempt has done 2 of 3 disciplines: Draw, Weigh" in said


def said_last(session, number):
    """The last line of the log of an execution."""
    session.rollback()
    query = select(ExecutionLog.message).where(ExecutionLog.execution_id == number)
    return session.scalars(query.order_by(ExecutionLog.id.desc())).first()


def test_force_ends_any_run_and_keeps_what_finished_disciplines_have_made(
    session, actor, queue, platform, make_case, live_settings, request_one, ask, reached, tmp_path
):
    journal = tmp_path / "journal"
    study = make_case("test_steps", seconds=0.8, journal=str(journal))
    kept = select(func.count(ComputedResult.address))
    with LivePlatform(live_settings, test_processes=True) as live:
        live.start_workers(1)
        number = request_one(study)

        def one_is_kept():
            session.rollback()
            return session.scalar(kept) == 1 and len(lines(journal)) == 2

        wait_until(one_is_kept)
        ask(execution_stop, number, force=True)
        asked = time.monotonic()
        execution = reached(number, S.STOPPED)
        assert time.monotonic() - asked < 3.0
        done, interrupted = lines(journal)
        assert execution.disciplines == {"Aside": "DONE", "Heat": "PENDING", "Cool": "PENDING"}
        assert (done, interrupted) == ("Aside", "Heat")
        assert "stopped by force" in said_last(session, number)
        session.rollback()
        again = execution_resubmit(session, number, actor=actor, queue=queue, values=platform.values).id
        reached(again, S.FINISHED)
        assert lines(journal)[2:] == ["Heat", "Cool"]

        stubborn = request_one(make_case("test_stubborn"))
        reached(stubborn, S.RUNNING)
        execution_set_deadline(session, stubborn, actor=actor, seconds=0.1)  # while it runs
        message = reached(stubborn, S.FAILED).error_message
        assert "longer than its deadline of 0.1 s" in message
        assert said_last(session, stubborn) == f"failed: {message}"
        failing = request_one(make_case("test_failing"))
        reached(failing, S.FAILED)
        for number, discipline in ((stubborn, "Stubborn"), (failing, "Broken")):
            (line,) = execution_log_slice(
                session, session.get(Execution, number), level="ERROR", discipline=discipline
            ).lines
            assert line["message"].startswith("failed: ")
