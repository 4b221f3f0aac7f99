"""The answers that tell what happens in an execution: a stream of events, or a list of those at hand."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from socket import socket
from typing import Any

from flask import Flask, Response, current_app, request
from redis.exceptions import RedisError
from sqlalchemy.orm import Session

from sostrades_api.access import Actor
from sostrades_api.errors import NotFoundError
from sostrades_api.http.problems import problem
from sostrades_api.models import db
from sostrades_api.queueing.events import END_ID, NO_EVENT, Event, EventType, is_event_id
from sostrades_api.services.execution_follow import Followed, execution_follow, execution_snapshot
from sostrades_api.streaming.gunicorn_worker import HandedOver, is_leaving, socket_of
from sostrades_api.streaming.hub import Hub, TooManyListenersError
from sostrades_api.streaming.listener import Caller, Listener
from sostrades_api.streaming.sse import KEEP_ALIVE, MEDIA_TYPE, OPENING, as_json, frames
from sostrades_api.streaming.writer import KEEP_ALIVE_SECONDS

JSON = "application/json"
MOST_WAIT_SECONDS = 30
USUAL_WAIT_SECONDS = 20
_EXTENSION = "sostrades_hub"
_COME_BACK_SECONDS = 5
_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}  # the latter: nginx passes events on


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a request for events asks for."""

    after: str | None = None  # the latest event the client knows
    wait: int | None = None  # seconds; not None: as a list

    @property
    def as_list(self) -> bool:
        """Whether a list is wanted, and no stream."""
        best = request.accept_mimetypes.best_match([MEDIA_TYPE, JSON], default=MEDIA_TYPE)
        return self.wait is not None or best == JSON

    @property
    def last_event_id(self) -> str | None:
        """What a browser sends when it comes back wins."""
        return request.headers.get("Last-Event-ID") or self.after


def register(app: Flask, *, hub: Hub) -> None:
    """Give the application its hub."""
    app.extensions[_EXTENSION] = hub


def hub_of(app: Flask) -> Hub:
    """The hub of this application."""
    return app.extensions[_EXTENSION]


def events_response(
    execution_id: int,
    *,
    actor: Actor,
    renew: Callable[[Session], Actor | None],
    caller: str,
    asked: Asked,
) -> Response:
    """Tell this caller what happens in an execution, from the event after the one it knows.

    Args:
        execution_id: Which one.
        actor: Who asks.
        renew: Who the same caller is later, if still anybody.
        caller: A name for it, which limits count by.
        asked: What it asks for.

    Raises:
        NotFoundError: There is no such execution, or the actor may not see it.
    """
    followed = execution_follow(db.session(), execution_id, actor=actor)
    db.session.remove()  # nothing is held while a client listens, and the snapshot is read afresh
    if asked.last_event_id == END_ID and followed.is_final:
        return _nothing_more(asked)
    if request.method == "HEAD":
        return Response(mimetype=JSON if asked.as_list else MEDIA_TYPE, headers=_HEADERS)
    hub = hub_of(current_app)
    listener = Listener(execution_id, caller=Caller(caller, renew), may_read=followed.may_read)
    try:
        hub.join(listener, told=(followed.state, followed.attempt))
        return _joined(hub, listener, followed=followed, asked=asked)
    except TooManyListenersError as error:
        hub.leave(listener)
        return _refusal(error, hub=hub)
    except BaseException:
        hub.leave(listener)
        raise


def _joined(hub: Hub, listener: Listener, *, followed: Followed, asked: Asked) -> Response:
    after = asked.last_event_id
    events, cursor = _opening(hub, followed, after=after, as_list=asked.as_list)
    listener.begin(events, after=cursor)
    if asked.as_list:
        return _list(hub, listener, wait=asked.wait, after=cursor if events else after or cursor)
    return _stream(hub, listener)


