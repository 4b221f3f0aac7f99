"""What a run tells about itself while it runs and when it ends."""

import logging
import warnings

import pytest

from sostrades_api.engine import (
    CouplingNotConverged,
    Discipline,
    DisciplineEnded,
    DisciplineError,
    DisciplineStarted,
    ExecutionEnded,
    IterationEnded,
    Process,
    build,
)
from sostrades_api.errors import StudyNotLoadableError
from sostrades_api.worker.failures import failure_of, public_message
from sostrades_api.worker.monitor import RunMonitor
from sostrades_api.worker.run_log import MAX_LENGTH, MAX_LINES, RunLog, captured_logging
from sostrades_api.worker.usage import UsageMeter

PATHS = ("a", "b", "c", "d")


@pytest.fixture
def log():
    return RunLog()


@pytest.fixture
def monitor(log):
    return RunMonitor(PATHS, loops=[("b", "c")], tolerance=1e-8, log=log)


def ran(monitor, *paths):
    for path in paths:
        monitor.on_discipline_started(DisciplineStarted(path, PATHS.index(path), len(PATHS)))
        monitor.on_discipline_ended(DisciplineEnded(path, PATHS.index(path), len(PATHS), 0.1))


def test_progress_counts_settled_disciplines_and_the_decades_of_a_loop(monitor):
    assert monitor.progress == 0.0
    ran(monitor, "a")
    assert monitor.progress == 0.25
    ran(monitor, "b", "c")
    assert monitor.progress == 0.25
    monitor.on_iteration_ended(IterationEnded(("b", "c"), 1, 1.0))
    monitor.on_iteration_ended(IterationEnded(("b", "c"), 2, 1e-4))
    assert monitor.progress == pytest.approx(0.5)
    monitor.on_iteration_ended(IterationEnded(("b", "c"), 3, 1e-2))
    assert monitor.progress == pytest.approx(0.5)  # it never goes back
    monitor.on_iteration_ended(IterationEnded(("b", "c"), 4, 1e-9))
    assert monitor.progress == pytest.approx(0.75)
    ran(monitor, "d")
    monitor.on_execution_ended(ExecutionEnded(converged=True, seconds=1.0))
    assert monitor.progress == 0.99  # the results are not stored yet


def test_a_loop_that_diverges_keeps_its_progress(monitor):
    for iteration, residual in enumerate((1.0, 10.0, float("inf"), float("nan")), start=1):
        monitor.on_iteration_ended(IterationEnded(("b", "c"), iteration, residual))
    assert monitor.progress == 0.0
    assert monitor.live(token="t", attempt=1).residual is None


def test_what_is_published_says_what_runs(monitor):
    ran(monitor, "a")
    monitor.on_discipline_started(DisciplineStarted("b", 1, 4))
    live = monitor.live(token="t", attempt=2)
    assert live.statuses == "DRPP"
    assert (live.token, live.attempt) == ("t", 2)


def test_a_failed_run_ends_with_done_failed_pending(monitor):
    ran(monitor, "a", "b", "c", "b")  # the loop came round, then c failed
    monitor.on_discipline_started(DisciplineStarted("c", 2, 4))
    statuses = monitor.statuses_at_failure(DisciplineError(discipline="c"))
    assert statuses == {"a": "DONE", "b": "DONE", "c": "FAILED", "d": "PENDING"}


def test_a_loop_that_did_not_converge_failed_as_a_whole(monitor):
    ran(monitor, "a", "b", "c")
    error = CouplingNotConverged(residual=1.0, iterations=5, tolerance=1e-8, disciplines=("b", "c"))
    statuses = monitor.statuses_at_failure(error)
    assert statuses == {"a": "DONE", "b": "FAILED", "c": "FAILED", "d": "PENDING"}


def test_a_stopped_run_leaves_nothing_running(monitor):
    ran(monitor, "a")
    monitor.on_discipline_started(DisciplineStarted("b", 1, 4))
    assert monitor.statuses_at_stop() == {"a": "DONE", "b": "PENDING", "c": "PENDING", "d": "PENDING"}


def test_the_log_is_bounded_in_lines_and_length_but_keeps_its_end(log):
    for number in range(MAX_LINES * 2):
        log.add(f"line {number}")
    log.add_last("x" * (MAX_LENGTH + 10), level="ERROR")
    lines = log.take()
    assert len(lines) <= MAX_LINES
    assert "more lines were dropped" in lines[-2].message
    assert len(lines[-1].message) <= MAX_LENGTH + 4
    assert log.take() == []


def test_logging_and_warnings_of_models_are_captured_but_not_the_platforms(log):
    root_level = logging.getLogger().level
    with captured_logging(log, discipline=lambda: "a"):
        logging.getLogger("a.model").info("value %d", 3)
        logging.getLogger("a.model").debug("too much")
        logging.getLogger("sqlalchemy.engine").warning("SELECT secret")
        logging.getLogger("sostrades_api.disciplines.sellar").warning("from a shipped model")
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            warnings.warn("old formula", DeprecationWarning, stacklevel=1)
    logging.getLogger("a.model").info("after")
    messages = [(line.level, line.message, line.discipline) for line in log.take()]
    assert ("INFO", "value 3", "a") in messages
    assert ("WARNING", "from a shipped model", "a") in messages
    assert ("WARNING", "DeprecationWarning: old formula", "a") in messages
    assert not any("secret" in message or "after" in message for _, message, _ in messages)
    assert logging.getLogger().level == root_level


def test_no_line_of_the_log_shows_a_secret_or_a_place_of_the_platform(log):
    with captured_logging(log, discipline=lambda: "a"), warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.getLogger("a.model").warning("reading %s", "postgresql://svc:hunter2@db/x")
        warnings.warn("/srv/secret/x.csv is old", stacklevel=1)
    log.add_last("failed: file:///srv/secret/x.csv")
    assert [line.message for line in log.take()] == [
        "reading postgresql://***",
        "UserWarning: x.csv is old",
        "failed: x.csv",
    ]


def test_the_message_says_what_happened_and_the_traceback_stays_apart():
    class Broken(Discipline):
        DESC_OUT = {"y": {"type": "float", "namespace": "ns"}}

        def run(self, inputs):
            return {"y": 1.0 / 0.0}

    plan = build(Process("p", disciplines={"Broken": Broken}, namespaces={"ns": ""}))
    with pytest.raises(DisciplineError) as caught:
        plan.execute({})
    failure = failure_of(caught.value)
    assert "Broken" in failure.message
    assert "ZeroDivisionError" in failure.message
    assert ".py" not in failure.message
    assert "Traceback" in failure.traceback
    assert public_message(RuntimeError("/a/b/secret")) == "The execution failed unexpectedly (RuntimeError)."
    assert public_message(MemoryError()) == "The execution ran out of memory."
    assert public_message(StudyNotLoadableError("its process is gone")) == "its process is gone"


def test_usage_counts_cpu_and_memory_of_this_host():
    meter = UsageMeter()
    sum(number * number for number in range(200_000))
    meter.sample_children()
    usage = meter.read()
    assert 0.0 < usage["cores"] <= usage["host_cores"]
    assert 10e6 < usage["memory_bytes"] < usage["host_memory_bytes"]
