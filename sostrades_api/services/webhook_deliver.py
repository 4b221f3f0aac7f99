"""What the courier does in the database: take what is due, note what became of it, forget what is old."""

import datetime as dt
import logging
import random
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from sostrades_api.models import User, Webhook, WebhookDelivery, utc_now
from sostrades_api.models.clock import read_database_time
from sostrades_api.services.unit_of_work import unit_of_work
from sostrades_api.services.webhook_update import (
    NOT_SENT,
    signing_salts,
    webhook_disable,
    webhook_find_locked,
)

logger = logging.getLogger(__name__)

# After each failed try: ten tries in 23 hours. Spread by a fifth: what failed at once is not sent at once.
RETRY_SECONDS = (5, 30, 120, 600, 1800, 3600, 3 * 3600, 6 * 3600, 12 * 3600)
MAX_TRIES = len(RETRY_SECONDS) + 1
HOPELESS_AFTER = dt.timedelta(days=3)  # of nothing but failures, a webhook is disabled
_SPREAD = 0.2
_LONGEST_WISH = dt.timedelta(days=1)  # of a receiver that wants to be left alone
_LOOK_AHEAD = 8  # rows looked at for each that may be taken: those of one slow receiver may stand in front
_FORGET_AT_A_TIME = 1000
GONE = 410  # HTTP: the receiver wants no more


@dataclass(frozen=True, kw_only=True)
class Parcel:
    """A message that this courier holds the lease of.

    Attributes:
        delivery_id: its row.
        webhook_id: whom it is for.
        attempt: which try this is; every later write is fenced by it.
        url: where it goes.
        salts: of the secrets it is signed with.
        message_id: the same for every try.
        payload: what it says.
    """

    delivery_id: int
    webhook_id: int
    attempt: int
    url: str
    salts: tuple[str, ...]
    message_id: str
    payload: Mapping[str, Any]


@dataclass(frozen=True)
class Answer:
    """What came of a try.

    Attributes:
        status: that the receiver answered.
        error: why the message is not accepted.
        retry_after: how long the receiver wants to be left alone.
    """

    status: int | None = None
    error: str | None = None
    retry_after: dt.timedelta | None = None

    @property
    def is_accepted(self) -> bool:
        """Whether the receiver has it."""
        return self.status is not None and 200 <= self.status < 300


@dataclass(frozen=True)
class Room:
    """How much a courier can take.

    Attributes:
        free: so many messages.
        per_webhook: at most so many of one webhook at a time: a slow receiver holds only itself up.
        busy: how many of each webhook are being sent already.
    """

    free: int
    per_webhook: int
    busy: Mapping[int, int] = field(default_factory=dict)


def webhook_claim(session: Session, *, room: Room, lease: dt.timedelta) -> list[Parcel]:
    """Take messages that are due, the longest due first; any number of couriers may do so at once.

    Until the lease ends nobody else takes them; afterwards, if their courier died, somebody does. So a
    receiver may get a message twice, and never none.
    """
    full = [webhook for webhook, count in room.busy.items() if count >= room.per_webhook]
    if not _is_due(session, besides=full):
        return []
    with unit_of_work(session):
        now = read_database_time(session)
        query = (
            select(WebhookDelivery)
            .where(WebhookDelivery.next_at <= now, WebhookDelivery.webhook_id.not_in(full))
            .order_by(WebhookDelivery.next_at, WebhookDelivery.id)
            .limit(room.free * _LOOK_AHEAD)
            .with_for_update(skip_locked=True, of=WebhookDelivery)
            .execution_options(populate_existing=True)
        )
        taken, until = [], now + lease
        busy = Counter(room.busy)
        for delivery in session.scalars(query):
            if len(taken) < room.free and busy[delivery.webhook_id] < room.per_webhook:
                busy[delivery.webhook_id] += 1
                parcel = _take(session, delivery, until=until)
                taken += [parcel] if parcel else []
    return taken


def webhook_settle(session: Session, parcel: Parcel, *, answer: Answer) -> None:
    """Note what became of a try: delivered, to be tried again later, or failed for good.

    A receiver that answers 410, or has accepted nothing for days, is told nothing more.
    """
    with unit_of_work(session):
        delivery = session.get(
            WebhookDelivery, parcel.delivery_id, with_for_update=True, populate_existing=True
        )
        if delivery is None or delivery.attempts != parcel.attempt:
            return  # deleted, or replayed meanwhile
        if delivery.next_at is None and not answer.is_accepted:
            return  # the webhook was disabled meanwhile
        _note(delivery, answer, now=read_database_time(session))
        reason = _reason_to_give_up(session, delivery)
    if reason is not None:
        _give_up(session, parcel.webhook_id, reason=reason)