def _opening(
    hub: Hub, followed: Followed, *, after: str | None, as_list: bool
) -> tuple[Sequence[Event], str]:
    """What the client missed, or a snapshot where nobody knows; and the latest event it then knows."""
    known = after if after and is_event_id(after) and after != NO_EVENT else None
    try:
        missed = None if known is None else hub.events.after(followed.execution_id, event_id=known)
        if known is not None and missed is not None:
            has_end = bool(missed) and missed[-1].type is EventType.END
            if has_end or not followed.is_final:
                stored = [event for event in missed if event.id != END_ID]
                return missed, stored[-1].id if stored else known
        cursor = hub.events.cursor(followed.execution_id)
    except RedisError:
        hub.source.doubt()
        cursor = NO_EVENT
        if as_list and after == NO_EVENT and not followed.is_final:
            return (), NO_EVENT  # it knows what the database says; the next change is told
    with Session(hub.engine) as session:
        snapshot = execution_snapshot(session, followed.execution_id, queue=hub.queue, event_id=cursor)
    if snapshot is None:
        raise NotFoundError
    hub.note(followed.execution_id, told=(snapshot.state, snapshot.attempt))
    return snapshot.events, cursor


# --- as a list ----------------------------------------------------------------------------------------------


def _list(hub: Hub, listener: Listener, *, wait: int | None, after: str) -> Response:
    """Events as soon as there are any, an empty list after the time to wait."""
    seconds = USUAL_WAIT_SECONDS if wait is None else wait
    try:
        if not listener.wait(0) and seconds:
            with hub.thread():
                listener.wait(seconds)
        events = listener.take()
    finally:
        hub.leave(listener)
    last = events[-1].id if events else after
    body = as_json(events, may_read=listener.may_read, last_event_id=last)
    return Response(body, mimetype=JSON, headers=_HEADERS)


def _nothing_more(asked: Asked) -> Response:
    if asked.as_list:
        return Response(as_json((), may_read=False, last_event_id=END_ID), mimetype=JSON, headers=_HEADERS)
    return Response(status=HTTPStatus.NO_CONTENT)  # a browser does not come back after this


def _refusal(error: TooManyListenersError, *, hub: Hub) -> Response:
    headers = {"Retry-After": str(_COME_BACK_SECONDS)}
    if error.of_caller:
        detail = f"You have {hub.settings.max_listeners_per_caller} listeners already; close one of them"
        return problem(HTTPStatus.TOO_MANY_REQUESTS, detail=detail, headers=headers)
    detail = "As many listen already as this server has room for; try again after the time in Retry-After"
    return problem(HTTPStatus.SERVICE_UNAVAILABLE, detail=detail, headers=headers)


# --- as a stream --------------------------------------------------------------------------------------------


def _stream(hub: Hub, listener: Listener) -> Response:
    sock = socket_of(request.environ)
    chunked = request.environ.get("SERVER_PROTOCOL") != "HTTP/1.0"
    body: Any
    if sock is None:
        hub.take_thread()
        body = _ThreadStream(hub, listener)
    else:
        body = _SocketStream(hub, listener, sock=sock, chunked=chunked)
    return Response(body, mimetype=MEDIA_TYPE, headers=_HEADERS, direct_passthrough=True)


class _SocketStream:
    """The headers and the first bytes go through the server; then the hub has the socket, and no thread."""

    def __init__(self, hub: Hub, listener: Listener, *, sock: socket, chunked: bool) -> None:
        self._hub, self._listener, self._sock, self._chunked = hub, listener, sock, chunked
        self._opened = self._handed_over = False

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        if not self._opened:
            self._opened = True
            return OPENING
        self._handed_over = True
        self._hub.writer.adopt(self._sock, self._listener, chunked=self._chunked, gone=self._hub.leave)
        raise HandedOver

    def close(self) -> None:
        """The server is done with the response; called also when it was never begun."""
        if not self._handed_over:
            self._hub.leave(self._listener)


class _ThreadStream:
    """For servers that give no socket away: keeps the thread of its request."""

    def __init__(self, hub: Hub, listener: Listener) -> None:
        self._hub, self._listener = hub, listener
        self._frames = self._all()
        self._closed = False

    def __iter__(self) -> Iterator[bytes]:
        return self._frames

    def _all(self) -> Iterator[bytes]:
        yield OPENING
        while True:
            there = self._listener.wait(KEEP_ALIVE_SECONDS)
            events = self._listener.take()
            data = frames(events, may_read=self._listener.may_read)
            if data or not there:
                yield data or KEEP_ALIVE
            if self._listener.is_closed or is_leaving() or (events and events[-1].type is EventType.END):
                return

    def close(self) -> None:
        """The client has gone, or everything was told."""
        if not self._closed:
            self._closed = True
            self._hub.leave(self._listener)
            self._hub.give_thread_back()
