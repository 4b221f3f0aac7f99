"""A client that listens to an execution, and comes back when its stream breaks off, until the end is told."""

import threading
import time
from collections.abc import Callable
from typing import Any

import requests

from benchmarks.chaos.http_client import AGAIN
from benchmarks.chaos.journal import Journal
from sostrades_api.models import FINAL_STATES, ExecutionState
from sostrades_api.queueing.events import EventType, order_of
from tests.support.sse import parsed

_CONNECT_SECONDS, _SILENCE_SECONDS = 5.0, 20.0  # while nothing happens the server says so every 15 s
_PAUSE = 0.2
_OK, _NOTHING_MORE = 200, 204


class Listener(threading.Thread):
    """Notes what the last state before the end was; ids that do not grow, or a wrong end, are violations.

    A state may be told late: who has committed it may stand still before it tells. What was told last must
    be true.
    """

    def __init__(
        self, execution_id: int, *, address: str, secret: str, journal: Journal, gives_up: Callable[[], bool]
    ) -> None:
        super().__init__(name=f"listener to execution {execution_id}", daemon=True)
        self._id = execution_id
        self._url = f"{address}/api/v0/executions/{execution_id}/events"
        self._headers = {"Authorization": f"Bearer {secret}"}
        self._journal, self._gives_up = journal, gives_up
        self._last_id: str | None = None
        self._state: ExecutionState | None = None

    def run(self) -> None:
        try:
            while not self._listened():
                if self._gives_up():
                    self._violate(f"nobody was told its end; told last was {self._state}")
                    return
                time.sleep(_PAUSE)
        except Exception as error:
            self._violate(f"broke down: {error!r}")
            raise

    def _listened(self) -> bool:
        """Listen as long as the stream lasts; whether the end was told."""
        after = {"Last-Event-ID": self._last_id} if self._last_id else {}
        try:
            with requests.get(
                self._url,
                headers=self._headers | after,
                stream=True,
                timeout=(_CONNECT_SECONDS, _SILENCE_SECONDS),
            ) as answer:
                self._journal.count(f"events {answer.status_code}")
                if answer.status_code == _NOTHING_MORE:
                    return True
                if answer.status_code != _OK:
                    return self._refused(answer.status_code)
                return any(self._hear(event) for event in parsed(answer.iter_content(None)))
        except requests.RequestException:
            self._journal.count("events broken off")
            return False

    def _refused(self, status: int) -> bool:
        if status not in AGAIN:
            self._violate(f"was answered with {status}")
        return status not in AGAIN

    def _hear(self, event: dict[str, Any]) -> bool:
        kind, event_id = EventType(event["event"]), event["id"]
        begins_anew = kind is EventType.SNAPSHOT or self._last_id is None
        if not begins_anew and order_of(event_id) <= order_of(self._last_id):
            self._violate(f"event {event_id} came after {self._last_id}")
        self._last_id = event_id
        if kind in {EventType.SNAPSHOT, EventType.STATE}:
            self._state = ExecutionState(event["data"]["state"])
        if kind is EventType.END:
            if self._state not in FINAL_STATES:
                self._violate(f"its end was told after {self._state}")
            self._journal.heard[self._id] = str(self._state)
        return kind is EventType.END

    def _violate(self, text: str) -> None:
        self._journal.violate(f"listening to execution {self._id}: {text}")
