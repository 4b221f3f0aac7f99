"""Find the webhooks that somebody may manage."""

from collections.abc import Sequence

from sqlalchemy import or_, select, true
from sqlalchemy.orm import Session
from sqlalchemy.sql.elements import ColumnElement

from sostrades_api.access import Actor
from sostrades_api.errors import ForbiddenError, NotFoundError
from sostrades_api.models import MAX_ID, Webhook, WebhookDelivery


def webhook_get(session: Session, webhook_id: int, *, actor: Actor) -> Webhook:
    """The webhook, if it is the actor's, or one of its groups'.

    Raises:
        NotFoundError: there is none, or it is somebody else's; both look the same.
    """
    query = select(Webhook).where(Webhook.id == webhook_id, _is_owner(actor))
    webhook = session.scalar(query) if 0 < webhook_id <= MAX_ID else None
    if webhook is None:
        msg = "there is no such webhook, or it is somebody else's"
        raise NotFoundError(msg)
    return webhook


def webhook_list(
    session: Session, *, actor: Actor, before: int | None = None, limit: int = 100
) -> Sequence[Webhook]:
    """The actor's webhooks and those of its groups, the latest first; an administrator's: all.

    Args:
        session: Read from.
        actor: Who asks.
        before: Only webhooks with a smaller id: the next page.
        limit: At most so many.
    """
    query = select(Webhook).where(_is_owner(actor))
    if before is not None:
        query = query.where(Webhook.id < before)
    return session.scalars(query.order_by(Webhook.id.desc()).limit(limit)).all()


def delivery_get(session: Session, webhook: Webhook, *, delivery_id: int) -> WebhookDelivery:
    """A delivery of this webhook.

    Raises:
        NotFoundError: it has none of that number.
    """
    query = select(WebhookDelivery).where(
        WebhookDelivery.id == delivery_id, WebhookDelivery.webhook_id == webhook.id
    )
    delivery = session.scalar(query) if 0 < delivery_id <= MAX_ID else None
    if delivery is None:
        msg = "this webhook has no such delivery; old ones are forgotten"
        raise NotFoundError(msg)
    return delivery


def delivery_list(
    session: Session, webhook: Webhook, *, before: int | None = None, limit: int = 100
) -> Sequence[WebhookDelivery]:
    """The deliveries of this webhook, the latest first; ``before`` and ``limit`` as in `webhook_list`."""
    query = select(WebhookDelivery).where(WebhookDelivery.webhook_id == webhook.id)
    if before is not None:
        query = query.where(WebhookDelivery.id < before)
    return session.scalars(query.order_by(WebhookDelivery.id.desc()).limit(limit)).all()


def require_writing(actor: Actor) -> None:
    """Refuse a read-only key.

    Raises:
        ForbiddenError: The actor may change nothing.
    """
    if actor.read_only:
        msg = "this key is read-only, it does not allow to change webhooks"
        raise ForbiddenError(msg)


def _is_owner(actor: Actor) -> ColumnElement[bool]:
    if actor.is_admin:
        return true()
    return or_(Webhook.user_id == (actor.user_id or 0), Webhook.group_id.in_(actor.group_ids))
