"""What happens in an execution, as a stream of events in Redis: kept for a while, told to whoever listens.

Events are hints; the database is the truth. Redis gives each its id, so ids of one execution only grow, and
whoever knows the last one it saw gets what came after it, once and in order.
"""

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any

import orjson
from redis import Redis
from redis.exceptions import RedisError

MAX_EVENTS = 2000  # of one execution, about: Redis drops the oldest in blocks
KEEP_SECONDS = 3600  # after the last
NO_EVENT = "0-0"  # before the first
END_ID = "end"  # of every `end`: whoever saw it has seen everything
_AWAY_SECONDS = 2.0  # so long nobody waits for a Redis that did not answer
_ID = re.compile(r"[0-9]{1,19}-[0-9]{1,19}")


class EventType(StrEnum):
    """What an event tells."""

    SNAPSHOT = "snapshot"  # all of it, to begin with or after a gap; never stored
    STATE = "state"  # the execution has moved to another state
    DISCIPLINES = "disciplines"  # statuses that have changed
    ITERATION = "iteration"  # a loop has come round
    PROGRESS = "progress"  # how far the execution is
    LOG = "log"  # new lines
    END = "end"  # nothing comes after this


@dataclass(frozen=True)
class Event:
    """One event as JSON, for readers of values and for those who may only view; None: not for them."""

    type: EventType
    data: bytes
    public: bytes | None
    id: str = ""

    @classmethod
    def make(cls, kind: EventType, data: Any, *, public: Any = ..., event_id: str = "") -> "Event":
        """An event of plain data; ``public`` is what viewers see where that differs."""
        whole = orjson.dumps(data)
        if public is ...:
            shown: bytes | None = whole
        else:
            shown = None if public is None else orjson.dumps(public)
        return cls(kind, whole, shown, event_id)

    @cached_property
    def key(self) -> tuple[int, int]:
        """Where it stands among the events of its execution."""
        return order_of(self.id)

    def fields(self) -> dict[bytes, bytes]:
        """As Redis keeps it."""
        stored = {b"t": str(self.type).encode(), b"d": self.data}
        return stored if self.public == self.data else {**stored, b"v": self.public or b""}

    def plain(self) -> dict[str, Any] | None:
        """What readers of values are told; None for what whoever can write to Redis may have written."""
        try:
            data = orjson.loads(self.data)
        except orjson.JSONDecodeError:
            return None
        return data if isinstance(data, dict) else None

    @classmethod
    def stored(cls, event_id: bytes, fields: dict[bytes, bytes]) -> "Event | None":
        """As it was kept; None for a mark, and for what another release may have written."""
        try:
            kind, data = EventType(fields[b"t"].decode()), fields[b"d"]
        except (KeyError, ValueError):
            return None
        name = END_ID if kind is EventType.END else event_id.decode()
        return cls(kind, data, fields.get(b"v", data) or None, name)


def is_event_id(text: str) -> bool:
    """Whether it can be the id of a stored event."""
    return _ID.fullmatch(text) is not None


def order_of(event_id: str) -> tuple[int, int]:
    """What sorts ids; ``end`` comes last."""
    if event_id == END_ID:
        return (2**63, 0)
    milliseconds, _, number = event_id.partition("-")
    return int(milliseconds), int(number)


class ExecutionEvents:
    """The streams of this platform. Without Redis publishing does nothing; reading raises ``RedisError``."""

    def __init__(self, redis: Redis, *, queue_name: str) -> None:
        self.redis = redis
        self.channel = f"sostrades:{queue_name}:events"
        self._away_until = 0.0

    def publish(self, execution_id: int, events: Sequence[Event]) -> bool:
        """Store the events and wake listeners up, in one round trip; False when Redis is away."""
        if not events or time.monotonic() < self._away_until:
            return False
        key = self._key(execution_id)
        try:
            with self.redis.pipeline(transaction=False) as pipeline:
                for event in events:
                    pipeline.xadd(key, event.fields(), maxlen=MAX_EVENTS, approximate=True)  # type: ignore[arg-type]
                pipeline.expire(key, KEEP_SECONDS)
                pipeline.publish(self.channel, str(execution_id))
                pipeline.execute()
        except RedisError:
            self._away_until = time.monotonic() + _AWAY_SECONDS
            return False
        return True

    def after(self, execution_id: int, *, event_id: str) -> list[Event] | None:
        """What came after this event; None when the stream does not hold it (any more)."""
        entries = self._entries(self.redis.xrange(self._key(execution_id), min=event_id))
        if not entries or entries[0][0] != event_id:
            return None
        return [event for _, event in entries[1:] if event is not None]

    def iterations(self, execution_id: int) -> list[tuple[str, dict[str, Any]]]:
        """What its loops have told, with the ids of these events, the oldest first; as long as it is kept."""
        entries = self._entries(self.redis.xrange(self._key(execution_id)))
        told = [
            (event_id, event.plain())
            for event_id, event in entries
            if event is not None and event.type is EventType.ITERATION
        ]
        return [(event_id, data) for event_id, data in told if data is not None]

    def cursor(self, execution_id: int) -> str:
        """The id of the latest event but the end, to go on from; an empty stream gets a mark for it."""
        key = self._key(execution_id)
        for event_id, event in self._entries(self.redis.xrevrange(key, count=2)):
            if event is None or event.type is not EventType.END:
                return event_id
        with self.redis.pipeline(transaction=False) as pipeline:
            pipeline.xadd(key, {b"t": b"mark"})
            pipeline.expire(key, KEEP_SECONDS)
            return pipeline.execute()[0].decode()

    @staticmethod
    def _entries(found: Any) -> list[tuple[str, Event | None]]:
        return [(event_id.decode(), Event.stored(event_id, fields)) for event_id, fields in found]

    def _key(self, execution_id: int) -> str:
        return f"{self.channel}:{execution_id}"
