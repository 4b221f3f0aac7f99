"""What a run tells about itself while it runs and when it ends."""

import logging
import warnings
from pathlib import Path

import numpy as np
import pytest

from sostrades_api.engine import (
    CouplingNotConverged,
    Discipline,
    DisciplineEnded,
    DisciplineError,
    DisciplinesReused,
    DisciplineStarted,
    ExecutionEnded,
    ExecutionStarted,
    Process,
    Progress,
    build,
)
from sostrades_api.errors import StudyNotLoadableError
from sostrades_api.worker.failures import failure_of, public_message
from sostrades_api.worker.monitor import ParallelMonitor, RunMonitor
from sostrades_api.worker.run_log import MAX_LENGTH, MAX_LINES, RunLog, captured_logging
from sostrades_api.worker.run_profile import RunClock
from sostrades_api.worker.usage import UsageMeter

PATHS = ("a", "b", "c", "d")


@pytest.fixture
def log():
    return RunLog()


@pytest.fixture
def progress():
    return Progress(PATHS)


@pytest.fixture
def monitor(log, progress):
    monitor = RunMonitor(PATHS, loops=[("b", "c")], tolerance=1e-8, log=log)
    monitor.on_execution_started(ExecutionStarted(len(PATHS), progress))
    return monitor


def progress_now(monitor):
    monitor.look()
    return monitor.progress


def test_progress_counts_settled_disciplines_and_the_decades_of_a_loop(monitor, progress):
    rows = progress.residuals = []
    assert progress_now(monitor) == 0.0
    progress.settled, progress.running = 1, 1
    assert progress_now(monitor) == 0.25
    rows.append(("b, c", 1, 1.0))
    rows.append(("b, c", 2, 1e-4))
    assert progress_now(monitor) == pytest.approx(0.5)
    rows.append(("b, c", 3, 1e-2))
    assert progress_now(monitor) == pytest.approx(0.5)  # it never goes back
    rows.append(("b, c", 4, 1e-9))
    assert progress_now(monitor) == pytest.approx(0.75)
    progress.settled, progress.running = 4, 3
    monitor.on_execution_ended(ExecutionEnded(converged=True, seconds=1.0))
    assert monitor.progress == 0.99  # the results are not stored yet


def test_a_loop_that_diverges_keeps_its_progress(monitor, progress):
    progress.settled, progress.running = 1, 1
    progress.residuals = [("b, c", n, r) for n, r in enumerate((1.0, 10.0, float("inf"), float("nan")), 1)]
    assert progress_now(monitor) == 0.25
    live = monitor.live(token="t", attempt=1)
    assert (live.loop, live.iteration, live.residual) == ("b, c", 4, None)


def test_what_is_published_says_what_runs(monitor, progress, log):
    assert monitor.live(token="t", attempt=2).statuses == "PPPP"
    progress.settled, progress.running = 1, 1
    live = monitor.live(token="t", attempt=2)
    assert live.statuses == "DRPP"
    assert (live.token, live.attempt) == ("t", 2)
    assert monitor.running == "b"
    monitor.look()
    assert [(line.message, line.discipline) for line in log.take()[1:]] == [("running", "b")]


def test_disciplines_of_a_loop_that_came_round_are_done_but_for_the_one_that_runs(monitor, progress):
    progress.settled, progress.running, progress.residuals = 1, 1, [("b, c", 1, 1.0)]
    assert monitor.live(token="t", attempt=1).statuses == "DRDP"


def test_disciplines_that_are_not_run_again_are_done(monitor, progress, log):
    monitor.on_disciplines_reused(DisciplinesReused(("a", "d"), 1.5))
    progress.running = 1
    assert monitor.live(token="t", attempt=1).statuses == "DRPD"
    assert "re-used 2 of 4 disciplines, saved 1.5 s: a, d" in [line.message for line in log.take()]


def test_of_disciplines_at_the_same_time_all_are_running(log):
    monitor = ParallelMonitor(PATHS, loops=(), tolerance=1e-8, log=log)
    for index in (0, 2, 3):
        monitor.on_discipline_started(DisciplineStarted(PATHS[index], index, 4))
    monitor.on_discipline_ended(DisciplineEnded("c", 2, 4, 0.1))
    assert monitor.live(token="t", attempt=1).statuses == "RPDR"
    assert monitor.running is None
    monitor.on_discipline_ended(DisciplineEnded("a", 0, 4, 0.1))
    assert monitor.running == "d"


