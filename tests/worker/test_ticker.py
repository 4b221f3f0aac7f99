"""Lines of the log that cannot be stored now are stored, and told, later."""

import time

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from sostrades_api.models import ExecutionLog
from sostrades_api.services.execution_log_append import execution_log_append
from sostrades_api.services.execution_request import execution_request
from sostrades_api.worker import ticker as ticker_module
from sostrades_api.worker.event_feed import EventFeed
from sostrades_api.worker.monitor import RunMonitor
from sostrades_api.worker.run_log import RunLog
from sostrades_api.worker.runtime import ClaimedAttempt, Runtime
from sostrades_api.worker.ticker import Ticker
from sostrades_api.worker.usage import UsageMeter
from tests.support.live import wait_until

pytestmark = pytest.mark.database("sqlite")


@pytest.mark.parametrize("fault", [OperationalError("INSERT", {}, Exception("locked")), MemoryError()])
def test_lines_that_could_not_be_stored_are_stored_and_told_later(
    session, app, platform, make_case, actor, monkeypatch, told, fault
):
    execution = execution_request(session, make_case("test_chain"), actor=actor, queue=platform.queue)
    attempt = ClaimedAttempt.of(execution, token="t", began=time.monotonic())
    session.rollback()
    faults = [fault]

    def append(*args, **kwargs):
        if faults:
            raise faults.pop()
        execution_log_append(*args, **kwargs)

    monkeypatch.setattr(ticker_module, "execution_log_append", append)
    monkeypatch.setattr(ticker_module, "_LOG_PAUSE", 0.05)
    log = RunLog()
    monitor = RunMonitor(attempt.disciplines, loops=(), tolerance=0.0, log=log)
    feed = EventFeed(attempt=attempt.attempt, monitor=monitor)
    log.add("one")
    log.add("two")
    with Ticker(
        Runtime(app, platform.queue), attempt, monitor=monitor, log=log, usage=UsageMeter(), feed=feed
    ):
        wait_until(lambda: not faults)
        log.add("three")
        wait_until(lambda: any(line["message"] == "three" for line in told))
    assert [(line["index"], line["message"]) for line in told] == [(0, "one"), (1, "two"), (2, "three")]
    stored = session.scalars(select(ExecutionLog.message).order_by(ExecutionLog.id)).all()
    assert stored == ["one", "two", "three"]
