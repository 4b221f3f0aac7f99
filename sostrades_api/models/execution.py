"""An execution: one run of a study case on a snapshot of its parameters. The truth about it is here."""

import datetime as dt
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Enum, ForeignKey, Index, String, Text, false, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from sostrades_api.models.base import Base, utc_now
from sostrades_api.models.study_case import VARIABLE_NAME_LENGTH, StudyCase
from sostrades_api.settings import STANDARD_PROFILE


class ExecutionState(StrEnum):
    """Where an execution stands."""

    QUEUED = "QUEUED"  # accepted, waiting for a worker
    RUNNING = "RUNNING"  # an attempt holds the lease
    SUSPENDED = "SUSPENDED"  # set aside by somebody; no worker holds it until it is resumed
    STOPPING = "STOPPING"  # running, but asked to end; ``stopping_to`` says in which state
    FINISHED = "FINISHED"  # results are stored
    FAILED = "FAILED"  # ended without results; error_message says why
    STOPPED = "STOPPED"  # ended because somebody asked


_S = ExecutionState
TRANSITIONS: dict[ExecutionState, frozenset[ExecutionState]] = {
    _S.QUEUED: frozenset({_S.RUNNING, _S.SUSPENDED, _S.STOPPED, _S.FAILED}),
    _S.RUNNING: frozenset({_S.QUEUED, _S.STOPPING, _S.FINISHED, _S.FAILED}),
    _S.SUSPENDED: frozenset({_S.QUEUED, _S.STOPPED}),
    _S.STOPPING: frozenset({_S.STOPPED, _S.SUSPENDED, _S.FINISHED, _S.FAILED}),
    _S.FINISHED: frozenset(),
    _S.FAILED: frozenset(),
    _S.STOPPED: frozenset(),
}
FINAL_STATES = frozenset(state for state, following in TRANSITIONS.items() if not following)
ACTIVE_STATES = frozenset(TRANSITIONS) - FINAL_STATES  # of a study case, one execution at most
HELD_STATES = frozenset({_S.RUNNING, _S.STOPPING})  # an attempt holds the lease
_ACTIVE_SQL = text("state IN ('QUEUED', 'RUNNING', 'STOPPING', 'SUSPENDED')")

DEFAULT_PRIORITY = 50
MAX_PRIORITY = 100


class Execution(Base):
    """One run of a study case; ``token`` and ``lease_until`` fence the attempt that may write to it."""

    __tablename__ = "executions"
    __table_args__ = (
        # One queued or running execution a study, whatever two requests do at once.
        Index(
            "uq_executions_active_study",
            "study_case_id",
            unique=True,
            sqlite_where=_ACTIVE_SQL,
            postgresql_where=_ACTIVE_SQL,
        ),
        Index("ix_executions_study_id", "study_case_id", "id"),
        Index("ix_executions_state", "state", "id"),
        # In this order a worker looks for what it may run next.
        Index("ix_executions_waiting", "state", "worker_profile", "group_id", "priority", "id"),
        {"sqlite_autoincrement": True},  # an id is never given twice: jobs in the queue carry it
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    study_case_id: Mapped[int] = mapped_column(ForeignKey("study_cases.id", ondelete="CASCADE"))
    study_revision: Mapped[int]
    process_name: Mapped[str] = mapped_column(String(200))
    state: Mapped[ExecutionState] = mapped_column(
        Enum(ExecutionState, native_enum=False, length=16), default=ExecutionState.QUEUED
    )
    # Of the study case, when it was requested: groups get fair shares of the workers.
    group_id: Mapped[int] = mapped_column(server_default="0")
    worker_profile: Mapped[str] = mapped_column(
        String(64), default=STANDARD_PROFILE, server_default=STANDARD_PROFILE
    )
    priority: Mapped[int] = mapped_column(default=DEFAULT_PRIORITY, server_default=str(DEFAULT_PRIORITY))
    deadline_seconds: Mapped[float | None]  # so long an attempt may run; None: as the platform says
    expires_at: Mapped[dt.datetime | None]  # when it is deleted, once it has ended
    stopping_to: Mapped[str | None] = mapped_column(String(16))  # while STOPPING: STOPPED or SUSPENDED
    stop_forced: Mapped[bool] = mapped_column(default=False, server_default=false())
    origin_id: Mapped[int | None]  # the execution that it repeats, whether or not that is still there
    recompute: Mapped[list[str] | None] = mapped_column(
        JSON(none_as_null=True)
    )  # disciplines that are run, with all that depends on them, whatever is known of their inputs
    attempt: Mapped[int] = mapped_column(default=0)  # raised by every claim
    losses: Mapped[int] = mapped_column(default=0, server_default="0")  # attempts whose worker died
    token: Mapped[str | None] = mapped_column(String(32))
    lease_until: Mapped[dt.datetime | None]
    worker_name: Mapped[str | None] = mapped_column(String(200))
    requested_by: Mapped[str] = mapped_column(String(200))
    requested_at: Mapped[dt.datetime] = mapped_column(default=utc_now)
    enqueued_at: Mapped[dt.datetime | None]
    started_at: Mapped[dt.datetime | None]
    ended_at: Mapped[dt.datetime | None]
    progress: Mapped[float] = mapped_column(default=0.0)
    disciplines: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)
    converged: Mapped[bool | None]  # of finished ones: False when an unconverged loop was accepted
    unconverged: Mapped[dict[str, Any] | None] = mapped_column(
        JSON(none_as_null=True)
    )  # what depends on an accepted loop
    profile: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))  # where the time went
    error_message: Mapped[str | None] = mapped_column(Text)
    traceback: Mapped[str | None] = mapped_column(Text)
    usage: Mapped[dict[str, Any] | None] = mapped_column(JSON)

    study_case: Mapped[StudyCase] = relationship()


class ExecutionValue(Base):
    """A value of an execution: ``in`` is the snapshot it runs on, ``out`` a result."""

    __tablename__ = "execution_values"

    execution_id: Mapped[int] = mapped_column(
        ForeignKey("executions.id", ondelete="CASCADE"), primary_key=True
    )
    io: Mapped[str] = mapped_column(String(3), primary_key=True)
    name: Mapped[str] = mapped_column(String(VARIABLE_NAME_LENGTH), primary_key=True)
    digest: Mapped[str] = mapped_column(ForeignKey("stored_values.digest"), index=True)


class ExecutionTransition(Base):
    """Append-only: every change of state, with its reason and its author."""

    __tablename__ = "execution_transitions"

    id: Mapped[int] = mapped_column(primary_key=True)
    execution_id: Mapped[int] = mapped_column(ForeignKey("executions.id", ondelete="CASCADE"), index=True)
    at: Mapped[dt.datetime] = mapped_column(default=utc_now)
    from_state: Mapped[str | None] = mapped_column(String(16))
    to_state: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str] = mapped_column(Text)
    actor: Mapped[str] = mapped_column(String(200))
    attempt: Mapped[int]


class ExecutionLog(Base):
    """One line of the log of an execution."""

    __tablename__ = "execution_logs"

    id: Mapped[int] = mapped_column(primary_key=True)
    execution_id: Mapped[int] = mapped_column(ForeignKey("executions.id", ondelete="CASCADE"), index=True)
    attempt: Mapped[int]
    at: Mapped[dt.datetime] = mapped_column(default=utc_now)
    level: Mapped[str] = mapped_column(String(8))
    discipline: Mapped[str | None] = mapped_column(String(VARIABLE_NAME_LENGTH))
    message: Mapped[str] = mapped_column(Text)
