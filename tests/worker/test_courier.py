"""The courier sends what the database says, to receivers on the loopback."""

import base64
import hashlib
import hmac
import threading
import time
from contextlib import contextmanager

import pytest
from sqlalchemy import func, select, update

from sostrades_api.access import COMMAND_LINE
from sostrades_api.models import ExecutionState, Group, WebhookDelivery, utc_now
from sostrades_api.platform import platform_of
from sostrades_api.queueing import ExecutionQueue
from sostrades_api.services.execution_request import execution_request
from sostrades_api.services.webhook_create import webhook_create
from sostrades_api.services.webhook_replay import webhook_ping
from sostrades_api.services.webhook_update import webhook_rotate
from sostrades_api.worker.courier import Courier
from sostrades_api.worker.runtime import Runtime
from tests.servers.receiver import receiver
from tests.support.live import LivePlatform, wait_until


@pytest.fixture
def settings(settings):
    return settings.model_copy(
        update={"webhook_private_addresses": "127.0.0.0/8", "webhook_timeout_seconds": 5.0}
    )


@pytest.fixture
def make_webhook(session, settings, make_group):
    owner_id = make_group("hooked").id

    def make(url, **options):
        options = {"owner": session.get_one(Group, owner_id), "actor": COMMAND_LINE} | options
        return webhook_create(session, url=url, secret_key=settings.secret_key, settings=settings, **options)

    return make


@pytest.fixture
def courier(app):
    """A courier of this process, at work."""
    with at_work(app) as courier:
        yield courier


@contextmanager
def at_work(app):
    queue = ExecutionQueue.for_web(platform_of(app).settings)
    courier = Courier(Runtime(app, queue))
    courier.start()
    try:
        yield courier
    finally:
        courier.stop()
        queue.redis.close()


def signed_by(secret, message):
    """Whether one of the message's signatures is by this secret: as the specification has it."""
    headers = message.headers
    key = base64.b64decode(secret.removeprefix("whsec_"))
    text = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + message.body
    own = base64.b64encode(hmac.digest(key, text, hashlib.sha256)).decode()
    return f"v1,{own}" in headers["webhook-signature"].split()


def test_a_message_arrives_within_seconds_signed_and_once(session, make_webhook, courier):
    with receiver() as got:
        new = make_webhook(got.url)
        began = time.monotonic()
        delivery = webhook_ping(session, new.row, actor=COMMAND_LINE)
        wait_until(lambda: got.messages)
        assert time.monotonic() - began < 5  # it looks every second; the machine may be busy
        wait_until(lambda: settled(session) == 1)
    (message,) = got.messages
    assert message.json["type"] == "webhook.ping"
    assert message.headers["webhook-id"] == delivery.message_id
    assert abs(int(message.headers["webhook-timestamp"]) - time.time()) < 60
    assert signed_by(new.secret, message)
    assert not signed_by("whsec_" + base64.b64encode(bytes(32)).decode(), message)


def settled(session):
    session.rollback()
    return session.scalar(select(func.count(WebhookDelivery.id)).where(WebhookDelivery.next_at.is_(None)))


@pytest.mark.database("sqlite")
def test_after_a_rotation_both_secrets_sign(session, settings, make_webhook, courier):
    with receiver() as got:
        old = make_webhook(got.url)
        new = webhook_rotate(session, old.row, actor=COMMAND_LINE, secret_key=settings.secret_key)
        webhook_ping(session, new.row, actor=COMMAND_LINE)
        wait_until(lambda: got.messages)
    assert old.secret != new.secret
    assert signed_by(old.secret, got.messages[0])
    assert signed_by(new.secret, got.messages[0])


@pytest.mark.database("sqlite")
def test_a_slow_receiver_does_not_hold_the_others_up(session, make_webhook, courier):
    release = threading.Event()
    with receiver() as slow, receiver() as quick:
        slow.answer = lambda _message: release.wait(20) and (204, {})
        first, second = make_webhook(slow.url), make_webhook(quick.url)
        for _ in range(12):
            webhook_ping(session, first.row, actor=COMMAND_LINE)
        webhook_ping(session, second.row, actor=COMMAND_LINE)
        wait_until(lambda: quick.messages)
        assert slow.messages == []
        release.set()
        wait_until(lambda: len(slow.messages) >= 12)
        wait_until(lambda: settled(session) == 13)


@pytest.mark.database("sqlite")
def test_without_the_setting_nothing_is_sent_to_a_private_address(session, make_app, settings, make_webhook):
    strict = make_app(settings.model_copy(update={"webhook_private_addresses": ""}))
    with receiver() as got, at_work(strict):
        delivery = webhook_ping(session, make_webhook(got.url).row, actor=COMMAND_LINE)
        wait_until(lambda: error_of(session, delivery))
        assert "leads to no public host" in error_of(session, delivery)
        assert got.messages == []


def error_of(session, delivery):
    session.rollback()
    return session.scalar(select(WebhookDelivery.last_error).where(WebhookDelivery.id == delivery.id))


@pytest.mark.database("sqlite")
def test_another_secret_key_is_a_failure_that_says_so(session, make_app, settings, make_webhook):
    other = make_app(settings.model_copy(update={"secret_key": "another"}))
    with receiver() as got, at_work(other):
        delivery = webhook_ping(session, make_webhook(got.url).row, actor=COMMAND_LINE)
        wait_until(lambda: error_of(session, delivery))
        assert "SECRET_KEY" in error_of(session, delivery)
        assert got.messages == []


@pytest.mark.slow
@pytest.mark.database("sqlite")
def test_what_was_written_before_everything_died_is_sent_by_who_comes_after(
    session, make_case, actor, live_settings, make_webhook, owner, make_app
):
    settings = live_settings.model_copy(update={"public_url": "https://studies.example.org"})
    release = threading.Event()
    with receiver() as got:
        got.answer = lambda _message: (500, {}) if not release.is_set() else (204, {})
        make_webhook(got.url, owner=owner)
        queue = ExecutionQueue.for_web(settings)
        study = make_case("test_chain", x=20.5)
        execution = execution_request(session, study, actor=actor, queue=queue)  # nobody is there to send it
        queue.redis.close()
        assert settled(session) == 0
        with LivePlatform(settings, test_processes=True) as platform:
            pool = platform.start_workers()
            wait_until(lambda: "execution.finished" in got.types, seconds=30)
            pool.kill()  # with its courier; what that has not settled is tried again
        release.set()
        let_time_pass(session)
        with at_work(make_app(settings)):
            wanted = {"execution.queued", "execution.running", "execution.finished"}
            wait_until(lambda: set(arrived(session)) == wanted, seconds=60)
        finished = next(message for message in got.messages if message.json["type"] == "execution.finished")
    data = finished.json["data"]
    assert (data["state"], data["execution_id"]) == (ExecutionState.FINISHED, execution.id)
    assert data["execution_url"] == f"https://studies.example.org/api/v0/executions/{execution.id}"
    assert len({message.headers["webhook-id"] for message in got.messages}) == 3


def let_time_pass(session):
    """Until the next try of everything, and the end of every lease."""
    session.rollback()
    session.execute(
        update(WebhookDelivery).where(WebhookDelivery.next_at.is_not(None)).values(next_at=utc_now())
    )
    session.commit()


def arrived(session):
    session.rollback()
    query = select(WebhookDelivery.event_type).where(WebhookDelivery.delivered_at.is_not(None))
    return list(session.scalars(query))
