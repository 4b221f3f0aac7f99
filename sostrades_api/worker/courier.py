"""A thread of the sweeper that sends what webhooks are to be told; one on every host with workers.

It looks into the database once a second: a message arrives within a second or two of the change it tells of,
whoever made the change and whether or not Redis answers.
"""

import datetime as dt
import logging
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import orjson
from sqlalchemy.exc import SQLAlchemyError

from sostrades_api.access.webhook_secrets import SecretKeyChangedError, secret_of, signature
from sostrades_api.access.webhook_targets import TargetPolicy
from sostrades_api.models import utc_now
from sostrades_api.services.webhook_deliver import (
    Answer,
    Parcel,
    Room,
    webhook_claim,
    webhook_forget,
    webhook_settle,
)
from sostrades_api.settings import Settings
from sostrades_api.worker.runtime import Runtime
from sostrades_api.worker.webhook_request import post

logger = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
THREADS = 8
PER_WEBHOOK = 2  # of eight: one slow receiver leaves room for others
_LEASE_MARGIN = 60.0  # seconds beside the receiver's: for its name servers, and the database
_FORGET_SECONDS = 60 * 60.0


class Courier:
    """Sends due messages, several at a time."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._settings = runtime.platform.settings
        self._secret_key = runtime.app.config["SECRET_KEY"]
        self._senders = ThreadPoolExecutor(THREADS, thread_name_prefix="courier")
        self._busy: Counter[int] = Counter()
        self._lock = threading.Lock()
        self._looking = threading.Event()  # set: there may be something to do
        self._ended = False
        self._forget_at = time.monotonic()

    def start(self) -> None:
        """Work in a thread of its own until `stop`."""
        threading.Thread(target=self._work, name="courier", daemon=True).start()

    def stop(self) -> None:
        """Take nothing more; what is being sent is finished first."""
        self._ended = True
        self._looking.set()
        self._senders.shutdown()

    def look(self) -> int:
        """Take what is due and has room, and have it sent; how many messages."""
        with self._lock:
            room = Room(free=THREADS - self._busy.total(), per_webhook=PER_WEBHOOK, busy=dict(+self._busy))
        if room.free <= 0:
            return 0
        lease = dt.timedelta(seconds=self._settings.webhook_timeout_seconds + _LEASE_MARGIN)
        with self._runtime.session() as session:
            parcels = webhook_claim(session, room=room, lease=lease)
        for parcel in parcels:
            with self._lock:
                self._busy[parcel.webhook_id] += 1
            self._senders.submit(self._carry, parcel)
        return len(parcels)

    def forget(self) -> None:
        """Remove old deliveries, once an hour."""
        if time.monotonic() < self._forget_at:
            return
        self._forget_at = time.monotonic() + _FORGET_SECONDS
        before = utc_now() - dt.timedelta(days=self._settings.webhook_retention_days)
        with self._runtime.session() as session:
            forgotten = webhook_forget(session, before=before)
        if forgotten:
            logger.info("deliveries of webhooks forgotten: %d", forgotten)

    def _work(self) -> None:
        while not self._ended:
            self._looking.clear()
            try:
                while self.look():
                    pass
                self.forget()
            except SQLAlchemyError as error:
                logger.warning("webhooks wait, the database does not answer: %s", error)
            except Exception:
                logger.exception("the courier failed")
            self._looking.wait(LOOK_SECONDS)

    def _carry(self, parcel: Parcel) -> None:
        try:
            answer = deliver(parcel, settings=self._settings, secret_key=self._secret_key)
            with self._runtime.session() as session:
                webhook_settle(session, parcel, answer=answer)
        except Exception:  # it is sent again when its lease ends
            logger.exception("delivery %d of webhook %d", parcel.delivery_id, parcel.webhook_id)
        finally:
            with self._lock:
                self._busy[parcel.webhook_id] -= 1
            self._looking.set()


def deliver(parcel: Parcel, *, settings: Settings, secret_key: str) -> Answer:
    """Sign a message as of now and post it."""
    body = orjson.dumps(_addressed(parcel.payload, public_url=settings.public_url))
    timestamp = int(time.time())
    try:
        signatures = [
            signature(
                secret_of(salt, secret_key=secret_key),
                message_id=parcel.message_id,
                timestamp=timestamp,
                body=body,
            )
            for salt in parcel.salts
        ]
    except SecretKeyChangedError as error:
        return Answer(error=str(error))
    headers = {
        "webhook-id": parcel.message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signatures),
    }
    return post(
        parcel.url,
        body=body,
        headers=headers,
        policy=TargetPolicy(settings.webhook_networks),
        seconds=settings.webhook_timeout_seconds,
    )


def _addressed(payload: Any, *, public_url: str) -> Any:
    """The message with whole addresses, where ``PUBLIC_URL`` is configured."""
    if not public_url:
        return payload
    data = {
        key: f"{public_url.rstrip('/')}{value}" if key.endswith("_url") else value
        for key, value in payload["data"].items()
    }
    return {**payload, "data": data}
