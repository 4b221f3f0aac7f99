"""Leases, retries and ends of deliveries, with the courier's part left to the test."""

import datetime as dt

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from sostrades_api.access import COMMAND_LINE
from sostrades_api.errors import ConflictError
from sostrades_api.models import Webhook, WebhookDelivery, utc_now
from sostrades_api.services import webhook_deliver, webhook_tell
from sostrades_api.services import webhook_replay as webhook_replay_module
from sostrades_api.services.webhook_deliver import (
    GONE,
    MAX_TRIES,
    RETRY_SECONDS,
    Answer,
    Room,
    back_off,
    webhook_claim,
    webhook_forget,
    webhook_settle,
)
from sostrades_api.services.webhook_replay import delivery_replay, webhook_ping, webhook_replay
from sostrades_api.services.webhook_tell import new_delivery
from sostrades_api.services.webhook_update import signing_salts, webhook_update

LEASE = dt.timedelta(minutes=1)
ROOM = Room(free=8, per_webhook=8)
ACCEPTED, BROKEN = Answer(204), Answer(500, "answered 500")


@pytest.fixture
def make_webhook(session, make_group):
    group = make_group()

    def make(owner=None, **columns):
        column = "user_id" if owner is not None else "group_id"
        owned = {column: (owner or group).id}
        webhook = Webhook(
            url="https://example.org/", secret="salt", created_by="t", states=[], **owned, **columns
        )
        session.add(webhook)
        session.commit()
        return webhook

    return make


@pytest.fixture
def write(session):
    """``write(webhook, count=1, **columns)``: deliveries, due unless the columns say otherwise."""

    def add(webhook, *, count=1, **columns):
        rows = [
            WebhookDelivery(
                **new_delivery(webhook.id, event_type="t", payload={"type": "t", "data": {}}, now=utc_now())
                | columns
            )
            for _ in range(count)
        ]
        session.add_all(rows)
        session.commit()
        return rows

    return add


@pytest.fixture
def claim(session):
    return lambda room=ROOM, lease=LEASE: webhook_claim(session, room=room, lease=lease)


@pytest.fixture
def make_due(session):
    def due():
        session.execute(
            update(WebhookDelivery)
            .where(WebhookDelivery.next_at.is_not(None))
            .values(next_at=utc_now())
            .execution_options(synchronize_session=False)
        )
        session.commit()

    return due


@pytest.mark.database("postgresql")  # SQLite's users are one host
def test_a_host_whose_clock_is_wrong_holds_no_message_back_and_takes_none_that_another_sends(
    session, make_webhook, claim, monkeypatch
):
    webhook = make_webhook()

    def set_clock(hours):
        for module in (webhook_tell, webhook_deliver, webhook_replay_module):
            monkeypatch.setattr(module, "utc_now", lambda: utc_now() + dt.timedelta(hours=hours))

    set_clock(1)
    delivery = webhook_ping(session, webhook, actor=COMMAND_LINE)
    set_clock(0)
    (parcel,) = claim()
    assert parcel.delivery_id == delivery.id
    set_clock(1)
    assert claim() == []
    webhook_settle(session, parcel, answer=BROKEN)
    delivery_replay(session, webhook, delivery, actor=COMMAND_LINE)
    set_clock(-1)
    assert [parcel.delivery_id for parcel in claim()] == [delivery.id]


def test_a_message_is_held_by_one_courier_until_its_lease_ends(session, make_webhook, write, claim, make_due):
    (delivery,) = write(make_webhook())
    (parcel,) = claim()
    assert (parcel.delivery_id, parcel.attempt, parcel.message_id) == (delivery.id, 1, delivery.message_id)
    assert claim() == []
    make_due()  # the courier was killed; its lease has ended
    (again,) = claim()
    assert (again.message_id, again.attempt) == (parcel.message_id, 2)
    webhook_settle(session, parcel, answer=BROKEN)  # the first one was only slow: it has no say any more
    session.refresh(delivery)
    assert (delivery.last_status, delivery.attempts) == (None, 2)
    webhook_settle(session, again, answer=ACCEPTED)
    session.refresh(delivery)
    assert delivery.delivered_at is not None
    assert delivery.next_at is None
    make_due()
    assert claim() == []


@pytest.mark.database("postgresql")
def test_couriers_of_several_hosts_do_not_wait_for_each_other(session, make_webhook, write, claim):
    write(make_webhook(), count=3)
    with Session(session.get_bind()) as other:
        other.scalars(select(WebhookDelivery).order_by(WebhookDelivery.id).limit(1).with_for_update()).all()
        assert len(claim()) == 2
        other.rollback()
    assert len(claim()) == 1


