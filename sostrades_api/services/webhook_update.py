"""Change a webhook, rotate its secret, delete it."""

import datetime as dt
from collections.abc import Collection

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from sostrades_api.access import Actor
from sostrades_api.access.webhook_secrets import new_salt, secret_of
from sostrades_api.errors import NotFoundError
from sostrades_api.models import ExecutionState, Webhook, WebhookDelivery, utc_now
from sostrades_api.services.unit_of_work import unit_of_work
from sostrades_api.services.webhook_create import NewWebhook, in_order, require_url
from sostrades_api.services.webhook_get import require_writing
from sostrades_api.settings import Settings

OVERLAP = dt.timedelta(days=1)  # so long the secret before signs too
NOT_SENT = "not sent: the webhook was disabled"


def webhook_update(
    session: Session,
    webhook: Webhook,
    *,
    actor: Actor,
    settings: Settings,
    url: str | None = None,
    states: Collection[ExecutionState] | None = None,
    is_active: bool | None = None,
) -> Webhook:
    """Change what is given; what waits to be sent goes to the new address, or nowhere if it is disabled.

    Raises:
        ForbiddenError: the actor is read-only.
        InvalidValuesError: nothing may be sent to that address.
        NotFoundError: it has been deleted meanwhile.
    """
    require_writing(actor)
    if url is not None:
        require_url(url, settings=settings)
    with unit_of_work(session):
        webhook = webhook_lock(session, webhook.id)
        webhook.url = webhook.url if url is None else url
        webhook.states = webhook.states if states is None else in_order(states)
        if is_active is True:
            webhook.is_active, webhook.disabled_reason = True, None
        elif is_active is False:
            webhook_disable(session, webhook, reason=f"disabled by {actor.label}")
    return webhook


def webhook_disable(session: Session, webhook: Webhook, *, reason: str) -> None:
    """Tell it nothing more, in the caller's unit of work; what waits counts as failed and can be replayed."""
    webhook.is_active, webhook.disabled_reason = False, reason
    session.execute(
        update(WebhookDelivery)
        .where(WebhookDelivery.webhook_id == webhook.id, WebhookDelivery.next_at.is_not(None))
        .values(next_at=None, failed_at=utc_now(), last_error=NOT_SENT)
        .execution_options(synchronize_session=False)
    )


def webhook_rotate(session: Session, webhook: Webhook, *, actor: Actor, secret_key: str) -> NewWebhook:
    """Give it a new secret; for a day messages carry the signature of the one before as well.

    Raises:
        ForbiddenError: the actor is read-only.
        NotFoundError: it has been deleted meanwhile.
    """
    require_writing(actor)
    salt = new_salt(secret_key)
    with unit_of_work(session):
        webhook = webhook_lock(session, webhook.id)
        before = webhook.secret.split()[0]
        webhook.secret = f"{salt} {before} {(utc_now() + OVERLAP).isoformat()}"
    return NewWebhook(webhook, secret_of(salt, secret_key=secret_key))


def signing_salts(kept: str, *, now: dt.datetime) -> list[str]:
    """The salts that sign now: the current one and, for a while, the one before."""
    salt, *before = kept.split()
    if before and dt.datetime.fromisoformat(before[1]) > now:
        return [salt, before[0]]
    return [salt]


def webhook_delete(session: Session, webhook: Webhook, *, actor: Actor) -> None:
    """Remove it with its deliveries; one that is being sent at this moment may still arrive.

    Raises:
        ForbiddenError: the actor is read-only.
    """
    require_writing(actor)
    webhook_id = webhook.id
    with unit_of_work(session):
        session.execute(
            delete(Webhook).where(Webhook.id == webhook_id).execution_options(synchronize_session=False)
        )


def webhook_find_locked(session: Session, webhook_id: int) -> Webhook | None:
    """The webhook as committed last, its row locked until the unit of work ends."""
    return session.get(Webhook, webhook_id, with_for_update={"key_share": True}, populate_existing=True)


def webhook_lock(session: Session, webhook_id: int) -> Webhook:
    """As `webhook_find_locked`, for who answers to somebody.

    Raises:
        NotFoundError: it has been deleted meanwhile.
    """
    webhook = webhook_find_locked(session, webhook_id)
    if webhook is None:
        msg = "the webhook has been deleted meanwhile"
        raise NotFoundError(msg)
    return webhook
