"""Send a message again, or one to try a webhook."""

import datetime as dt

from sqlalchemy import ColumnElement, CursorResult, update
from sqlalchemy.orm import Session

from sostrades_api.access import Actor
from sostrades_api.errors import ConflictError
from sostrades_api.models import Webhook, WebhookDelivery, utc_now
from sostrades_api.models.clock import read_database_time
from sostrades_api.services.execution_summary import iso
from sostrades_api.services.unit_of_work import unit_of_work
from sostrades_api.services.webhook_get import require_writing
from sostrades_api.services.webhook_tell import PING, new_delivery
from sostrades_api.services.webhook_update import webhook_lock

_IS_FAILED = WebhookDelivery.failed_at.is_not(None)
_IS_SETTLED = WebhookDelivery.next_at.is_(None)


def webhook_ping(session: Session, webhook: Webhook, *, actor: Actor) -> WebhookDelivery:
    """Write a message that says nothing but that it is a test.

    Raises:
        ForbiddenError: the actor is read-only.
        ConflictError: the webhook is disabled.
    """
    require_writing(actor)
    payload = {"type": PING, "timestamp": iso(utc_now()), "data": {"webhook_id": webhook.id}}
    with unit_of_work(session):
        _lock_active(session, webhook)
        now = read_database_time(session)
        delivery = WebhookDelivery(**new_delivery(webhook.id, event_type=PING, payload=payload, now=now))
        session.add(delivery)
    return delivery


def delivery_replay(
    session: Session, webhook: Webhook, delivery: WebhookDelivery, *, actor: Actor
) -> WebhookDelivery:
    """Send this message now, under the same message id, with all its tries before it.

    Of one that waits for its next try, the wait is over.

    Raises:
        ForbiddenError: the actor is read-only.
        ConflictError: the webhook is disabled.
    """
    require_writing(actor)
    with unit_of_work(session):
        _lock_active(session, webhook)
        _replay(session, WebhookDelivery.id == delivery.id)
        session.refresh(delivery)
    return delivery


def webhook_replay(
    session: Session,
    webhook: Webhook,
    *,
    since: dt.datetime,
    delivered: bool = False,
    actor: Actor,
) -> int:
    """Send the messages written since then that failed again; with ``delivered`` the others too.

    Returns:
        How many are sent again; those that still wait for a try are not touched.

    Raises:
        ForbiddenError: the actor is read-only.
        ConflictError: the webhook is disabled.
    """
    require_writing(actor)
    which = [WebhookDelivery.webhook_id == webhook.id, WebhookDelivery.created_at >= since]
    with unit_of_work(session):
        _lock_active(session, webhook)
        return _replay(session, *which, _IS_SETTLED if delivered else _IS_FAILED)


def _replay(session: Session, *which: ColumnElement[bool]) -> int:
    result = session.execute(
        update(WebhookDelivery)
        .where(*which)
        .values(next_at=read_database_time(session), attempts=0, delivered_at=None, failed_at=None)
        .execution_options(synchronize_session=False)
    )
    return result.rowcount if isinstance(result, CursorResult) else 0


def _lock_active(session: Session, webhook: Webhook) -> None:
    """Nobody disables it, or replays the same deliveries, until the unit of work ends."""
    webhook = webhook_lock(session, webhook.id)
    if not webhook.is_active:
        msg = f"The webhook is disabled ({webhook.disabled_reason}); enable it first"
        raise ConflictError(msg)
