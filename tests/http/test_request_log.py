"""Every request leaves one line."""

import json
import logging

import pytest

from sostrades_api.http.request_log import JsonFormatter

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
