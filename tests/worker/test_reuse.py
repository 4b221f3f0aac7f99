"""What was computed for the same inputs is not run again, by whatever attempt, execution or study case."""

import psutil
import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from sostrades_api.models import ComputedResult, Execution, ExecutionLog, ExecutionState, ExecutionValue, db
from sostrades_api.queueing import ExecutionQueue
from sostrades_api.services.execution_request import execution_request
from sostrades_api.services.parameter_check import ScalarUpdate
from sostrades_api.services.study_case_copy import study_case_copy
from sostrades_api.services.study_case_update import study_case_update
from sostrades_api.worker.result_keeper import ResultKeeper
from sostrades_api.worker.run import AttemptRun
from sostrades_api.worker.runtime import Runtime
from tests.support.live import LivePlatform, wait_until

ALL = ["Heat", "Cool", "Aside"]
NAP = 0.02  # longer than a look-up


@pytest.fixture
def journal(tmp_path):
    return tmp_path / "journal"


@pytest.fixture
def study(make_case, journal):
    return make_case("test_steps", seconds=NAP, journal=str(journal))


@pytest.fixture
def runtime(app, platform):
    return Runtime(app, platform.queue)


@pytest.fixture
def run(session, runtime, claim, journal):
    """Run a study case in this process; the disciplines that ran, and the execution."""

    def run(study, runtime=runtime):
        journal.write_text("")
        claimed = claim(study)
        with runtime.app.app_context(), Session(db.engine) as own:
            AttemptRun(runtime, claimed, own).perform()
        session.rollback()
        execution = session.get(Execution, claimed.execution_id, populate_existing=True)
        assert execution.state is ExecutionState.FINISHED
        assert set(execution.disciplines.values()) == {"DONE"}
        return sorted(journal.read_text().splitlines(), key=ALL.index), execution

    return run


@pytest.fixture
def change(session, platform, actor):
    def change(study, **values):
        updates = [ScalarUpdate(variable_id=f"{study.name}.{name}", value=v) for name, v in values.items()]
        study_case_update(session, study, actor=actor, values=platform.values, scalars=updates)

    return change


def digests(session, execution):
    query = select(ExecutionValue.name, ExecutionValue.digest).where(
        ExecutionValue.execution_id == execution.id, ExecutionValue.io == "out"
    )
    return dict(session.execute(query).all())


def log(session, execution):
    query = select(ExecutionLog.message).where(ExecutionLog.execution_id == execution.id)
    return "\n".join(session.scalars(query))


def test_a_copy_runs_nothing_and_says_so(session, actor, study, run):
    ran, first = run(study)
    assert ran == ALL
    ran, again = run(study_case_copy(session, study, actor=actor, new_name="copy"))
    assert ran == []
    assert digests(session, again) == digests(session, first)
    assert "re-used 3 of 3 disciplines, saved 0." in log(session, again)
    assert again.profile["reused"] == [True] * 3
    assert again.profile["saved_seconds"] >= 3 * NAP


def test_an_edit_runs_what_depends_on_it_and_going_back_runs_nothing(session, study, run, change):
    _, first = run(study)
    change(study, factor=0.2)
    ran, edited = run(study)
    assert ran == ["Cool"]
    assert digests(session, edited)["heat"] == digests(session, first)["heat"]
    assert digests(session, edited)["cold"] != digests(session, first)["cold"]
    change(study, factor=0.1, x=1.0, u=2.0)  # two of them are the defaults
    ran, back = run(study)
    assert ran == ["Aside"]
    assert digests(session, back)["cold"] == digests(session, first)["cold"]


@pytest.mark.database("sqlite")
def test_one_quick_execution_hides_no_results_that_took_long(study, run, change):
    run(study)
    change(study, seconds=0.0)
    assert run(study)[0] == ALL
    change(study, seconds=NAP)
    assert run(study)[0] == []


@pytest.mark.database("sqlite")
def test_a_study_case_that_trusts_no_result_runs_everything_and_replaces_what_is_known(
    session, study, run, change
):
    run(study)
    created = select(func.max(ComputedResult.created_at))
    before = session.scalar(created)
    change(study, reuse_results=False)
    assert run(study)[0] == ALL
    assert session.scalar(select(func.min(ComputedResult.created_at))) > before
    change(study, reuse_results=True)
    assert run(study)[0] == []


