"""What a run tells while it runs: only what is new, and everything once."""

import math

import orjson
import pytest

from sostrades_api.engine import ExecutionStarted, Progress
from sostrades_api.worker.event_feed import EventFeed
from sostrades_api.worker.monitor import RunMonitor
from sostrades_api.worker.run_log import RunLog

PATHS = ("a", "b", "c", "d")


@pytest.fixture
def log():
    return RunLog()


@pytest.fixture
def progress():
    progress = Progress(PATHS)
    progress.residuals = []
    return progress


@pytest.fixture
def monitor(log, progress):
    monitor = RunMonitor(PATHS, loops=[("b", "c")], tolerance=1e-8, log=log)
    monitor.on_execution_started(ExecutionStarted(len(PATHS), progress))
    return monitor


@pytest.fixture
def news(log, monitor):
    feed = EventFeed(attempt=2, monitor=monitor)

    def news(*, stored=True):
        if not (feed.has_news() or log.is_waiting):
            return {}
        live = monitor.live(token="t", attempt=2)
        if stored:
            feed.add_lines(log.take())
        return {str(event.type): orjson.loads(event.data) for event in feed.news(live)}

    return news


def test_only_what_has_changed_is_told(news, progress):
    first = news()
    assert [line["index"] for line in first["log"]["lines"]] == [0]
    assert set(first) == {"log"}
    assert news() == {}
    progress.settled = progress.running = 1
    told = news()
    assert told["disciplines"] == {"attempt": 2, "disciplines": {"a": "DONE", "b": "RUNNING"}}
    assert told["progress"] == {"attempt": 2, "progress": 0.25}
    assert [(line["index"], line["discipline"]) for line in told["log"]["lines"]] == [(1, "b")]
    progress.running = 2
    assert news()["disciplines"]["disciplines"] == {"b": "DONE", "c": "RUNNING"}


def test_a_log_line_alone_is_news(news, log):
    news()
    log.add("hello", level="WARNING", discipline="a")
    (line,) = news()["log"]["lines"]
    assert (line["message"], line["level"], line["discipline"]) == ("hello", "WARNING", "a")


def test_a_line_that_is_not_stored_is_not_told_yet(news, log):
    log.add("hello")
    assert "log" not in news(stored=False)
    assert [line["message"] for line in news()["log"]["lines"]][-1] == "hello"


def test_many_iterations_become_one_event_with_the_last_and_a_choice(news, progress):
    progress.residuals += [("b, c", number, 1.0 / number) for number in range(1, 1001)]
    told = news()["iteration"]
    assert (told["loop"], told["iteration"], told["residual"]) == ("b, c", 1000, 0.001)
    assert 40 <= len(told["earlier"]) <= 50
    assert told["earlier"][0] == [1, 1.0]
    progress.residuals += [("b, c", 1001, math.inf)]
    told = news()["iteration"]
    assert (told["iteration"], told["residual"], told["earlier"]) == (1001, None, [])