def webhook_forget(session: Session, *, before: dt.datetime) -> int:
    """Remove settled deliveries written before then, in short transactions; how many."""
    forgotten, last = 0, 0
    while True:
        with unit_of_work(session):
            # By id, which grows with time: no index of its own is needed.
            rows = session.execute(
                select(WebhookDelivery.id, WebhookDelivery.created_at, WebhookDelivery.next_at)
                .where(WebhookDelivery.id > last)
                .order_by(WebhookDelivery.id)
                .limit(_FORGET_AT_A_TIME)
            ).all()
            old = [row.id for row in rows if row.created_at < before and row.next_at is None]
            if old:
                session.execute(
                    delete(WebhookDelivery)
                    .where(WebhookDelivery.id.in_(old), WebhookDelivery.next_at.is_(None))
                    .execution_options(synchronize_session=False)
                )
        forgotten += len(old)
        if not rows or rows[-1].created_at >= before:
            return forgotten
        last = rows[-1].id


def _is_due(session: Session, *, besides: Collection[int]) -> bool:
    """Whether there is anything to take: asked every second, so without SQLite's lock for writing."""
    now = read_database_time(session)  # as a value: the index is of no use to what may change in a statement
    query = select(WebhookDelivery.id).where(
        WebhookDelivery.next_at <= now, WebhookDelivery.webhook_id.not_in(besides)
    )
    found = session.scalar(query.limit(1))
    session.rollback()
    return found is not None


def _take(session: Session, delivery: WebhookDelivery, *, until: dt.datetime) -> Parcel | None:
    webhook = session.get_one(Webhook, delivery.webhook_id)
    owner = None if webhook.user_id is None else session.get_one(User, webhook.user_id)
    if not webhook.is_active or (owner is not None and not owner.is_active):
        delivery.next_at, delivery.failed_at = None, utc_now()
        delivery.last_error = "not sent: its owner was deactivated" if webhook.is_active else NOT_SENT
        return None
    delivery.attempts += 1
    delivery.next_at = until
    return Parcel(
        delivery_id=delivery.id,
        webhook_id=webhook.id,
        attempt=delivery.attempts,
        url=webhook.url,
        salts=tuple(signing_salts(webhook.secret, now=utc_now())),
        message_id=delivery.message_id,
        payload=delivery.payload,
    )


def _note(delivery: WebhookDelivery, answer: Answer, *, now: dt.datetime) -> None:
    delivery.last_status = answer.status
    delivery.last_error = answer.error
    if answer.is_accepted:
        delivery.delivered_at, delivery.next_at = now, None
    elif delivery.attempts >= MAX_TRIES or answer.status == GONE:
        delivery.failed_at, delivery.next_at = now, None
    else:
        wish = min(answer.retry_after or dt.timedelta(), _LONGEST_WISH)
        delivery.next_at = now + max(wish, back_off(delivery.attempts))


def back_off(tries: int) -> dt.timedelta:
    """How long to wait after so many failed tries."""
    spread = random.uniform(1 - _SPREAD, 1 + _SPREAD)  # noqa: S311 - no secret
    return dt.timedelta(seconds=RETRY_SECONDS[tries - 1] * spread)


def _reason_to_give_up(session: Session, delivery: WebhookDelivery) -> str | None:
    if delivery.last_status == GONE:
        return "its receiver answered 410: it is gone"
    if delivery.failed_at is None or not _is_hopeless(session, delivery.webhook_id):
        return None
    return f"nothing was delivered for {HOPELESS_AFTER.days} days: {delivery.last_error}"


def _is_hopeless(session: Session, webhook_id: int) -> bool:
    """Whether, since the last message that arrived, messages have failed for days."""
    since = utc_now() - HOPELESS_AFTER
    columns = select(WebhookDelivery.id, WebhookDelivery.created_at, WebhookDelivery.delivered_at)
    mine = columns.where(WebhookDelivery.webhook_id == webhook_id)
    arrived = session.execute(
        mine.where(WebhookDelivery.delivered_at.is_not(None)).order_by(WebhookDelivery.id.desc()).limit(1)
    ).first()
    if arrived is not None and arrived.delivered_at > since:
        return False
    failed = session.execute(
        mine.where(
            WebhookDelivery.failed_at.is_not(None), WebhookDelivery.id > (arrived.id if arrived else 0)
        )
        .order_by(WebhookDelivery.id)
        .limit(1)
    ).first()
    return failed is not None and failed.created_at <= since


def _give_up(session: Session, webhook_id: int, *, reason: str) -> None:
    with unit_of_work(session):
        webhook = webhook_find_locked(session, webhook_id)
        if webhook is not None and webhook.is_active:
            webhook_disable(session, webhook, reason=reason)
            logger.warning("webhook %d is disabled: %s", webhook_id, reason)
