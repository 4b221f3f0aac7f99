"""What models log is made storable before it is collected."""

import logging

import pytest

from sostrades_api.services.execution_log_append import execution_log_append
from sostrades_api.services.execution_request import execution_request
from sostrades_api.worker.run_log import RunLog, captured_logging


@pytest.fixture
def odd_level():
    names = logging._levelToName, logging._nameToLevel
    before = [dict(known) for known in names]
    logging.addLevelName(25, "ODD\x00\ud800")
    yield 25
    for known, was in zip(names, before, strict=True):
        known.clear()
        known.update(was)


def test_lines_of_a_level_with_an_odd_name_are_stored(
    session, make_case, actor, platform, odd_level, monkeypatch
):
    log = RunLog()
    monkeypatch.setattr(logging.getLogger(), "handlers", [])  # reports of tests cannot hold that name either
    with captured_logging(log, discipline=lambda: None):
        logging.getLogger("model").log(odd_level, "hello")
    (line,) = lines = log.take()
    execution = execution_request(session, make_case("test_chain"), actor=actor, queue=platform.queue)
    execution_log_append(session, execution_id=execution.id, attempt=1, lines=lines)
    assert (line.level, line.message) == ("ODD?", "hello")
