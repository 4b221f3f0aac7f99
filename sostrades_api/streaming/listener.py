"""One client that listens to an execution: what it was not sent yet, bounded, in order, each event once."""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from sostrades_api.access import Actor
from sostrades_api.queueing.events import Event, EventType, order_of

MAX_WAITING_BYTES = 1024 * 1024  # of events; a client that lags further behind has to come back


@dataclass(frozen=True)
class Caller:
    """Who listens: a name that limits count by, and the way to find out again who that is."""

    name: str
    renew: Callable[[Session], Actor | None]  # None: the key, or the session, opens nothing any more


class Listener:
    """Events go in from any thread with ``offer`` and come out with ``take``, in one thread."""

    def __init__(self, execution_id: int, *, caller: Caller, may_read: bool) -> None:
        self.execution_id, self.caller, self.may_read = execution_id, caller, may_read
        self.checked_at = time.monotonic()  # its rights
        self.is_closed = False
        self._condition = threading.Condition()
        self._waiting: deque[Event] = deque()
        self._bytes = 0
        self._after: tuple[int, int] | None = None  # None until it has begun: everything is collected
        self._wake: Callable[[], None] = lambda: None

    def begin(self, events: Sequence[Event], *, after: str) -> None:
        """Put what it begins with before what was collected, leaving out what is in it already.

        Args:
            events: To begin with.
            after: The latest event that the client knows when it has seen these.
        """
        with self._condition:
            collected = tuple(self._waiting)
            self._waiting = deque(events)
            self._bytes = sum(len(event.data) for event in events)
            is_whole = bool(events) and events[-1].type is EventType.END
            self._after = order_of(events[-1].id if is_whole else after)
            self._add(event for event in collected if event.key > self._after)

    def offer(self, events: Iterable[Event]) -> None:
        """Add those that come after what it has."""
        with self._condition:
            if self.is_closed:
                return
            self._add(events)
            if self._bytes > MAX_WAITING_BYTES and self._after is not None:
                self._close()
            self._condition.notify_all()
        self._wake()

    def take(self) -> list[Event]:
        """What is to be sent now."""
        with self._condition:
            events, self._waiting, self._bytes = list(self._waiting), deque(), 0
            return events

    def wait(self, seconds: float) -> bool:
        """Wait until there is something to take, or it is closed; False when the time is over."""
        with self._condition:
            return self._condition.wait_for(lambda: bool(self._waiting) or self.is_closed, seconds)

    def close(self) -> None:
        """Send it away; it may come back."""
        with self._condition:
            self._close()
            self._condition.notify_all()
        self._wake()

    def on_offer(self, wake: Callable[[], None]) -> None:
        """Call this whenever there may be something to take."""
        self._wake = wake
        wake()

    def _close(self) -> None:
        self.is_closed = True

    def _add(self, events: Iterable[Event]) -> None:
        for event in events:
            if event.type is EventType.SNAPSHOT:  # after a gap, everything begins anew
                self._after = None if self._after is None else order_of(event.id)
            elif self._after is not None:
                if event.key <= self._after:
                    continue
                self._after = event.key
            self._waiting.append(event)
            self._bytes += len(event.data)
