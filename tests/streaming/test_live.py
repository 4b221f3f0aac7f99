"""Real web server, real workers, real sockets: more listeners than threads, and clients that come and go."""

import random
import signal
import threading

import pytest
import requests

from sostrades_api.queueing.connection import connect_web
from sostrades_api.queueing.events import Event, EventType, ExecutionEvents
from tests.support.live import wait_until
from tests.support.sse import parsed

pytestmark = [pytest.mark.slow, pytest.mark.database("sqlite")]

LISTENERS = 10  # the server has 8 threads
NUMBERS = 300


class Follower(threading.Thread):
    """Collects what it is told until the end; a restless one hangs up now and then, and comes back."""

    def __init__(self, address, headers, *, restless=0):
        super().__init__(daemon=True)
        self.address, self.headers, self.rng = address, headers, random.Random(restless)
        self.is_restless = restless > 0
        self.told, self.connections = [], 0
        self.start()

    def run(self):
        while not (self.told and self.told[-1]["event"] == "end"):
            self.connections += 1
            after = {"Last-Event-ID": self.told[-1]["id"]} if self.told else {}
            patience = self.rng.randint(1, 80) if self.is_restless else 10**6
            with requests.get(self.address, headers=self.headers | after, stream=True, timeout=30) as answer:
                for event in parsed(answer.iter_content(None)):
                    self.told.append(event)
                    patience -= 1
                    if not patience:
                        break

    @property
    def numbers(self):
        return [event["data"]["n"] for event in self.told if "n" in event["data"]]


@pytest.fixture
def start(live_platform, make_case, accounts, owner, bearer, tmp_path):
    """Request an execution that goes on until a file exists: where its events are, its number, the file."""
    headers = bearer(accounts.key(owner))

    def start(name):
        until = tmp_path / name
        study = make_case("test_slow", seconds=60.0, until=str(until))
        study_id, url = study.id, f"{live_platform.url}/api/v0"
        answer = requests.post(f"{url}/calculation/execute/{study_id}", headers=headers, timeout=20).json()
        number = answer["execution_id"]
        return f"{url}/executions/{number}/events", number, until, f"{url}/calculation/status/{study_id}"

    return start, headers


def test_everybody_is_told_everything_once_and_no_thread_is_kept(live_platform, start):
    start, headers = start
    address, number, until, status = start("go")
    followers = [Follower(address, headers, restless=each if each < 3 else 0) for each in range(LISTENERS)]
    wait_until(lambda: all(each.told for each in followers), seconds=60)
    for _ in range(LISTENERS):  # all threads are free
        assert requests.get(status, headers=headers, timeout=20).ok
    redis = connect_web(live_platform.settings)
    events = ExecutionEvents(redis, queue_name=live_platform.settings.queue_name)
    for first in range(0, NUMBERS, 3):
        batch = [Event.make(EventType.LOG, {"n": each}, public=None) for each in range(first, first + 3)]
        assert events.publish(number, batch)
    redis.close()
    wait_until(lambda: all(each.numbers[-1:] == [NUMBERS - 1] for each in followers), seconds=60)
    until.touch()
    for each in followers:
        each.join(60)
        assert each.numbers == list(range(NUMBERS))
        assert [event["event"] for event in each.told[-2:]] == ["state", "end"]
        assert [event["event"] for event in each.told].count("snapshot") == 1
        last = each.told[-2]["data"]
        assert (last["state"], last["disciplines"]) == ("FINISHED", {"Sleep": "DONE", "After": "DONE"})
        messages = [line["message"] for event in each.told for line in event["data"].get("lines", ())]
        assert messages[-1:] == ["finished"]
    assert max(each.connections for each in followers) > 3
    assert requests.get(address, headers=headers | {"Last-Event-ID": "end"}, timeout=20).status_code == 204
    assert "Traceback" not in live_platform.log("web")


def test_a_line_that_is_told_is_in_the_log_by_then(live_platform, start):
    start, headers = start
    address, number, until, _ = start("go")
    size = f"{live_platform.url}/api/v0/executions/{number}/log/size"
    with requests.get(address, headers=headers, stream=True, timeout=30) as answer:
        for event in parsed(answer.iter_content(None)):
            lines = event["data"].get("lines", ())
            if lines:  # who arrives just now reads the log, and is not told of these any more
                assert requests.get(size, headers=headers, timeout=20).json()["size"] > lines[-1]["index"]
                until.touch()
    assert until.exists(), "no line was told"


def test_a_server_told_to_end_sends_its_listeners_away_at_once(live_platform, start):
    start, headers = start
    address, _, until, _ = start("go")
    with requests.get(address, headers=headers, stream=True, timeout=30) as answer:
        told = parsed(answer.iter_content(None))
        assert next(told)["event"] == "snapshot"
        web = live_platform.web
        web.send_signal(signal.SIGTERM)
        assert {event["event"] for event in told} <= {"state", "disciplines", "log", "progress"}
        assert web.wait(30) == 0
    until.touch()
