"""The hub of a web process: who listens to which execution, and within which limits."""

import resource
import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

import orjson
from redis.exceptions import RedisError
from sqlalchemy import Engine

from sostrades_api.models import ExecutionState
from sostrades_api.queueing import ExecutionQueue
from sostrades_api.queueing.events import Event, EventType, ExecutionEvents
from sostrades_api.settings import Settings
from sostrades_api.streaming.gunicorn_worker import call_when_leaving, is_leaving, threads_of_process
from sostrades_api.streaming.listener import Listener
from sostrades_api.streaming.source import Source
from sostrades_api.streaming.watch import Watch
from sostrades_api.streaming.writer import Writer

_CONNECT_SECONDS = 1.0  # the first listener waits so long for Redis
_OTHER_THREADS = 8  # of a server that does not say how many it has


class TooManyListenersError(Exception):
    """This process, or this caller, has as many listeners as it may have."""

    def __init__(self, *, of_caller: bool) -> None:
        super().__init__()
        self.of_caller = of_caller


@dataclass(eq=False)
class Followers:
    """Those who listen to one execution, and how far they have been told."""

    execution_id: int
    cursor: str | None = None  # the latest event they were offered; None: not known, or Redis is away
    told: tuple[ExecutionState, int] | None = None  # state and attempt
    listeners: set[Listener] = field(default_factory=set)
    lock: threading.RLock = field(default_factory=threading.RLock)  # of the cursor, while it moves on

    def offer(self, events: Iterable[Event]) -> None:
        """Pass these on to all of them."""
        events = list(events)
        for event in events:
            if event.type is EventType.STATE:
                with suppress(ValueError, KeyError, TypeError):  # somebody else writes in Redis
                    data = orjson.loads(event.data)
                    self.told = (ExecutionState(data["state"]), int(data["attempt"]))
        for listener in tuple(self.listeners):
            listener.offer(events)


class Hub:
    """One a process. Its threads start with the first listener, so after any fork.

    Args:
        engine: For rights and for states while Redis is away.
        queue: For live progress; its settings say where Redis is.
        settings: Of the platform.
    """

    def __init__(self, engine: Engine, *, queue: ExecutionQueue, settings: Settings) -> None:
        self.engine, self.queue, self.settings = engine, queue, settings
        self.events = ExecutionEvents(queue.redis, queue_name=settings.queue_name)
        self._lock = threading.Lock()
        self._followers: dict[int, Followers] = {}
        self._of_caller: Counter[str] = Counter()
        self._threads: threading.BoundedSemaphore | None = None
        self._started = False
        self.writer, self.source, self.watch = Writer(), Source(self), Watch(self)

    # --- who listens ------------------------------------------------------------------------------------

    def join(self, listener: Listener, *, told: tuple[ExecutionState, int]) -> None:
        """Collect events for this listener from now on.

        Raises:
            TooManyListenersError: There is no room.
        """
        self._start()
        with self._lock:
            self._require_room(listener)
            self._of_caller[listener.caller.name] += 1
            group = self._followers.setdefault(listener.execution_id, Followers(listener.execution_id))
            group.listeners.add(listener)
            group.told = group.told or told
        if group.cursor is None and self.source.wait_connected(_CONNECT_SECONDS):
            self._set_cursor(group)

    def _set_cursor(self, group: Followers) -> None:
        """What comes from now on is offered; what came before, each listener reads for itself."""
        with group.lock:
            if group.cursor is None:
                try:
                    group.cursor = self.events.cursor(group.execution_id)
                except RedisError:
                    self.source.doubt()

    def leave(self, listener: Listener) -> None:
        """It has gone; said once or more often."""
        with self._lock:
            group = self._followers.get(listener.execution_id)
            if group is None or listener not in group.listeners:
                return
            group.listeners.discard(listener)
            self._of_caller[listener.caller.name] -= 1
            self._of_caller += Counter()  # forgets those who have none
            if not group.listeners:
                del self._followers[listener.execution_id]

    def note(self, execution_id: int, *, told: tuple[ExecutionState, int]) -> None:
        """Somebody was told this state, read after it had joined."""
        group = self._followers.get(execution_id)
        if group is not None and (group.told is None or told[1] >= group.told[1]):
            group.told = told

    def find(self, execution_id: int) -> Followers | None:
        """Who listens to this execution."""
        return self._followers.get(execution_id)

    def all_followers(self) -> list[Followers]:
        """Of every execution that has a listener."""
        with self._lock:
            return list(self._followers.values())

    def all_listeners(self) -> list[Listener]:
        """Every listener."""
        return [listener for group in self.all_followers() for listener in tuple(group.listeners)]

    @property
    def capacity(self) -> int:
        """How many may listen: as configured, and within half of the files the process may open."""
        return min(self.settings.max_listeners, resource.getrlimit(resource.RLIMIT_NOFILE)[0] // 2)

    def _require_room(self, listener: Listener) -> None:
        if self._of_caller.total() >= self.capacity or is_leaving():
            raise TooManyListenersError(of_caller=False)
        if self._of_caller[listener.caller.name] >= self.settings.max_listeners_per_caller:
            raise TooManyListenersError(of_caller=True)

    # --- threads ----------------------------------------------------------------------------------------

    @contextmanager
    def thread(self) -> Iterator[None]:
        """Keep the thread of this request, one of at most half of the process's.

        Raises:
            TooManyListenersError: So many are kept already.
        """
        self.take_thread()
        try:
            yield
        finally:
            self.give_thread_back()

    def take_thread(self) -> None:
        """Enter `thread` where no block can stand around what is done."""
        with self._lock:
            if self._threads is None:
                most = max(1, threads_of_process(otherwise=_OTHER_THREADS) // 2)
                self._threads = threading.BoundedSemaphore(most)
        if not self._threads.acquire(blocking=False):
            raise TooManyListenersError(of_caller=False)

    def give_thread_back(self) -> None:
        """Leave `thread`."""
        if self._threads is not None:
            self._threads.release()

    def close(self) -> None:
        """Send everybody away and end the threads."""
        for listener in self.all_listeners():
            listener.close()
        if self._started:
            for part in (self.source, self.watch, self.writer):
                part.stop()

    def _say_good_bye(self) -> None:
        for listener in self.all_listeners():
            listener.close()
        self.writer.stop()

    def _start(self) -> None:
        with self._lock:
            if self._started:
                return
            self._started = True
            for part in (self.writer, self.source, self.watch):
                part.start()
            call_when_leaving(self.watch.leave, at_the_end=self._say_good_bye)
