"""In which order executions that wait are taken: fair between groups, by priority within one."""

import datetime as dt
from collections.abc import Collection

from sqlalchemy import Select, bindparam, func, select, update
from sqlalchemy.orm import Session

from sostrades_api.models import (
    HELD_STATES,
    Execution,
    ExecutionState,
    Group,
    QueuePause,
    utc_now,
)

_LONG_AGO = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)

# Made once: at each claim and status, making them took longer than asking them.
_WAITING = (  # what may be taken by workers of these profiles
    Execution.state == ExecutionState.QUEUED,
    Execution.worker_profile.in_(bindparam("profiles", expanding=True)),
    Execution.worker_profile.not_in(select(QueuePause.worker_profile)),
)
_RUNNING = (
    select(func.count())
    .where(Execution.state.in_(HELD_STATES), Execution.group_id == Group.id)
    .scalar_subquery()
)
_GROUPS = select(Group.id, Group.max_running, Group.served_at, _RUNNING.label("running")).where(
    Group.id.in_(select(Execution.group_id).where(*_WAITING).distinct())
)
_TAKE_TURN = (
    update(Group)
    .where(Group.id == bindparam("group"))
    .values(served_at=bindparam("now"))
    .returning(Group.max_running)
    .execution_options(synchronize_session=False)
)
_HELD = select(func.count()).where(Execution.state.in_(HELD_STATES), Execution.group_id == bindparam("group"))
_NEXT = (
    select(Execution)
    .where(*_WAITING, Execution.group_id == bindparam("group"))
    .order_by(Execution.priority.desc(), Execution.id)
    .limit(1)
    .with_for_update(skip_locked=True)
    .execution_options(populate_existing=True)
)


def groups_in_turn(session: Session, *, profiles: Collection[str]) -> list[int]:
    """Groups with something to run, those first whose turn it is; without those that run all they may.

    What waits for a profile that is paused does not count.
    """
    if not profiles:
        return []
    rows = session.execute(_GROUPS, {"profiles": list(profiles)}).all()
    free = [row for row in rows if row.max_running is None or row.running < row.max_running]
    free.sort(key=lambda row: (row.running, row.served_at or _LONG_AGO, row.id))
    return [row.id for row in free]


def lock_turn(session: Session, group_id: int) -> bool:
    """Take the group's turn until the unit of work ends; False when it runs all it may by now."""
    row = session.execute(_TAKE_TURN, {"group": group_id, "now": utc_now()}).one_or_none()
    if row is None or row.max_running is None:
        return row is not None
    return (session.scalar(_HELD, {"group": group_id}) or 0) < row.max_running


def next_of_group(session: Session, group_id: int, *, profiles: Collection[str]) -> Execution | None:
    """What this group runs next; what another worker claims at this moment is passed over."""
    return session.scalar(_NEXT, {"group": group_id, "profiles": list(profiles)})


def queue_position(session: Session, execution: Execution) -> int:
    """The place of an execution that waits, 1 is next: as if groups took one after the other."""
    asked = {"execution": execution.id, "profile": execution.worker_profile}
    return 1 + (session.scalar(_BEFORE, asked) or 0)


def _before() -> Select[int]:
    """How many come before this execution, among those that wait for this profile."""
    mine = (
        Execution.state == ExecutionState.QUEUED,
        Execution.worker_profile == bindparam("profile"),
    )
    turn = func.row_number().over(
        partition_by=Execution.group_id, order_by=(Execution.priority.desc(), Execution.id)
    )
    turns = select(Execution.id, turn.label("turn")).where(*mine).subquery()
    own = select(turns.c.turn).where(turns.c.id == bindparam("execution")).scalar_subquery()
    before = (turns.c.turn < own) | ((turns.c.turn == own) & (turns.c.id < bindparam("execution")))
    return select(func.count()).select_from(turns).where(before)


_BEFORE = _before()
