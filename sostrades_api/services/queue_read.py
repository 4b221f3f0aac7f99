"""What waits and what runs, by worker profile and by group."""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from sostrades_api.access import Actor
from sostrades_api.models import (
    ACTIVE_STATES,
    HELD_STATES,
    Execution,
    ExecutionState,
    ExecutionTransition,
    Group,
    QueuePause,
    utc_now,
)
from sostrades_api.services.queue_history import NO_HISTORY, ProfileHistory, queue_history
from sostrades_api.services.worker_list import WorkerState, worker_list
from sostrades_api.settings import Settings


@dataclass(frozen=True, kw_only=True)
class Pause:
    """Nothing of this profile is taken; who paused it is for administrators."""

    paused_at: dt.datetime
    reason: str | None
    paused_by: str | None = None


@dataclass(frozen=True, kw_only=True)
class ProfileQueue:
    """What is asked of the workers of one profile.

    Attributes:
        profile: its name.
        waiting: executions that wait for a worker.
        runnable: of these, those that could run now: not those of a group that runs all it may.
        running: executions that a worker holds.
        suspended: executions that wait for somebody to resume them.
        oldest_waiting_seconds: since the one that waits longest was queued; None when none waits.
        history: of the last hour.
        workers: how many of each state take this profile's executions.
        pause: None while it is not paused.
        is_configured: False for what the settings do not name (any more): no worker takes it.
    """

    profile: str
    waiting: int
    runnable: int
    running: int
    suspended: int
    oldest_waiting_seconds: float | None
    history: ProfileHistory
    workers: Mapping[WorkerState, int]
    pause: Pause | None
    is_configured: bool


@dataclass(frozen=True, kw_only=True)
class GroupQueue:
    """What a group has in the queue, whatever the profile; for administrators."""

    group: str
    waiting: int
    running: int
    max_running: int | None


@dataclass(frozen=True)
class Queue:
    """Profiles by name, and groups with something to run or with a limit (administrators only)."""

    profiles: list[ProfileQueue]
    groups: list[GroupQueue] | None = None


@dataclass
class _Counts:
    """Active executions, by profile and group."""

    states: dict[tuple[str, ExecutionState], int] = field(default_factory=dict)
    waiting: dict[tuple[str, int], int] = field(default_factory=dict)
    running: dict[int, int] = field(default_factory=dict)  # by group, whatever the profile

    def of(self, profile: str, *states: ExecutionState) -> int:
        return sum(self.states.get((profile, state), 0) for state in states)


def queue_read(session: Session, *, actor: Actor, settings: Settings) -> Queue:
    """The queue as it is now."""
    counts = _counts(session)
    pauses = {row.worker_profile: row for row in session.scalars(select(QueuePause))}
    history = queue_history(session)
    oldest = _oldest(session)
    workers = _workers(session, actor=actor, settings=settings)
    limits = _limits(session, groups=counts.running.keys() | {group for _, group in counts.waiting})
    names = [*settings.worker_profiles, *sorted({name for name, _ in counts.states} | pauses.keys())]
    profiles = [
        ProfileQueue(
            profile=name,
            waiting=counts.of(name, ExecutionState.QUEUED),
            runnable=_runnable(name, counts, limits),
            running=counts.of(name, *HELD_STATES),
            suspended=counts.of(name, ExecutionState.SUSPENDED),
            oldest_waiting_seconds=oldest.get(name),
            history=history.get(name, NO_HISTORY),
            workers=workers.get(name, {}),
            pause=_pause(pauses.get(name), actor=actor),
            is_configured=name in settings.worker_profiles,
        )
        for name in dict.fromkeys(names)
    ]
    return Queue(profiles, _groups(counts, limits) if actor.is_admin else None)


def _counts(session: Session) -> _Counts:
    query = (
        select(Execution.worker_profile, Execution.group_id, Execution.state, func.count())
        .where(Execution.state.in_(ACTIVE_STATES))
        .group_by(Execution.worker_profile, Execution.group_id, Execution.state)
    )
    counts = _Counts()
    for profile, group_id, state, count in session.execute(query):
        counts.states[profile, state] = counts.states.get((profile, state), 0) + count
        if state is ExecutionState.QUEUED:
            counts.waiting[profile, group_id] = count
        elif state in HELD_STATES:
            counts.running[group_id] = counts.running.get(group_id, 0) + count
    return counts


def _oldest(session: Session) -> dict[str, float]:
    """Seconds since what waits longest was queued: requested, resumed or given back by a lost worker."""
    queued, later = aliased(ExecutionTransition), aliased(ExecutionTransition)
    last = (
        select(func.max(later.id))
        .where(later.execution_id == Execution.id, later.to_state == ExecutionState.QUEUED)
        .correlate(Execution)
        .scalar_subquery()
    )
    query = (
        select(Execution.worker_profile, func.min(queued.at))
        .join(queued, queued.id == last)
        .where(Execution.state == ExecutionState.QUEUED)
        .group_by(Execution.worker_profile)
    )
    now = utc_now()
    return {profile: max(0.0, (now - at).total_seconds()) for profile, at in session.execute(query)}


def _workers(session: Session, *, actor: Actor, settings: Settings) -> dict[str, dict[WorkerState, int]]:
    found: dict[str, dict[WorkerState, int]] = {}
    for worker in worker_list(session, actor=actor, silence_seconds=settings.worker_silence_seconds):
        for profile in worker.profiles:
            states = found.setdefault(profile, {})
            states[worker.state] = states.get(worker.state, 0) + 1
    return found


def _limits(session: Session, *, groups: Iterable[int]) -> dict[int, tuple[str, int | None]]:
    """Name and limit of these groups, and of those that have a limit."""
    query = select(Group.id, Group.name, Group.max_running).where(
        Group.id.in_(list(groups)) | Group.max_running.is_not(None)
    )
    return {group_id: (name, most) for group_id, name, most in session.execute(query)}


def _runnable(profile: str, counts: _Counts, limits: Mapping[int, tuple[str, int | None]]) -> int:
    total = 0
    for (name, group_id), waiting in counts.waiting.items():
        if name == profile and group_id in limits:
            most = limits[group_id][1]
            free = waiting if most is None else max(0, most - counts.running.get(group_id, 0))
            total += min(waiting, free)
    return total


def _pause(row: QueuePause | None, *, actor: Actor) -> Pause | None:
    if row is None:
        return None
    by = row.paused_by if actor.is_admin else None
    return Pause(paused_at=row.paused_at, reason=row.reason, paused_by=by)


def _groups(counts: _Counts, limits: Mapping[int, tuple[str, int | None]]) -> list[GroupQueue]:
    waiting: dict[int, int] = {}
    for (_, group_id), count in counts.waiting.items():
        waiting[group_id] = waiting.get(group_id, 0) + count
    rows = [
        GroupQueue(
            group=name,
            waiting=waiting.get(group_id, 0),
            running=counts.running.get(group_id, 0),
            max_running=most,
        )
        for group_id, (name, most) in limits.items()
    ]
    return sorted(rows, key=lambda row: (-row.waiting, -row.running, row.group))
