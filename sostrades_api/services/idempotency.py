"""Requests that may come again: the same key answers with what was made the first time."""

import datetime as dt
import hashlib
from collections.abc import Callable

import orjson
from sqlalchemy import CursorResult, delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from sostrades_api.access import Actor
from sostrades_api.errors import ConflictError, FaultyItem, InvalidValuesError
from sostrades_api.models import Execution, IdempotentRequest, utc_now
from sostrades_api.services.unit_of_work import unit_of_work

KEPT_FOR = dt.timedelta(days=1)


def execution_once(
    session: Session, *, actor: Actor, key: str | None, asked: object, make: Callable[[], Execution]
) -> Execution:
    """What ``make`` makes, or has made for this caller and key within a day.

    Args:
        session: Free of changes.
        actor: The caller.
        key: What the caller chose for this request; None: every request is a new one.
        asked: What was asked, as JSON has it; a key cannot be used for another request.
        make: Makes an execution in a unit of work, which becomes part of one with the key.

    Raises:
        InvalidValuesError: The key has been used for another request.
        ConflictError: What was made has been deleted meanwhile.
    """
    if key is None:
        return make()
    fingerprint = hashlib.sha256(orjson.dumps(asked, option=orjson.OPT_SORT_KEYS)).hexdigest()
    try:
        with unit_of_work(session):
            known = _find(session, actor=actor, key=key)
            if known is None:
                # The row first: the same request at this very moment waits for it, and finds it.
                request = IdempotentRequest(
                    caller=actor.label, key=key, fingerprint=fingerprint, execution_id=0
                )
                session.add(request)
                session.flush()
                execution = make()
                request.execution_id = execution.id
                return execution
    except IntegrityError:  # the same request at this very moment: the other one made it
        known = _find(session, actor=actor, key=key)
        if known is None:
            raise
    return _made(session, known, fingerprint=fingerprint)


def forget_requests(session: Session) -> int:
    """Drop keys that have been kept long enough."""
    with unit_of_work(session):
        old = delete(IdempotentRequest).where(IdempotentRequest.created_at < utc_now() - KEPT_FOR)
        result = session.execute(old)
    return result.rowcount if isinstance(result, CursorResult) else 0


def _find(session: Session, *, actor: Actor, key: str) -> IdempotentRequest | None:
    query = select(IdempotentRequest).where(
        IdempotentRequest.caller == actor.label,
        IdempotentRequest.key == key,
        IdempotentRequest.created_at >= utc_now() - KEPT_FOR,
    )
    found = session.scalar(query)
    if found is None:  # an old one must not be in the way of the new one
        session.execute(
            delete(IdempotentRequest).where(
                IdempotentRequest.caller == actor.label,
                IdempotentRequest.key == key,
                IdempotentRequest.created_at < utc_now() - KEPT_FOR,
            )
        )
    return found


def _made(session: Session, known: IdempotentRequest, *, fingerprint: str) -> Execution:
    if known.fingerprint != fingerprint:
        fault = "this key was used for another request"
        raise InvalidValuesError([FaultyItem(fault, pointer="/Idempotency-Key")])
    execution = session.get(Execution, known.execution_id)
    if execution is None:
        msg = f"this request made execution {known.execution_id}, which has been deleted since"
        raise ConflictError(msg)
    return execution
