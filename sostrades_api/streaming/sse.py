"""Events as text/event-stream (HTML Standard, 9.2.5 and 9.2.6), and the same as JSON."""

from collections.abc import Sequence
from typing import Any

import orjson

from sostrades_api.queueing.events import Event

MEDIA_TYPE = "text/event-stream"
KEEP_ALIVE = b": keep-alive\n\n"
RETRY_MS = 1000
OPENING = f"retry: {RETRY_MS}\n\n".encode()


def frame(event: Event, *, may_read: bool) -> bytes:
    """One event; empty for who may not see it. JSON has no line break, so its data is one line."""
    data = event.data if may_read else event.public
    if data is None:
        return b""
    return b"id: %b\nevent: %b\ndata: %b\n\n" % (event.id.encode(), event.type.encode(), data)


def frames(events: Sequence[Event], *, may_read: bool) -> bytes:
    """All of them, in order."""
    return b"".join(frame(event, may_read=may_read) for event in events)


def as_json(events: Sequence[Event], *, may_read: bool, last_event_id: str) -> bytes:
    """The events as a list, and the id to go on from."""
    shown: list[dict[str, Any]] = []
    for event in events:
        data = event.data if may_read else event.public
        if data is not None:
            shown.append({"id": event.id, "event": event.type, "data": orjson.Fragment(data)})
    return orjson.dumps({"events": shown, "last_event_id": last_event_id})


def chunk(data: bytes) -> bytes:
    """A chunk of a chunked body (RFC 9112, 7.1); of nothing: its end."""
    return b"%X\r\n%b\r\n" % (len(data), data)
