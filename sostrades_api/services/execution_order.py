"""In which order executions that wait are taken: fair between groups, by priority within one."""

from collections.abc import Collection

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from sostrades_api.models import HELD_STATES, Execution, ExecutionState, Group, utc_now


def groups_in_turn(session: Session, *, profiles: Collection[str]) -> list[int]:
    """Groups with something to run, those first whose turn it is; without those that run all they may."""
    if not profiles:
        return []
    waiting = (
        select(Execution.group_id)
        .where(Execution.state == ExecutionState.QUEUED, Execution.worker_profile.in_(profiles))
        .distinct()
    )
    found = session.execute(
        select(Group.id, Group.max_running, Group.served_at).where(Group.id.in_(waiting))
    ).all()
    if not found:
        return []
    running = _running(session)
    free = [row for row in found if row.max_running is None or running.get(row.id, 0) < row.max_running]
    long_ago = min((row.served_at for row in free if row.served_at), default=utc_now())
    free.sort(
        key=lambda row: (running.get(row.id, 0), row.served_at is not None, row.served_at or long_ago, row.id)
    )
    return [row.id for row in free]


def lock_turn(session: Session, group_id: int) -> bool:
    """Take the group's turn until the unit of work ends; False when it runs all it may by now."""
    query = select(Group).where(Group.id == group_id).with_for_update()
    group = session.scalar(query.execution_options(populate_existing=True))
    if group is None:
        return False
    if group.max_running is not None and _running(session).get(group_id, 0) >= group.max_running:
        return False
    session.execute(
        update(Group)
        .where(Group.id == group_id)
        .values(served_at=utc_now())
        .execution_options(synchronize_session=False)
    )
    return True


def next_of_group(session: Session, group_id: int, *, profiles: Collection[str]) -> Execution | None:
    """What this group runs next; what another worker claims at this moment is passed over."""
    query = (
        select(Execution)
        .where(
            Execution.state == ExecutionState.QUEUED,
            Execution.worker_profile.in_(profiles),
            Execution.group_id == group_id,
        )
        .order_by(Execution.priority.desc(), Execution.id)
        .limit(1)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )
    return session.scalar(query)


def queue_position(session: Session, execution: Execution) -> int:
    """The place of an execution that waits, 1 is next: as if groups took one after the other."""
    mine = (
        Execution.state == ExecutionState.QUEUED,
        Execution.worker_profile == execution.worker_profile,
    )
    turn = func.row_number().over(
        partition_by=Execution.group_id, order_by=(Execution.priority.desc(), Execution.id)
    )
    turns = select(Execution.id, turn.label("turn")).where(*mine).subquery()
    own = select(turns.c.turn).where(turns.c.id == execution.id).scalar_subquery()
    before = (turns.c.turn < own) | ((turns.c.turn == own) & (turns.c.id < execution.id))
    return 1 + (session.scalar(select(func.count()).select_from(turns).where(before)) or 0)


def _running(session: Session) -> dict[int, int]:
    """How many executions of each group run now."""
    query = select(Execution.group_id, func.count()).where(Execution.state.in_(HELD_STATES))
    return {group_id: count for group_id, count in session.execute(query.group_by(Execution.group_id))}  # noqa: C416
