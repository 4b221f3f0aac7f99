"""A client that does not give up: a request is sent again until it has an answer that says something."""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from typing import Any

from benchmarks.chaos.journal import Journal

_TIMEOUT = 15.0  # seconds without a byte
_PAUSE = 0.2
AGAIN = frozenset({429, 502, 503, 504})  # answers that ask to be asked again


class NoAnswerError(Exception):
    """The harness is over, and there was none."""


@dataclass(frozen=True)
class Answer:
    """What came back, after how many tries."""

    status: int
    body: Any
    tries: int


class Client:
    """One connection of one key; for one thread."""

    def __init__(self, address: str, *, secret: str, journal: Journal, gives_up: Callable[[], bool]) -> None:
        self.address, self.secret = address, secret
        self._address = address.removeprefix("http://")
        self._headers = {"Authorization": f"Bearer {secret}"}
        self._journal, self._gives_up = journal, gives_up
        self._connection: HTTPConnection | None = None

    def call(
        self, method: str, path: str, *, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Send it until there is an answer other than "try again".

        Raises:
            NoAnswerError: It is too late.
        """
        tries = 0
        while True:
            tries += 1
            status, answer = self._once(method, path, body=body, headers=headers or {})
            self._journal.count(str(status) if status else "no answer")
            if status and status not in AGAIN:
                break
            if self._gives_up():
                raise NoAnswerError
            time.sleep(_PAUSE)
        if status >= 500:
            self._journal.violate(f"{method} {path} was answered with {status}: {answer}")
        return Answer(status, answer, tries)

    def _once(self, method: str, path: str, *, body: Any, headers: Mapping[str, str]) -> tuple[int, Any]:
        """Status and body; 0 when the connection broke."""
        connection = self._connection or HTTPConnection(self._address, timeout=_TIMEOUT)
        self._connection = connection
        try:
            sent = {**self._headers, **headers}
            if body is not None:
                sent["Content-Type"] = "application/json"
            content = None if body is None else json.dumps(body)
            connection.request(method, f"/api/v0{path}", body=content, headers=sent)
            answer = connection.getresponse()
            data = answer.read()
            return answer.status, json.loads(data) if data else None
        except (OSError, HTTPException, ValueError):
            connection.close()
            self._connection = None
            return 0, None
