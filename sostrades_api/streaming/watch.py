"""The thread that looks at the database: states that no event told, and rights that are no more."""

import logging
import threading
import time
from typing import TYPE_CHECKING

from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from sostrades_api.errors import NotFoundError
from sostrades_api.services.execution_follow import execution_follow, execution_states
from sostrades_api.streaming.gunicorn_worker import is_leaving

if TYPE_CHECKING:
    from sostrades_api.streaming.hub import Hub
    from sostrades_api.streaming.listener import Listener

logger = logging.getLogger(__name__)

RIGHTS_SECONDS = 30.0  # a right that was taken away ends a stream after so long
_TICK_SECONDS = 0.5
_WITHOUT_REDIS_SECONDS = 1.0  # between two looks at the states
_CALM_SECONDS = 10.0
_MOST_RIGHTS = 200  # looked at in a row


class Watch:
    """Looks now and then, only at executions that somebody listens to."""

    def __init__(self, hub: "Hub") -> None:
        self._hub = hub
        self._ended, self._wake_up = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._work, name="events-watch", daemon=True)
        self._looked_at = 0.0
        self._suspects: set[int] = set()  # executions that had moved and no event told it yet

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End, and wait for it."""
        self._ended.set()
        self._wake_up.set()
        self._thread.join(5)

    def leave(self) -> None:
        """The process was told to end: see to it at once."""
        self._wake_up.set()

    def _work(self) -> None:
        while not self._ended.is_set():
            self._wake_up.wait(_TICK_SECONDS)
            self._wake_up.clear()
            try:
                self._look(time.monotonic())
            except SQLAlchemyError as error:
                logger.warning("who may listen, and to what, cannot be looked up: %s", error)
            except RedisError:
                self._hub.source.doubt()
            except Exception:
                logger.exception("listeners are not looked after")

    def _look(self, now: float) -> None:
        if is_leaving():
            for listener in self._hub.all_listeners():
                listener.close()
            return
        if now - self._looked_at >= self._pause:
            self._looked_at = now
            self._look_at_states()
        self._look_at_rights(now)

    # --- states -----------------------------------------------------------------------------------------

    @property
    def _pause(self) -> float:
        is_calm = self._hub.source.is_connected and not self._suspects
        return _CALM_SECONDS if is_calm else _WITHOUT_REDIS_SECONDS

    def _look_at_states(self) -> None:
        groups = {group.execution_id: group for group in self._hub.all_followers()}
        if not groups:
            self._suspects.clear()
            return
        with Session(self._hub.engine) as session:
            states = execution_states(session, groups)
        moved = {number for number, group in groups.items() if states.get(number) != group.told}
        # With Redis the event may be on its way: only what nobody told until the next look is told here.
        overdue = moved & self._suspects if self._hub.source.is_connected else moved
        self._suspects = moved - overdue
        for number in overdue:
            self._hub.source.begin_anew(groups[number])

    # --- rights -----------------------------------------------------------------------------------------

    def _look_at_rights(self, now: float) -> None:
        due = [each for each in self._hub.all_listeners() if now - each.checked_at >= RIGHTS_SECONDS]
        if not due:
            return
        known: dict[tuple[str, int], bool | None] = {}
        with Session(self._hub.engine) as session:
            for listener in due[:_MOST_RIGHTS]:
                key = (listener.caller.name, listener.execution_id)
                if key not in known:
                    known[key] = _may_read(session, listener)
                _apply(listener, may_read=known[key])
                listener.checked_at = now


def _may_read(session: Session, listener: "Listener") -> bool | None:
    """Whether it may read values now; None when it may not even listen."""
    actor = listener.caller.renew(session)
    if actor is None:
        return None
    try:
        return execution_follow(session, listener.execution_id, actor=actor).may_read
    except NotFoundError:
        return None


def _apply(listener: "Listener", *, may_read: bool | None) -> None:
    if may_read is None:
        listener.close()
    else:
        listener.may_read = may_read
