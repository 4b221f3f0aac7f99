"""A suspended execution goes on, in whatever process, with what its disciplines have made before."""

import re
import time

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from sostrades_api.models import ComputedResult, Execution, ExecutionLog, ExecutionState, ExecutionValue, db
from sostrades_api.services.computed_result_collect import computed_result_find_unwanted
from sostrades_api.services.execution_claim import execution_claim
from sostrades_api.services.execution_recompute import execution_recompute
from sostrades_api.services.execution_request import execution_request
from sostrades_api.services.execution_resume import execution_resume
from sostrades_api.services.execution_stop import execution_stop
from sostrades_api.services.execution_suspend import execution_suspend
from sostrades_api.worker.monitor import RunMonitor
from sostrades_api.worker.run import AttemptRun
from sostrades_api.worker.runtime import ClaimedAttempt, Runtime

NAP = 0.02  # longer than a look-up
S = ExecutionState


@pytest.fixture
def journal(tmp_path):
    return tmp_path / "journal"


@pytest.fixture
def ask(session, platform, actor):
    """``ask(execution_suspend, number)``: ask a service to steer an execution; its state."""

    def ask(service, number):
        session.rollback()
        return service(session, number, actor=actor, queue=platform.queue).state

    return ask


@pytest.fixture
def attempt(app, platform, session, journal, monkeypatch):
    """``attempt(number, stop_after="Heat")``: run an attempt in this process; what ran, and the execution."""

    def run(number, *, stop_after=None, ask=None, app=app):
        session.rollback()
        journal.write_text("")
        claimed = execution_claim(
            session, execution_id=number, token=f"t{number}", worker="test", lease_seconds=60
        )
        session.rollback()
        held = ClaimedAttempt.of(claimed, token=claimed.token, began=time.monotonic())
        session.rollback()

        def should_stop(_monitor):
            if stop_after is None or stop_after not in journal.read_text():
                return False
            ask()
            return True

        monkeypatch.setattr(RunMonitor, "should_stop", should_stop)
        with app.app_context(), Session(db.engine) as own:
            AttemptRun(Runtime(app, platform.queue), held, own).perform()
        session.rollback()
        return journal.read_text().split(), session.get(Execution, number, populate_existing=True)

    return run


@pytest.fixture
def requested(session, platform, actor, make_case, journal):
    """``requested("test_draws")``: the number of a queued execution of a study case of that process."""

    def make(process, **values):
        study = make_case(process, seconds=NAP, journal=str(journal), **values)
        number = execution_request(session, study, actor=actor, queue=platform.queue).id
        session.rollback()
        return number

    return make


@pytest.fixture
def suspended(requested, attempt, ask):
    """``suspended("test_draws", after="Weigh")``: one that was suspended after that discipline."""

    def suspend(process, *, after, app=None, **values):
        number = requested(process, **values)
        options = {} if app is None else {"app": app}
        _, execution = attempt(
            number, stop_after=after, ask=lambda: ask(execution_suspend, number), **options
        )
        assert execution.state is S.SUSPENDED
        return number

    return suspend


def checkpoints(session):
    session.rollback()
    private = ComputedResult.address.startswith("run:")
    return session.scalar(select(func.count(ComputedResult.address)).where(private))


def log(session, number):
    query = select(ExecutionLog.message).where(ExecutionLog.execution_id == number)
    return "\n".join(session.scalars(query.order_by(ExecutionLog.id)))


def output(session, platform, number, name):
    query = select(ExecutionValue.digest).where(
        ExecutionValue.execution_id == number, ExecutionValue.io == "out", ExecutionValue.name == name
    )
    return platform.values.get(session, session.scalar(query))


def test_what_was_drawn_before_a_suspension_is_not_drawn_again(session, platform, suspended, attempt, ask):
    number = suspended("test_draws", after="Weigh")
    execution = session.get(Execution, number)
    assert execution.disciplines == {"Draw": "DONE", "Weigh": "DONE", "Judge": "PENDING"}
    assert (execution.token, execution.worker_name) == (None, "test")
    assert checkpoints(session) == 2
    assert ask(execution_resume, number) is S.QUEUED
    ran, execution = attempt(number)
    assert ran == ["Judge"]
    assert (execution.state, execution.attempt) == (S.FINISHED, 2)
    assert set(execution.disciplines.values()) == {"DONE"}
    assert output(session, platform, number, "verdict") == 0.0
    assert "an earlier attempt has done 2 of 3 disciplines: Draw, Weigh" in log(session, number)
    assert execution.profile["reused"] == [True, True, False]
    assert checkpoints(session) == 0


def test_an_execution_that_trusts_no_result_trusts_its_own(session, suspended, attempt, ask):
    number = suspended("test_steps", after="Heat", reuse_results=False)
    ask(execution_resume, number)
    ran, _ = attempt(number)
    assert ran == ["Cool"]
    assert checkpoints(session) == 0


@pytest.mark.database("sqlite")
def test_a_platform_without_the_cache_lets_executions_go_on_too(
    session, make_app, settings, suspended, attempt, ask
):
    app = make_app(settings.model_copy(update={"result_cache": False}))
    number = suspended("test_steps", after="Heat", app=app)
    ask(execution_resume, number)
    ran, _ = attempt(number, app=app)
    assert ran == ["Cool"]
    assert session.scalar(select(func.count(ComputedResult.address))) == 0


@pytest.mark.database("sqlite")
def test_checkpoints_of_a_suspended_execution_stay_and_go_with_it(
    session, platform, suspended, ask, settings
):
    number = suspended("test_draws", after="Weigh")
    tight = settings.model_copy(update={"result_cache_days": 1e-9, "result_cache_bytes": 1})
    assert computed_result_find_unwanted(session, settings=tight) == []
    assert ask(execution_stop, number) is S.STOPPED
    session.rollback()
    unwanted = computed_result_find_unwanted(session, settings=settings)
    assert len(unwanted) == 2
    assert all(re.fullmatch(rf"run:{number}:[0-9a-f]{{40}}", address) for address in unwanted)


@pytest.mark.database("sqlite")
def test_one_that_is_stopped_leaves_no_checkpoints_but_what_others_may_use(session, requested, attempt, ask):
    number = requested("test_steps", reuse_results=False)
    _, execution = attempt(number, stop_after="Heat", ask=lambda: ask(execution_stop, number))
    assert execution.state is S.STOPPED
    assert execution.disciplines["Heat"] == "DONE"
    assert checkpoints(session) == 0
    assert session.scalar(select(func.count(ComputedResult.address))) == 2  # Aside came first


def test_a_recomputation_runs_what_was_known_and_goes_on_after_a_suspension(
    session, platform, actor, requested, attempt, ask
):
    first = requested("test_steps")
    attempt(first)
    session.rollback()
    again = execution_recompute(
        session,
        first,
        discipline="Heat",
        actor=actor,
        queue=platform.queue,
        values=platform.values,
    ).id
    ran, execution = attempt(again, stop_after="Heat", ask=lambda: ask(execution_suspend, again))
    assert (ran, execution.state) == (["Heat"], S.SUSPENDED)
    assert execution.disciplines == {"Heat": "DONE", "Cool": "PENDING", "Aside": "DONE"}
    ask(execution_resume, again)
    ran, execution = attempt(again)
    assert (ran, execution.state) == (["Cool"], S.FINISHED)
    assert output(session, platform, again, "cold") == output(session, platform, first, "cold")