def test_a_failed_run_ends_with_done_failed_pending(monitor, progress):
    progress.settled, progress.running, progress.residuals = 1, 2, [("b, c", 1, 1.0)]
    statuses = monitor.statuses_at_failure(DisciplineError(discipline="c"))
    assert statuses == {"a": "DONE", "b": "DONE", "c": "FAILED", "d": "PENDING"}


def test_a_loop_that_did_not_converge_failed_as_a_whole(monitor, progress):
    progress.settled, progress.running, progress.residuals = 1, 2, [("b, c", 1, 1.0)]
    error = CouplingNotConverged(residual=1.0, iterations=5, tolerance=1e-8, disciplines=("b", "c"))
    statuses = monitor.statuses_at_failure(error)
    assert statuses == {"a": "DONE", "b": "FAILED", "c": "FAILED", "d": "PENDING"}


def test_a_discipline_that_asks_to_end_the_program_failed(monitor, progress):
    progress.settled, progress.running = 3, 3
    assert monitor.statuses_at_failure(KeyboardInterrupt())["d"] == "FAILED"
    message = failure_of(KeyboardInterrupt(), running=monitor.running).message
    assert message.startswith("Discipline 'd' raised KeyboardInterrupt")


def test_a_stopped_run_leaves_nothing_running(monitor, progress):
    progress.settled, progress.running = 1, 1
    assert monitor.statuses_at_stop() == {"a": "DONE", "b": "PENDING", "c": "PENDING", "d": "PENDING"}


class Slower(Discipline):
    """Half of a loop."""

    DESC_IN = {"y": {"type": "float", "default": 1.0, "namespace": "ns"}}
    DESC_OUT = {"x": {"type": "float", "namespace": "ns"}}

    def run(self, inputs):
        return {"x": 0.5 * inputs["y"] + 1.0}


class Back(Discipline):
    """The other half."""

    DESC_IN = {"x": {"type": "float", "namespace": "ns"}, "limit": {"type": "float", "default": 9.0}}
    DESC_OUT = {"y": {"type": "float", "namespace": "ns"}}

    def run(self, inputs):
        if inputs["x"] > inputs["limit"]:
            raise ValueError("too large")
        return {"y": 0.5 * inputs["x"]}


def test_the_profile_of_a_run_says_seconds_calls_and_iterations_as_far_as_it_got(log):
    plan = build(Process("p", disciplines={"A": Slower, "B": Back}, namespaces={"ns": ""}))

    def profiled(**values):
        monitor, clock = RunMonitor(plan.disciplines, loops=plan.loops, tolerance=1e-8, log=log), RunClock()
        try:
            with clock:
                result = plan.execute(values, observer=monitor)
        except DisciplineError:
            result = None
        return clock.profile(monitor), result

    profile, result = profiled()
    iterations = len(result.residuals)
    assert profile["disciplines"] == list(plan.disciplines)
    assert profile["iterations"] == [iterations, iterations]
    assert profile["calls"] == list(result.runs.values())
    assert profile["reused"] == [False, False]
    assert 0.0 < sum(profile["seconds"]) <= profile["total_seconds"]
    assert result.profile.disciplines[0].iterations == iterations

    failed, _ = profiled(**{"B.limit": 1.0})
    assert failed["calls"] == [1, 0]
    assert RunClock().profile(RunMonitor(("A",), loops=(), tolerance=1e-8, log=log)) is None


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
    assert public_message(MemoryError()).startswith("The execution ran out of memory;")
    assert public_message(StudyNotLoadableError("its process is gone")) == "its process is gone"


def test_usage_counts_cpu_and_memory_of_this_host():
    meter = UsageMeter()
    sum(number * number for number in range(200_000))
    meter.sample_children()
    usage = meter.read()
    assert 0.0 < usage["cores"] <= usage["host_cores"]
    assert 10e6 < usage["memory_bytes"] < usage["host_memory_bytes"]


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="only Linux forgets a peak")
def test_the_peak_of_a_run_is_its_own_not_what_its_process_held_before():
    large = np.ones(30_000_000)
    del large
    meter = UsageMeter()
    before = meter.read()
    assert before["memory_bytes"] < before["memory_at_start_bytes"] + 50e6
    large = np.ones(15_000_000)
    assert meter.read()["memory_bytes"] > before["memory_bytes"] + large.nbytes // 2


def test_no_line_of_a_message_looks_like_another_message():
    log = RunLog()
    log.add("read 2 rows\n2026-01-01T00:00:00.000Z ERROR   [1] failed: forged\u2028line")
    (line,) = log.take()
    assert line.message.splitlines()[1:] == [
        "    2026-01-01T00:00:00.000Z ERROR   [1] failed: forged",
        "    line",
    ]
