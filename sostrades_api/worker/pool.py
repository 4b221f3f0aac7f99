"""The worker pool: forks workers and a sweeper, and keeps them, and the queue server, alive."""

import logging
import os
import select
import signal
import socket
import time
import uuid
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from flask import Flask

from sostrades_api.errors import UnavailableError
from sostrades_api.logs import set_process_fields
from sostrades_api.platform import platform_of
from sostrades_api.queueing import ExecutionQueue
from sostrades_api.queueing.connection import connect_worker
from sostrades_api.queueing.embedded import (
    PATIENCE_SECONDS,
    EmbeddedServer,
    Lifetime,
    Presence,
    ensure_server,
    presence_of_server,
)
from sostrades_api.worker.execution_worker import ExecutionWorker
from sostrades_api.worker.process_ties import die_with_parent
from sostrades_api.worker.runtime import Runtime, set_runtime
from sostrades_api.worker.sweeper import sweep_for_ever
from sostrades_api.worker.warm_up import warm_up

logger = logging.getLogger(__name__)

_LOOK_SECONDS = 1.0
_SHORT_LIFE = 2.0  # seconds; who lives shorter is started again later and later
_LONGEST_PAUSE = 10.0
_KILL_AFTER = 5.0  # seconds after the grace for runs


@dataclass
class _Member:
    """A place in the pool and the process that holds it."""

    role: str
    main: "Callable[[_Member], None]"
    pid: int = 0
    started: float = 0.0
    failures: int = 0
    start_at: float = 0.0
    name: str = ""  # of the worker, in Redis and the database


