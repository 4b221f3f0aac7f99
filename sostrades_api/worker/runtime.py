"""What a worker process has at hand: set once before it works, inherited by its work-horses."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Self

from flask import Flask
from sqlalchemy.orm import Session

from sostrades_api.models import Execution, db
from sostrades_api.platform import Platform, platform_of
from sostrades_api.queueing import ExecutionQueue
from sostrades_api.queueing.events import ExecutionEvents
from sostrades_api.services.execution_announce import announce_with
from sostrades_api.worker.whereabouts import Whereabouts


@dataclass(frozen=True)
class Runtime:
    """An application and a queue of this process."""

    app: Flask
    queue: ExecutionQueue  # gives up quickly: without Redis a run goes on

    @property
    def platform(self) -> Platform:
        """Settings and value store."""
        return platform_of(self.app)

    @contextmanager
    def session(self) -> Iterator[Session]:
        """A session of its own."""
        with self.app.app_context(), Session(db.engine) as session:
            yield session

    def announce_states(self) -> None:
        """What is written here is told over the queue's connection, so that a run opens no second one."""
        events = ExecutionEvents(self.queue.redis, queue_name=self.platform.settings.queue_name)
        with self.app.app_context():
            announce_with(db.engine, events=events)

    def close_files(self) -> None:
        """Close SQLite's connections: before each fork, and when there is nothing to do.

        No child may inherit one (with SQLite's bookkeeping of POSIX locks it would believe that it holds its
        parent's), and a file that is replaced, by a backup say, is noticed.
        """
        with self.app.app_context():
            if db.engine.dialect.name == "sqlite":
                db.engine.dispose()

    def after_fork(self) -> None:
        """In a child: leave the parent's connections alone, open new ones when needed."""
        with self.app.app_context():
            db.engine.dispose(close=False)
        self.queue.redis.connection_pool.reset()


@dataclass(frozen=True)
class ClaimedAttempt:
    """The attempt that this worker holds; its work-horse finds it here after the fork."""

    execution_id: int
    attempt: int
    token: str
    process_name: str
    disciplines: tuple[str, ...]
    worker_profile: str
    group_id: int
    deadline_seconds: float | None = None
    recompute: tuple[str, ...] = ()
    study_case_id: int | None = None
    traceparent: str | None = None
    claimed_at: float = field(default_factory=time.monotonic)  # not later than the database thinks

    @classmethod
    def of(cls, execution: Execution, *, token: str, began: float) -> Self:
        """What has just been claimed with this token; ``began``: the monotonic time before it was."""
        return cls(
            execution_id=execution.id,
            attempt=execution.attempt,
            token=token,
            process_name=execution.process_name,
            disciplines=tuple(execution.disciplines),
            worker_profile=execution.worker_profile,
            group_id=execution.group_id,
            deadline_seconds=execution.deadline_seconds,
            recompute=tuple(execution.recompute or ()),
            study_case_id=execution.study_case_id,
            claimed_at=began,
        )

    @property
    def log_fields(self) -> dict[str, int | None]:
        """What the lines of the log that are about it say."""
        return {
            "study_case_id": self.study_case_id,
            "execution_id": self.execution_id,
            "attempt": self.attempt,
        }


class _Current:
    runtime: Runtime | None = None
    attempt: ClaimedAttempt | None = None
    whereabouts: Whereabouts | None = None


def set_runtime(runtime: Runtime) -> None:
    """Set it for this process and its children."""
    _Current.runtime = runtime


def current_runtime() -> Runtime:
    """The runtime of this process; a job can only run in a worker."""
    if _Current.runtime is None:
        msg = f"process {os.getpid()} is not a worker"
        raise RuntimeError(msg)
    return _Current.runtime


def set_attempt(attempt: ClaimedAttempt | None) -> None:
    """Remember what was claimed, for the work-horse."""
    _Current.attempt = attempt


def current_attempt() -> ClaimedAttempt:
    """The attempt that this work-horse runs."""
    if _Current.attempt is None:
        msg = "no attempt was claimed"
        raise RuntimeError(msg)
    return _Current.attempt


def set_whereabouts(whereabouts: Whereabouts) -> None:
    """Remember, in a work-horse, where it tells its worker what it does."""
    _Current.whereabouts = whereabouts


def current_whereabouts() -> Whereabouts | None:
    """Where this work-horse tells its worker what it does; None without a worker."""
    return _Current.whereabouts