def test_one_webhook_with_thousands_of_messages_leaves_room_for_others(session, make_webhook, write, claim):
    flood, other = make_webhook(), make_webhook()
    write(flood, count=2000)
    write(other)
    room = Room(free=4, per_webhook=2)
    taken = [parcel.webhook_id for parcel in claim(room)]
    assert taken == [flood.id, flood.id]
    busy = Room(free=2, per_webhook=2, busy={flood.id: 2})
    assert [parcel.webhook_id for parcel in claim(busy)] == [other.id]
    assert claim(busy) == []


def test_tries_become_rarer_and_end_within_a_day():
    assert MAX_TRIES == 10
    assert dt.timedelta(hours=20) < dt.timedelta(seconds=sum(RETRY_SECONDS)) < dt.timedelta(days=1)
    for tries, seconds in enumerate(RETRY_SECONDS, start=1):
        waits = {back_off(tries).total_seconds() for _ in range(20)}
        assert all(0.8 * seconds <= wait <= 1.2 * seconds for wait in waits)
        assert len(waits) > 1


@pytest.mark.parametrize(
    ("wish", "shortest", "longest"),
    [
        (dt.timedelta(minutes=10), dt.timedelta(minutes=10), dt.timedelta(minutes=11)),
        (dt.timedelta(days=365), dt.timedelta(days=1), dt.timedelta(days=1, minutes=1)),
        (dt.timedelta(seconds=-60), dt.timedelta(seconds=4), dt.timedelta(minutes=1)),
    ],
    ids=["longer than ours", "for ever", "in the past"],
)
def test_a_receiver_that_wants_to_be_left_alone_is_within_reason(
    session, make_webhook, write, claim, wish, shortest, longest
):
    (delivery,) = write(make_webhook())
    (parcel,) = claim()
    webhook_settle(session, parcel, answer=Answer(429, "answered 429", retry_after=wish))
    session.refresh(delivery)
    assert shortest - dt.timedelta(seconds=1) < delivery.next_at - utc_now() <= longest


def test_what_fails_is_tried_again_and_then_given_up(session, make_webhook, write, claim, make_due):
    (delivery,) = write(make_webhook())
    for attempt in range(1, MAX_TRIES + 1):
        make_due()
        (parcel,) = claim()
        assert parcel.attempt == attempt
        webhook_settle(session, parcel, answer=BROKEN)
        session.refresh(delivery)
        assert (delivery.last_status, delivery.last_error) == (500, "answered 500")
        assert (delivery.failed_at is None) == (attempt < MAX_TRIES)
        assert (delivery.next_at is None) == (attempt == MAX_TRIES)
    make_due()
    assert claim() == []
    assert session.get_one(Webhook, delivery.webhook_id).is_active  # of one message nothing follows


def test_a_receiver_that_is_gone_is_told_nothing_more(session, make_webhook, write, claim):
    webhook = make_webhook()
    first, *others = write(webhook, count=3)
    parcel = claim(Room(free=1, per_webhook=1))[0]
    webhook_settle(session, parcel, answer=Answer(GONE, "answered 410"))
    session.expire_all()
    assert (webhook.is_active, webhook.disabled_reason) == (False, "its receiver answered 410: it is gone")
    assert first.last_status == GONE
    assert all(delivery.failed_at is not None for delivery in (first, *others))
    assert {delivery.last_error for delivery in others} == {"not sent: the webhook was disabled"}
    assert claim() == []


def ago(**span):
    return utc_now() - dt.timedelta(**span)


FAILED = {"failed_at": ago(hours=1), "next_at": None}


@pytest.mark.parametrize(
    ("earlier", "disabled"),
    [
        ([{**FAILED, "created_at": ago(days=4)}], True),
        ([{**FAILED, "created_at": ago(days=2)}], False),
        # One has arrived meanwhile.
        (
            [
                {**FAILED, "created_at": ago(days=4)},
                {"created_at": ago(days=1), "delivered_at": ago(days=1), "next_at": None},
            ],
            False,
        ),
        # Nothing was sent for a month: that is no failure.
        ([{"created_at": ago(days=29), "delivered_at": ago(days=29), "next_at": None}], False),
    ],
)
def test_days_of_nothing_but_failures_disable_a_webhook(
    session, make_webhook, write, claim, earlier, disabled
):
    webhook = make_webhook()
    for columns in earlier:
        write(webhook, **columns)
    write(webhook, attempts=MAX_TRIES - 1)
    (parcel,) = claim()
    webhook_settle(session, parcel, answer=BROKEN)
    session.refresh(webhook)
    assert webhook.is_active is not disabled
    if disabled:
        assert webhook.disabled_reason == "nothing was delivered for 3 days: answered 500"