class WorkerPool:
    """Run it in the main thread of a process that has no other thread: it forks.

    Args:
        app: The application.
        count: Workers, beside the sweeper.
        profiles: Worker profiles whose executions they take; empty: all.
    """

    def __init__(self, app: Flask, *, count: int, profiles: Sequence[str] = ()) -> None:
        self._settings = platform_of(app).settings
        self._profiles = tuple(profiles)
        self._runtime = Runtime(app, ExecutionQueue.for_web(self._settings))
        self._runtime.announce_states()
        workers = [_Member(f"worker {number + 1}", self._work) for number in range(count)]
        self._members = [*workers, _Member("sweeper", self._sweep)]
        self._server: EmbeddedServer | None = None
        self._answered = time.monotonic()
        self._stopping = False
        self._wake_up = os.pipe()
        self._deaths = os.pipe()  # the sweeper hears whose runs to give to others

    def run(self, *, on_ready: Callable[[], None] = lambda: None) -> None:
        """Serve until SIGTERM or SIGINT, then end every process that was started here."""
        set_process_fields(role="pool")
        self._server = ensure_server(self._settings, lifetime=Lifetime.STARTER)
        set_runtime(self._runtime)
        warm_up(self._runtime)
        self._listen_to_signals()
        try:
            self._start_missing()
            on_ready()
            while not self._stopping:
                self._wait(_LOOK_SECONDS)
                self._collect()
                self._keep_server()
                if not self._stopping:
                    self._start_missing()
        finally:
            self._stop_members()
            self._server.stop()

    # --- members ----------------------------------------------------------------------------------------

    def _start_missing(self) -> None:
        for member in self._members:
            if not member.pid and time.monotonic() >= member.start_at:
                self._start(member)

    def _start(self, member: _Member) -> None:
        parent = os.getpid()
        member.name = f"{socket.gethostname()}-{parent}-{uuid.uuid4().hex[:8]}"
        self._runtime.close_files()
        pid = os.fork()
        if pid == 0:
            self._become(member, parent=parent)
        member.pid, member.started = pid, time.monotonic()

    def _become(self, member: _Member, *, parent: int) -> None:
        """In the child: never returns."""
        code = 1
        try:
            die_with_parent(parent)
            os.setpgrp()  # a Ctrl-C in the terminal reaches the pool, which ends everybody in order
            signal.set_wakeup_fd(-1)
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD):
                signal.signal(number, signal.SIG_DFL)
            for handle in self._wake_up:
                os.close(handle)
            self._runtime.after_fork()
            member.main(member)
            code = 0
        except BaseException:
            logger.exception("%s ended", member.role)
        finally:
            logging.shutdown()
            os._exit(code)

    def _work(self, member: _Member) -> None:
        set_process_fields(role="worker", worker=member.name)
        connection = connect_worker(self._settings)
        worker = ExecutionWorker(
            self._runtime, name=member.name, connection=connection, profiles=self._profiles
        )
        worker.work(logging_level="WARNING")

    def _sweep(self, _member: _Member) -> None:
        set_process_fields(role="sweeper")
        sweep_for_ever(self._runtime, deaths=self._deaths[0])

    def _collect(self) -> None:
        for member in self._members:
            if not member.pid:
                continue
            pid, status = os.waitpid(member.pid, os.WNOHANG)
            if pid:
                self._note_end(member, status)

    def _note_end(self, member: _Member, status: int) -> None:
        lived = time.monotonic() - member.started
        member.pid = 0
        member.failures = member.failures + 1 if lived < _SHORT_LIFE else 0
        pause = min(0.1 * 2**member.failures, _LONGEST_PAUSE) if member.failures else 0.0
        member.start_at = time.monotonic() + pause
        if not self._stopping:
            code = os.waitstatus_to_exitcode(status)
            logger.warning("%s ended (%d) and is started again", member.role, code)
        with suppress(BlockingIOError):  # a sweeper that does not read will find it by its lease
            os.write(self._deaths[1], f"{member.name}\n".encode())

    # --- the queue server -------------------------------------------------------------------------------

    def _keep_server(self) -> None:
        """Start the embedded server again when it, or the pool that owned it, is gone."""
        if self._settings.redis_url or self._stopping:
            return
        presence, now = presence_of_server(self._settings), time.monotonic()
        if presence is Presence.ANSWERS:
            self._answered = now
        elif presence is Presence.ABSENT or now - self._answered > PATIENCE_SECONDS:
            self._start_server()

    def _start_server(self) -> None:
        if self._server is not None:
            self._server.stop()  # whatever became of its folder, there is never a second one of ours
        with suppress(UnavailableError):
            self._server = ensure_server(self._settings, lifetime=Lifetime.STARTER)
            self._answered = time.monotonic()

    # --- signals and the end ----------------------------------------------------------------------------

    def _listen_to_signals(self) -> None:
        for handle in (*self._wake_up, self._deaths[1]):
            os.set_blocking(handle, False)
        signal.set_wakeup_fd(self._wake_up[1], warn_on_full_buffer=False)
        signal.signal(signal.SIGTERM, self._on_stop)
        signal.signal(signal.SIGINT, self._on_stop)
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)

    def _on_stop(self, _number: int, _frame: object) -> None:
        self._stopping = True

    def _wait(self, seconds: float) -> None:
        """Sleep until a child ends, a signal comes, or the time is over."""
        select.select([self._wake_up[0]], [], [], seconds)
        with suppress(BlockingIOError):
            os.read(self._wake_up[0], 4096)

    def _stop_members(self) -> None:
        self._stopping = True
        self._signal_members(signal.SIGTERM)
        deadline = time.monotonic() + self._settings.shutdown_grace_seconds + _KILL_AFTER
        while any(member.pid for member in self._members) and time.monotonic() < deadline:
            self._wait(0.1)
            self._collect()
        self._signal_members(signal.SIGKILL)
        for member in self._members:
            if member.pid:
                os.waitpid(member.pid, 0)

    def _signal_members(self, number: signal.Signals) -> None:
        for member in self._members:
            if member.pid:
                with suppress(ProcessLookupError):
                    os.kill(member.pid, number)
