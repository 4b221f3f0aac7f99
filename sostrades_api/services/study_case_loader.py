"""Loads study cases in the background and keeps what was loaded, ready to be sent.

What is asked for is named by study, revision and options; a load that takes longer than its caller waits goes
on, so that the next call finds it ready: in this process's memory, or through Redis in another process's.
"""

import datetime as dt
import hashlib
import sys
import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Protocol

from redis.exceptions import RedisError
from sqlalchemy.orm import Session

from sostrades_api.errors import UnavailableError
from sostrades_api.services.parameter_json import json_bytes
from sostrades_api.services.stored_values import StoredValues
from sostrades_api.services.study_case_load import LoadedSide, study_case_load
from sostrades_api.services.study_plan import study_plan
from sostrades_api.storage import ValueStore

LONGEST_WAIT = 600.0
SHARED_SECONDS = 3600
LARGEST_SHARED = 32 * 1024 * 1024
LARGE_WAITING = 2  # how many loads too large to be kept wait for a caller who left
_OVERHEAD = 1024  # bytes of a request, its entry and its answer beside the texts in them


@dataclass(frozen=True, kw_only=True)
class LoadRequest:
    """What is asked for; two equal ones have one answer."""

    study_case_id: int
    created_at: dt.datetime  # another database may have had another study of the same id
    process_name: str
    revision: int
    execution_id: int | None = None
    io: LoadedSide = LoadedSide.IN
    prefix: str = ""
    tables: bool = False

    def shared_key(self, fingerprint: str) -> str:
        """Its name in Redis, with the process as it is installed now."""
        return f"sostrades:load:{hashlib.sha256(repr((self, fingerprint)).encode()).hexdigest()}"


@dataclass(frozen=True)
class LoadedBody:
    """A load as JSON, with what it is really of: the study may have changed since it was asked for."""

    revision: int
    execution_id: int | None
    fingerprint: str
    body: bytes


class SharedCache(Protocol):
    """The part of a Redis client that is used."""

    def get(self, name: str, /) -> Any:
        """The bytes of this name, or None."""

    def set(self, name: str, value: bytes, /, *, ex: int) -> Any:
        """Keep bytes for ``ex`` seconds."""


