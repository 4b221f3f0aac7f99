"""Executions that somebody may see, filtered, sorted, a page at a time."""

import base64
import binascii
import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

import orjson
from sqlalchemy import ColumnElement, SQLColumnExpression, and_, func, or_, select
from sqlalchemy.orm import Session, defer

from sostrades_api.access import Actor
from sostrades_api.errors import FaultyItem, InvalidValuesError
from sostrades_api.models import MAX_ID, Execution, ExecutionState, StudyCase
from sostrades_api.services.study_case_visible import is_visible

MOST = 1000
_NEVER = dt.datetime(9999, 1, 1, tzinfo=dt.UTC)  # what has not started or ended yet comes after all that has
SORTABLE: dict[str, SQLColumnExpression[Any]] = {
    "requested_at": Execution.requested_at,
    "started_at": func.coalesce(Execution.started_at, _NEVER),
    "ended_at": func.coalesce(Execution.ended_at, _NEVER),
    "priority": Execution.priority,
    "execution_id": Execution.id,
}


@dataclass(frozen=True, kw_only=True)
class ExecutionFilter:
    """Which executions; what is None or empty filters nothing.

    Attributes:
        study_case_id: of this study case.
        states: in one of these.
        owner: requested by this user or ``group:<name>``.
        worker_profile: for these workers.
        since: requested then or later.
        until: requested before.
    """

    study_case_id: int | None = None
    states: Collection[ExecutionState] = ()
    owner: str | None = None
    worker_profile: str | None = None
    since: dt.datetime | None = None
    until: dt.datetime | None = None


@dataclass(frozen=True)
class ExecutionPage:
    """Executions with their study cases, and where the next page begins; None: there is none."""

    rows: list[tuple[Execution, StudyCase]] = field(default_factory=list)
    next_cursor: str | None = None


def execution_list(
    session: Session,
    *,
    actor: Actor,
    wanted: ExecutionFilter,
    sort: str = "-requested_at",
    limit: int = 50,
    cursor: str | None = None,
) -> ExecutionPage:
    """One page; executions that come meanwhile neither shift nor repeat those of the next.

    Args:
        session: To read with.
        actor: Who asks; sees those of study cases on which it has a role.
        wanted: Which.
        sort: One of ``SORTABLE``, with ``-`` before it the largest first; equal ones by their number.
        limit: At most so many.
        cursor: ``next_cursor`` of the page before, for the same sort.

    Raises:
        InvalidValuesError: The sort or the cursor is none.
    """
    name, descending = sort.removeprefix("-"), sort.startswith("-")
    if name not in SORTABLE:
        fault = f"{sort[:100]!r} is none of {', '.join(SORTABLE)}"
        raise InvalidValuesError([FaultyItem(fault, pointer="/sort")])
    column = SORTABLE[name]
    query = (
        select(Execution, StudyCase, column)
        .join(StudyCase, StudyCase.id == Execution.study_case_id)
        .where(StudyCase.deleted_at.is_(None), is_visible(actor), *_conditions(wanted))
        .options(defer(Execution.traceback), defer(Execution.profile), defer(Execution.disciplines))
        .order_by(*(key.desc() if descending else key.asc() for key in (column, Execution.id)))
        .limit(limit + 1)
    )
    if cursor is not None:
        query = query.where(_after(column, cursor=_decoded(cursor, sort=sort), descending=descending))
    found = session.execute(query).all()
    page = [(execution, study) for execution, study, _ in found[:limit]]
    if len(found) <= limit:
        return ExecutionPage(page)
    last, _, key = found[limit - 1]
    return ExecutionPage(page, _encoded(sort, key, last.id))


def parsed_states(text: str | None) -> list[ExecutionState]:
    """States out of a text with commas between; none of nothing.

    Raises:
        InvalidValuesError: A word is no state.
    """
    names = [part.strip() for part in text.split(",")] if text else []
    for name in names:
        if name not in set(ExecutionState):
            fault = f"{name[:100]!r} is none of {', '.join(ExecutionState)}"
            raise InvalidValuesError([FaultyItem(fault, pointer="/state")])
    return [ExecutionState(name) for name in names]


def _conditions(wanted: ExecutionFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    for column, value in (
        (Execution.study_case_id, wanted.study_case_id),
        (Execution.requested_by, wanted.owner),
        (Execution.worker_profile, wanted.worker_profile),
    ):
        if value is not None:
            conditions.append(column == value)
    if wanted.states:
        conditions.append(Execution.state.in_(wanted.states))
    if wanted.since is not None:
        conditions.append(Execution.requested_at >= wanted.since)
    if wanted.until is not None:
        conditions.append(Execution.requested_at < wanted.until)
    return conditions


def _after(
    column: SQLColumnExpression[Any], *, cursor: tuple[Any, int], descending: bool
) -> ColumnElement[bool]:
    value, number = cursor
    if descending:
        return or_(column < value, and_(column == value, Execution.id < number))
    return or_(column > value, and_(column == value, Execution.id > number))


def _encoded(sort: str, key: Any, number: int) -> str:
    text = orjson.dumps([sort, key, number])
    return base64.urlsafe_b64encode(text).decode().rstrip("=")


def _decoded(cursor: str, *, sort: str) -> tuple[Any, int]:
    fault = InvalidValuesError([FaultyItem("is no cursor of a page of this sort", pointer="/cursor")])
    try:
        of, key, number = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        value = _moment(key) if sort.endswith("_at") else _whole(key)
        if of != sort:
            raise fault
        return value, _whole(number)
    except (ValueError, TypeError, OverflowError, binascii.Error) as error:
        raise fault from error


def _moment(key: str) -> dt.datetime:
    moment = dt.datetime.fromisoformat(key)
    if moment.tzinfo is None:  # none that this server has given
        raise ValueError(key)
    return moment.astimezone(dt.UTC)


def _whole(key: Any) -> int:
    """An id or a priority; whatever else somebody has put in there, the database may not even hold."""
    if type(key) is not int or not 0 <= key <= MAX_ID:
        raise ValueError(key)
    return key
