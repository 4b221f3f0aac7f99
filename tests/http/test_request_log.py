"""Every request leaves one line."""

import json
import logging

import pytest

from sostrades_api import logs
from sostrades_api.logs import AddFields, JsonFormatter, TextFormatter

pytestmark = pytest.mark.database("sqlite")


@pytest.fixture
def lines(app, caplog):
    caplog.set_level(logging.INFO, logger="sostrades_api")
    return lambda: [record for record in caplog.records if record.name.endswith("request_log")]


def test_a_request_leaves_one_line_with_status_time_and_actor(client, lines, make_user, make_key, bearer):
    client.get("/api/v0/nothing?secret=1", headers=bearer(make_key(make_user("alice"))))
    (line,) = lines()
    assert (line.method, line.path, line.status, line.actor) == ("GET", "/api/v0/nothing", 404, "alice")
    assert line.milliseconds > 0
    assert "secret" not in line.getMessage()


def test_a_request_has_a_number_that_its_sender_may_choose(client):
    assert client.get("/api/ping", headers={"X-Request-ID": "my-request-1"}).headers["X-Request-ID"] == (
        "my-request-1"
    )
    made = client.get("/api/ping", headers={"X-Request-ID": 'bad"\\id'}).headers["X-Request-ID"]
    assert len(made) == 32


def test_a_line_is_one_json_object_whatever_is_in_it():
    record = logging.LogRecord("a", logging.INFO, "f", 1, "two\nlines %s \u2028", ('"x"',), None)
    formatted = JsonFormatter().format(record)
    assert "\n" not in formatted
    assert json.loads(formatted)["message"] == 'two\nlines "x" \u2028'


def test_an_exception_is_part_of_its_line():
    try:
        1 / 0  # noqa: B018
    except ZeroDivisionError:
        import sys

        record = logging.LogRecord("a", logging.ERROR, "f", 1, "m", (), sys.exc_info())
    assert "ZeroDivisionError" in json.loads(JsonFormatter().format(record))["exception"]


def record(message, **extra):
    made = logging.makeLogRecord({"name": "a", "levelname": "INFO", "msg": message, **extra})
    AddFields().filter(made)
    return made


def test_a_line_as_text_cannot_be_made_to_look_like_two():
    line = TextFormatter().format(record("é one\n2026-01-01 INFO a: two\u2028three", path="/a\nb"))
    assert "\n" not in line
    assert "\u2028" not in line
    assert line.endswith("INFO a: é one\\n2026-01-01 INFO a: two\\u2028three path=/a\\nb")


def test_a_line_tells_what_its_process_has_in_hand_for_as_long_as_it_has_it():
    with logs.process_fields(role="worker", worker="w", execution_id=7, attempt=2):
        fields = json.loads(JsonFormatter().format(record("m")))
    assert {name: fields[name] for name in ("role", "worker", "execution_id", "attempt")} == {
        "role": "worker",
        "worker": "w",
        "execution_id": 7,
        "attempt": 2,
    }
    assert "execution_id" not in json.loads(JsonFormatter().format(record("m")))


def test_a_line_keeps_what_it_says_itself():
    with logs.process_fields(execution_id=7):
        assert json.loads(JsonFormatter().format(record("m", execution_id=8)))["execution_id"] == 8


@pytest.fixture
def written(app):
    """Everything logged since, as JSON."""
    found = []

    class Keep(logging.Handler):
        def emit(self, record):
            found.append(json.loads(JsonFormatter().format(record)))

    handler = Keep()
    handler.addFilter(AddFields())
    logger = logging.getLogger("sostrades_api")
    logger.addHandler(handler)
    yield found
    logger.removeHandler(handler)


def test_a_request_that_queues_an_execution_tells_which_under_its_number(
    client, written, make_user, make_group, make_key, make_study, bearer
):
    user = make_user("alice")
    study = make_study(make_group(members=(user,)))
    headers = {**bearer(make_key(user)), "X-Request-ID": "request-1"}
    assert client.post(f"/api/v0/study-cases/{study.id}/executions", headers=headers).status_code == 202
    about = [line for line in written if line.get("execution_id")]
    assert {(line["request_id"], line["study_case_id"]) for line in about} == {("request-1", study.id)}
    assert about[0]["message"] == f"execution {about[0]['execution_id']} is queued"
    assert written[-1]["path"].endswith("/executions")
    assert written[-1]["study_case_id"] == study.id


def test_lines_after_a_request_are_not_of_it(client, written):
    client.get("/api/ping", headers={"X-Request-ID": "request-2"})
    logging.getLogger("sostrades_api.somewhere").info("later")
    assert written[-2]["request_id"] == "request-2"
    assert "request_id" not in written[-1]
