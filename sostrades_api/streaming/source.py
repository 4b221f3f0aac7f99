"""The thread that hears from Redis that something happened, reads what, and passes it on."""

import logging
import threading
from typing import TYPE_CHECKING

from redis.client import PubSub
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from sostrades_api.queueing.connection import connect_listener
from sostrades_api.queueing.events import NO_EVENT, EventType
from sostrades_api.services.execution_follow import execution_snapshot

if TYPE_CHECKING:
    from sostrades_api.streaming.hub import Followers, Hub

logger = logging.getLogger(__name__)

_WAIT_SECONDS = 1.0
_SOON_SECONDS = 0.01
_PAUSE_SECONDS = 0.5  # before it tries to connect again


class Source:
    """One subscription a process, whatever it listens to: a hint says which execution has something new."""

    def __init__(self, hub: "Hub") -> None:
        self._hub = hub
        self._connected, self._ended = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._work, name="events-source", daemon=True)
        self._had_connection = False  # or had its chance: nobody waits for one any more
        self._dirty: set[int] = set()  # executions whose events are to be read

    @property
    def is_connected(self) -> bool:
        """Whether hints arrive."""
        return self._connected.is_set()

    def wait_connected(self, seconds: float) -> bool:
        """Wait for the first connection; not for another one after Redis has gone."""
        return self._connected.wait(0 if self._had_connection else seconds)

    def doubt(self) -> None:
        """Redis did not answer to somebody else: see whether it still answers here."""
        self._connected.clear()

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End, and wait for it."""
        self._ended.set()
        self._thread.join(5)

    def _work(self) -> None:
        redis = connect_listener(self._hub.settings)
        while not self._ended.is_set():
            try:
                with redis.pubsub() as subscription:
                    self._listen(subscription)
            except (RedisError, OSError) as error:
                logger.info("no events come from Redis, states are read from the database: %s", error)
            except Exception:
                logger.exception("events of executions are not passed on")
            self._connected.clear()
            self._had_connection = True
            self._ended.wait(_PAUSE_SECONDS)
        redis.close()

    def _listen(self, subscription: PubSub) -> None:
        subscription.subscribe(self._hub.events.channel)
        answer = subscription.get_message(timeout=_WAIT_SECONDS)
        if answer is None or answer["type"] != "subscribe":
            msg = "Redis did not answer to a subscription"
            raise RedisError(msg)
        self._had_connection = True
        self._connected.set()
        self._dirty.update(group.execution_id for group in self._hub.all_followers())
        while not self._ended.is_set() and self._connected.is_set():
            self._refresh_dirty()
            timeout = _SOON_SECONDS if self._dirty else _WAIT_SECONDS
            while (message := subscription.get_message(timeout=timeout)) is not None:
                self._note(message)
                timeout = 0.0

    def _note(self, message: dict) -> None:
        if message["type"] == "message" and message["data"].isdigit():
            execution_id = int(message["data"])
            if self._hub.find(execution_id) is not None:
                self._dirty.add(execution_id)

    def _refresh_dirty(self) -> None:
        for execution_id in tuple(self._dirty):
            group = self._hub.find(execution_id)
            if group is None or self._refresh(group):
                self._dirty.discard(execution_id)

    def _refresh(self, group: "Followers") -> bool:
        """Pass on what is new, or a snapshot where nobody knows; False when it must be tried again."""
        with group.lock:
            if group.cursor is not None:
                events = self._hub.events.after(group.execution_id, event_id=group.cursor)
                if events is not None:
                    stored = [event.id for event in events if event.type is not EventType.END]
                    group.cursor = stored[-1] if stored else group.cursor
                    group.offer(events)
                    return True
            return self.begin_anew(group)

    def begin_anew(self, group: "Followers") -> bool:
        """Tell all who listen to an execution where it stands now; False when not even the database says.

        Raises:
            RedisError: It did not answer; nothing was told.
        """
        hub, number = self._hub, group.execution_id
        with group.lock, Session(hub.engine) as session:
            cursor = hub.events.cursor(number) if self.is_connected else None
            try:
                snapshot = execution_snapshot(session, number, queue=hub.queue, event_id=cursor or NO_EVENT)
            except SQLAlchemyError as error:
                logger.warning("where execution %d stands is not told: %s", number, error)
                return False
            if snapshot is None:  # it was deleted
                for listener in tuple(group.listeners):
                    listener.close()
                return True
            group.cursor = cursor
            group.offer(snapshot.events)
            group.told = (snapshot.state, snapshot.attempt)
        return True