class StudyLoader:
    """Background loads of one process; safe to share between threads, its threads start at the first load.

    Args:
        open_session: A new session of the database, for a thread that has no request.
        values: The value store.
        shared: Where other processes' loads are found; None: nowhere.
        threads: How many loads may run at once.
        max_bytes: How much of what was loaded is kept, with what keeping it takes.
        max_entries: How many loads are kept.
        max_pending: How many loads may run or wait for a thread.
    """

    def __init__(
        self,
        open_session: Callable[[], Session],
        *,
        values: ValueStore,
        shared: SharedCache | None = None,
        threads: int = 4,
        max_bytes: int = 128 * 1024 * 1024,
        max_entries: int = 4096,
        max_pending: int = 256,
    ) -> None:
        self._open_session = open_session
        self._values = values
        self._shared = shared
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="study-load")
        self._lock = threading.Lock()
        self._running: dict[LoadRequest, Future[LoadedBody]] = {}  # or done, and not told yet
        self._large: OrderedDict[LoadRequest, None] = OrderedDict()  # those of them not kept when done
        self._ready: OrderedDict[LoadRequest, LoadedBody] = OrderedDict()
        self._bytes = 0
        self._max_bytes = max_bytes
        self._max_entries = max_entries
        self._max_pending = max_pending

    def load(self, request: LoadRequest, *, timeout: float) -> LoadedBody | None:
        """The answer, or None when it is not ready within ``timeout`` seconds; the load then goes on.

        The caller must hold no transaction while it waits.

        Raises:
            NotFoundError: the study case has been deleted meanwhile.
            StudyNotLoadableError: its process is not installed any more, or cannot be built.
            UnavailableError: too many loads are waiting already, or this process is ending.
        """
        with self._lock:
            ready = self._ready.get(request)
            if ready is not None:
                self._ready.move_to_end(request)
                return ready
            future = self._running.get(request)
            if future is None:
                future = self._start(request)
        wait([future], timeout=min(max(timeout, 0.0), LONGEST_WAIT))
        if not future.done():
            return None
        self._forget(request, future)
        return future.result()

    def close(self) -> None:
        """Let running loads end; accept no more."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _start(self, request: LoadRequest) -> Future[LoadedBody]:
        """Called with the lock; a load that is done and that nobody came back for makes room."""
        if len(self._running) >= self._max_pending:
            self._running = {asked: future for asked, future in self._running.items() if not future.done()}
        if len(self._running) >= self._max_pending:
            msg = "too many study cases are being loaded; try again shortly"
            raise UnavailableError(msg)
        try:
            future = self._pool.submit(self._load, request)
        except RuntimeError:  # requests outlive the pool for a moment when a web process ends
            msg = "this server is ending; try again shortly"
            raise UnavailableError(msg) from None
        self._running[request] = future
        return future

    def _forget(self, request: LoadRequest, future: Future[LoadedBody]) -> None:
        """A failure is told once and tried again at the next call."""
        with self._lock:
            if self._running.get(request) is future:
                del self._running[request]
                self._large.pop(request, None)

    def _load(self, request: LoadRequest) -> LoadedBody:
        loaded = self._find_shared(request, self._fingerprint(request))
        if loaded is None:
            with self._open_session() as session:
                study = study_case_load(
                    session,
                    request.study_case_id,
                    values=self._values,
                    io=request.io,
                    prefix=request.prefix,
                    tables=request.tables,
                )
            body = json_bytes(study.variables)
            loaded = LoadedBody(study.revision, study.execution_id, study.fingerprint, body)
            self._share(_really(request, loaded), loaded)
        self._keep(request, loaded)
        return loaded

    def _fingerprint(self, request: LoadRequest) -> str:
        """Of the plan for the study case's own structuring values; the database is asked only for those."""
        plan = study_plan(request.process_name)
        if plan.plan.is_dynamic:
            with self._open_session() as session:
                stored = StoredValues(session, request.study_case_id, values=self._values)
                plan = study_plan(request.process_name, stored)
        return plan.fingerprint

    def _keep(self, asked: LoadRequest, loaded: LoadedBody) -> None:
        request = _really(asked, loaded)
        size = _size(request, loaded)
        with self._lock:
            if size > self._max_bytes // 2:
                self._large[asked] = None
                while len(self._large) > LARGE_WAITING:
                    self._running.pop(self._large.popitem(last=False)[0], None)
                return
            self._running.pop(asked, None)
            previous = self._ready.pop(request, None)
            self._bytes += size - (_size(request, previous) if previous else 0)
            self._ready[request] = loaded
            while self._bytes > self._max_bytes or len(self._ready) > self._max_entries:
                self._bytes -= _size(*self._ready.popitem(last=False))

    def _find_shared(self, request: LoadRequest, fingerprint: str) -> LoadedBody | None:
        if self._shared is None:
            return None
        with suppress(RedisError):
            body = self._shared.get(request.shared_key(fingerprint))
            if body:
                return LoadedBody(request.revision, request.execution_id, fingerprint, bytes(body))
        return None

    def _share(self, request: LoadRequest, loaded: LoadedBody) -> None:
        if self._shared is not None and len(loaded.body) <= LARGEST_SHARED:
            with suppress(RedisError):
                key = request.shared_key(loaded.fingerprint)
                self._shared.set(key, loaded.body, ex=SHARED_SECONDS)


def _size(request: LoadRequest, loaded: LoadedBody) -> int:
    """Bytes that keeping a load takes."""
    return len(loaded.body) + sys.getsizeof(request.prefix) + _OVERHEAD


def _really(request: LoadRequest, loaded: LoadedBody) -> LoadRequest:
    return replace(request, revision=loaded.revision, execution_id=loaded.execution_id)
