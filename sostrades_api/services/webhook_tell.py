"""Write, in the transaction that changes a state, what webhooks are to be told of it."""

import datetime as dt
import secrets
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, bindparam, insert, or_, select, text
from sqlalchemy.orm import Session

from sostrades_api.access import PERMISSIONS, Permission, Role
from sostrades_api.models import (
    Execution,
    GroupMember,
    StudyCase,
    StudyCaseRight,
    User,
    Webhook,
    WebhookDelivery,
    utc_now,
)
from sostrades_api.models.clock import read_database_time
from sostrades_api.services.execution_status import shown_error
from sostrades_api.services.execution_summary import execution_summary, iso

PING = "webhook.ping"


class _Listener(NamedTuple):
    id: int
    states: Sequence[str]
    may_read: bool


def webhook_tell(session: Session, execution: Execution) -> None:
    """One delivery for each webhook that wants this state and whose owner has a role on the study case now.

    Costs one small query while nobody listens; the courier sends what is written here, after the commit.

    Args:
        session: In the unit of work that changed the state.
        execution: As it is after the change.
    """
    if session.scalar(_ANY) is None:
        return
    rows = session.execute(_LISTENERS, {"study_case_id": execution.study_case_id})
    listeners = [row for row in (_Listener(*row) for row in rows) if _wants(row, execution)]
    if not listeners:
        return
    study = session.get_one(StudyCase, execution.study_case_id)
    now = read_database_time(session)
    bodies = {may_read: _payload(execution, study, may_read=may_read) for may_read in (False, True)}
    session.execute(
        insert(WebhookDelivery),
        [
            new_delivery(
                listener.id,
                event_type=event_of(execution),
                payload=bodies[bool(listener.may_read)],
                now=now,
            )
            for listener in listeners
        ],
    )


def new_delivery(
    webhook_id: int, *, event_type: str, payload: dict[str, Any], now: dt.datetime
) -> dict[str, Any]:
    """The row of a message that is due ``now``, by the database's clock: another host may send it."""
    return {
        "webhook_id": webhook_id,
        "message_id": f"msg_{secrets.token_hex(16)}",
        "event_type": event_type,
        "payload": payload,
        "created_at": now,
        "next_at": now,
        "attempts": 0,
    }


def event_of(execution: Execution) -> str:
    """The type of the message about the state that the execution has."""
    return f"execution.{execution.state.lower()}"


def _wants(listener: _Listener, execution: Execution) -> bool:
    return not listener.states or execution.state in listener.states


def _payload(execution: Execution, study: StudyCase, *, may_read: bool) -> dict[str, Any]:
    # The courier puts the public address before what ends with _url.
    data = execution_summary(execution, study=study) | {
        "error_message": shown_error(execution, may_read=may_read),
        "execution_url": f"/api/v0/executions/{execution.id}",
        "study_url": f"/study-case/{study.id}",
    }
    return {"type": event_of(execution), "timestamp": iso(utc_now()), "data": data}


def _has_role(roles: Iterable[Role]) -> ColumnElement[bool]:
    """Whether the owner of the webhook has one of these roles by a right on the study case."""
    holder = or_(
        StudyCaseRight.user_id == Webhook.user_id,
        StudyCaseRight.group_id == Webhook.group_id,
        StudyCaseRight.group_id.in_(_groups_of_owner()),
    )
    return (
        select(StudyCaseRight.id)
        .where(StudyCaseRight.study_case_id == StudyCase.id, StudyCaseRight.role.in_([*roles]), holder)
        .correlate(Webhook, StudyCase)
        .exists()
    )


def _groups_of_owner() -> Select[int]:
    return select(GroupMember.group_id).where(GroupMember.user_id == Webhook.user_id).correlate(Webhook)


def _listeners() -> Select[int, list[str], bool]:
    """The webhooks of who may see the study case: as `role_find` has it, for all owners in one query.

    A webhook that is being deleted at this moment is passed over (on PostgreSQL): a row that refers to it
    would undo the change of state. So its row is held until the commit.
    """
    manages = or_(
        User.is_admin, StudyCase.group_id == Webhook.group_id, StudyCase.group_id.in_(_groups_of_owner())
    )
    readers = [role for role, permissions in PERMISSIONS.items() if Permission.READ in permissions]
    return (
        select(Webhook.id, Webhook.states, or_(manages, _has_role(readers)).is_(True))
        .select_from(Webhook)
        .join(StudyCase, StudyCase.id == bindparam("study_case_id"))
        .outerjoin(User, User.id == Webhook.user_id)
        .where(
            Webhook.is_active,
            or_(Webhook.study_case_id.is_(None), Webhook.study_case_id == StudyCase.id),
            or_(Webhook.user_id.is_(None), User.is_active),
            or_(manages, _has_role(Role)),
        )
        .with_for_update(read=True, key_share=True, skip_locked=True, of=Webhook)
    )


_LISTENERS = _listeners()
# Asked at every change of state: as text it costs half the processor time of one made of columns.
_ANY = text("SELECT 1 FROM webhooks WHERE is_active LIMIT 1")
