"""Look at all parts of the platform at once, and wait for none: a part that hangs is a part that fails."""

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from sostrades_api.errors import UnavailableError
from sostrades_api.models.outage import outage_of

LONGEST_SECONDS = 2.0
FRESH_SECONDS = 1.0


class Status(StrEnum):
    """How a part, or the whole, does."""

    OK = "ok"  # it answers
    DEGRADED = "degraded"  # it does not; requests are served all the same, executions may wait
    FAILED = "failed"  # it does not, and nothing can be served without it


@dataclass(frozen=True)
class Part:
    """Something that this process needs.

    Attributes:
        name: in the answer.
        look: gives a message when the part answers; raises when it does not.
        essential: nothing can be served without it.
    """

    name: str
    look: Callable[[], str]
    essential: bool = True


@dataclass(frozen=True)
class PartReport:
    """How one part does; the message shows no path, address or secret."""

    status: Status
    milliseconds: float
    message: str


@dataclass(frozen=True)
class Report:
    """How all parts do."""

    parts: dict[str, PartReport]

    @property
    def status(self) -> Status:
        """That of the part that does worst."""
        found = {part.status for part in self.parts.values()}
        return next((status for status in (Status.FAILED, Status.DEGRADED) if status in found), Status.OK)

    def as_dict(self) -> dict[str, Any]:
        """As JSON shows it."""
        return {
            "status": self.status,
            "parts": {name: asdict(part) for name, part in self.parts.items()},
        }


class Readiness:
    """Looks when asked, at most once a second however many ask."""

    def __init__(
        self, parts: Sequence[Part], *, seconds: float = LONGEST_SECONDS, fresh_seconds: float = FRESH_SECONDS
    ) -> None:
        self._parts = parts
        self._seconds, self._fresh_seconds = seconds, fresh_seconds
        self._lock = threading.Lock()
        self._looks: dict[str, Future[PartReport]] = {}
        self._last: tuple[float, Report] | None = None

    def report(self) -> Report:
        """How the parts do now, or did less than a second ago."""
        with self._lock:  # who comes meanwhile gets the same answer
            if self._last is None or time.monotonic() - self._last[0] > self._fresh_seconds:
                report = self._look()
                self._last = (time.monotonic(), report)
            return self._last[1]

    def _look(self) -> Report:
        looks = {part.name: self._begin(part) for part in self._parts}
        wait(looks.values(), timeout=self._seconds)
        return Report(
            {
                part.name: look.result() if (look := looks[part.name]).done() else self._hangs(part)
                for part in self._parts
            }
        )

    def _begin(self, part: Part) -> "Future[PartReport]":
        """A look at it; the one that hangs since an earlier time, so that they do not pile up."""
        running = self._looks.get(part.name)
        if running is not None and not running.done():
            return running
        look: Future[PartReport] = Future()
        self._looks[part.name] = look
        threading.Thread(
            target=lambda: look.set_result(_look_at(part)), name=f"look at {part.name}", daemon=True
        ).start()
        return look

    def _hangs(self, part: Part) -> PartReport:
        message = f"It does not answer within {self._seconds:g} s"
        return PartReport(_without(part), round(self._seconds * 1000, 1), message)


def _look_at(part: Part) -> PartReport:
    began = time.perf_counter()
    try:
        status, message = Status.OK, part.look()
    except Exception as error:  # noqa: BLE001 - whatever is wrong with it, that is the answer
        status, message = _without(part), _public_message(error)
    return PartReport(status, round((time.perf_counter() - began) * 1000, 2), message)


def _without(part: Part) -> Status:
    return Status.FAILED if part.essential else Status.DEGRADED


def _public_message(error: Exception) -> str:
    if isinstance(error, UnavailableError):
        return error.detail
    return outage_of(error) or f"It does not answer ({type(error).__name__})"