def test_an_owner_who_was_deactivated_is_sent_nothing(session, make_user, make_webhook, write, claim):
    user = make_user()
    (delivery,) = write(make_webhook(user))
    user.is_active = False
    session.commit()
    assert claim() == []
    session.refresh(delivery)
    assert delivery.last_error == "not sent: its owner was deactivated"
    assert delivery.failed_at is not None


def test_a_message_written_while_its_webhook_was_disabled_is_not_sent(session, make_webhook, write, claim):
    (delivery,) = write(make_webhook(is_active=False))
    assert claim() == []
    session.refresh(delivery)
    assert (delivery.attempts, delivery.last_error) == (0, "not sent: the webhook was disabled")


def test_a_webhook_deleted_or_disabled_while_its_message_is_sent_settles_nothing(
    session, accounts, settings, make_user, make_webhook, write, claim
):
    webhook = make_webhook()
    (delivery,) = write(webhook)
    (parcel,) = claim()
    actor = accounts.actor(make_user(is_admin=True))
    webhook_update(session, webhook, actor=actor, settings=settings, is_active=False)
    webhook_settle(session, parcel, answer=BROKEN)
    session.refresh(delivery)
    assert (delivery.next_at, delivery.last_error) == (None, "not sent: the webhook was disabled")
    webhook_settle(session, parcel, answer=ACCEPTED)  # it did arrive
    session.refresh(delivery)
    assert delivery.delivered_at is not None
    session.delete(webhook)
    session.commit()
    webhook_settle(session, parcel, answer=ACCEPTED)
    assert session.scalar(select(func.count(WebhookDelivery.id))) == 0


def test_a_replay_sends_the_same_message_with_all_its_tries(
    session, accounts, make_user, make_webhook, write, claim
):
    actor = accounts.actor(make_user(is_admin=True))
    webhook = make_webhook()
    old = {"failed_at": ago(days=2), "next_at": None, "attempts": MAX_TRIES}
    (long_ago,) = write(webhook, **old, created_at=ago(days=3))
    (failed,) = write(webhook, **old, created_at=ago(days=1))
    (arrived,) = write(webhook, delivered_at=ago(hours=1), next_at=None, attempts=1)
    assert webhook_replay(session, webhook, since=ago(days=2), actor=actor) == 1
    (parcel,) = claim()
    assert (parcel.message_id, parcel.attempt) == (failed.message_id, 1)
    webhook_settle(session, parcel, answer=ACCEPTED)
    assert webhook_replay(session, webhook, since=ago(days=2), delivered=True, actor=actor) == 2
    assert {parcel.message_id for parcel in claim()} == {failed.message_id, arrived.message_id}
    delivery_replay(session, webhook, long_ago, actor=actor)
    assert [parcel.message_id for parcel in claim()] == [long_ago.message_id]


def test_nothing_is_replayed_to_a_disabled_webhook(session, accounts, make_user, make_webhook, write):
    webhook = make_webhook(is_active=False, disabled_reason="enough")
    (delivery,) = write(webhook, failed_at=utc_now(), next_at=None)
    actor = accounts.actor(make_user(is_admin=True))
    with pytest.raises(ConflictError, match="enough"):
        delivery_replay(session, webhook, delivery, actor=actor)
    with pytest.raises(ConflictError, match="enough"):
        webhook_replay(session, webhook, since=ago(days=1), actor=actor)


def test_old_deliveries_are_forgotten_and_those_that_wait_are_not(session, make_webhook, write, monkeypatch):
    monkeypatch.setattr("sostrades_api.services.webhook_deliver._FORGET_AT_A_TIME", 4)
    webhook = make_webhook()
    write(webhook, count=9, created_at=ago(days=31), delivered_at=ago(days=31), next_at=None)
    (waiting,) = write(webhook, created_at=ago(days=31))
    (young,) = write(webhook, delivered_at=utc_now(), next_at=None)
    assert webhook_forget(session, before=ago(days=30)) == 9
    assert list(session.scalars(select(WebhookDelivery.id))) == [waiting.id, young.id]
    assert webhook_forget(session, before=ago(days=30)) == 0


def test_two_secrets_sign_for_a_day_after_a_rotation():
    now = utc_now()
    kept = f"new.1 old.2 {(now + dt.timedelta(hours=1)).isoformat()}"
    assert signing_salts(kept, now=now) == ["new.1", "old.2"]
    assert signing_salts(kept, now=now + dt.timedelta(hours=2)) == ["new.1"]
    assert signing_salts("only.3", now=now) == ["only.3"]