@pytest.mark.database("sqlite")
def test_a_platform_without_the_cache_keeps_nothing(session, make_app, settings, study, run):
    app = make_app(settings.model_copy(update={"result_cache": False}))
    runtime = Runtime(app, app.extensions["sostrades"].queue)
    assert [run(study, runtime)[0] for _ in range(2)] == [ALL, ALL]
    assert session.scalar(select(func.count()).select_from(ComputedResult)) == 0


@pytest.mark.database("sqlite")
def test_what_is_quicker_than_a_look_up_is_not_kept(session, study, run, monkeypatch):
    monkeypatch.setattr(ResultKeeper, "least_seconds", 60.0)
    assert [run(study)[0] for _ in range(2)] == [ALL, ALL]
    assert session.scalar(select(func.count()).select_from(ComputedResult)) == 0


@pytest.mark.database("sqlite")
def test_a_quick_discipline_that_became_slow_is_kept(make_case, journal, run, change):
    study = make_case("test_steps", journal=str(journal))
    run(study)
    change(study, seconds=NAP)
    assert run(study)[0] == ALL
    assert run(study)[0] == []


@pytest.mark.database("sqlite")
def test_threads_re_use_results_too(study, run, change):
    run(study)
    change(study, n_processes=2, x=2.0)
    assert run(study)[0] == ["Heat", "Cool"]
    assert run(study)[0] == []


def test_a_run_needs_no_cache_that_can_be_read_or_written(session, study, run):
    session.execute(text("DROP TABLE computed_outputs"))
    session.execute(text("DROP TABLE computed_results"))
    session.commit()
    try:
        assert run(study)[0] == ALL
    finally:
        tables = [ComputedResult.metadata.tables[name] for name in ("computed_results", "computed_outputs")]
        ComputedResult.metadata.create_all(session.connection(), tables=tables)
        session.commit()


@pytest.mark.database("sqlite")
def test_a_result_whose_file_is_gone_is_computed_and_kept_again(session, platform, study, run):
    _, first = run(study)
    digest = digests(session, first)["heat"]
    platform.values.blobs.delete([digest])
    platform.values._values.__init__(1)  # what this process remembers
    assert run(study)[0] == ["Heat"]
    assert run(study)[0] == []


@pytest.mark.slow
@pytest.mark.database("sqlite")
def test_after_a_kill_an_execution_goes_on_from_what_was_done(
    session, live_settings, make_case, actor, journal
):
    study = make_case("test_steps", seconds=0.8, journal=str(journal))
    kept = select(func.count()).select_from(ComputedResult)
    with LivePlatform(live_settings, test_processes=True) as platform:
        platform.start_workers(1)
        queue = ExecutionQueue.for_web(live_settings)
        execution = execution_request(session, study, actor=actor, queue=queue)
        queue.redis.close()

        def one_is_kept():
            session.rollback()
            return session.scalar(kept) == 1 and len(journal.read_text().splitlines()) == 2

        wait_until(one_is_kept)
        for worker in platform.workers():
            for horse in psutil.Process(worker).children():
                horse.kill()

        def finished():
            session.rollback()
            return session.get(Execution, execution.id, populate_existing=True).ended_at

        wait_until(finished)
    first, _ = journal.read_text().splitlines()[:2]
    assert sorted(journal.read_text().splitlines()[2:]) == sorted(set(ALL) - {first})
    assert execution.attempt == 2
    assert session.scalar(kept) == 3


def test_branches_in_processes_store_what_they_store_one_after_the_other(session, actor, study, run, change):
    change(study, n_processes=2, parallel_by="processes", factor=0.3)
    ran, parallel = run(study)
    assert ran == ALL
    change(study, n_processes=1, reuse_results=False)
    ran, serial = run(study)
    assert ran == ALL
    assert digests(session, parallel) == digests(session, serial)
    change(study, n_processes=2, reuse_results=True)
    assert run(study)[0] == []
