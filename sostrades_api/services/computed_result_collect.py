"""Forget computed results: not used for long, too many, without values, or of executions that have ended."""

import datetime as dt
from collections.abc import Iterator, Sequence

from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.orm import Session

from sostrades_api.models import (
    ACTIVE_STATES,
    ComputedOutput,
    ComputedResult,
    Execution,
    StoredValue,
    utc_now,
)
from sostrades_api.models.computed_result import PRIVATE
from sostrades_api.services.among import among
from sostrades_api.services.computed_result_lock import lock_results
from sostrades_api.services.unit_of_work import unit_of_work
from sostrades_api.settings import Settings

_AT_A_TIME = 500  # a transaction


def computed_result_find_unwanted(session: Session, *, settings: Settings) -> list[str]:
    """The addresses of results that were not used for long, or are more than there may be.

    What executions keep for themselves stays as long as they are active, and no longer.
    """
    unwanted = [*_unused(session, settings.result_cache_days), *_left_behind(session)]
    if settings.result_cache_bytes:
        taken = 0
        for address, size in _by_last_use(session):
            taken += size
            if taken > settings.result_cache_bytes:
                unwanted.append(address)
    return unwanted


def computed_result_blobs(session: Session) -> dict[str, list[str]]:
    """The digests of the values of each result, by address, that lie in the blob store."""
    query = (
        select(ComputedOutput.address, ComputedOutput.digest)
        .join(StoredValue, StoredValue.digest == ComputedOutput.digest)
        .where(StoredValue.payload.is_(None))
    )
    blobs: dict[str, list[str]] = {}
    for address, digest in session.execute(query):
        blobs.setdefault(address, []).append(digest)
    return blobs


def computed_result_forget(session: Session, addresses: Sequence[str]) -> int:
    """Delete results, in short transactions; their values stay until nobody names them. Says how many."""
    forgotten = 0
    for at in range(0, len(addresses), _AT_A_TIME):
        some = addresses[at : at + _AT_A_TIME]
        with unit_of_work(session):
            lock_results(session, some)
            deleted = delete(ComputedResult).where(among(session, ComputedResult.address, some))
            forgotten += len(session.scalars(deleted.returning(ComputedResult.address)).all())
    return forgotten


def private_address(execution_id: int, *, key: str) -> str:
    """The address of what an execution keeps for itself under this key."""
    return f"{PRIVATE}{execution_id}:{key}"


def private_addresses(session: Session, execution_id: int) -> list[str]:
    """The addresses of all that an execution keeps for itself."""
    own = ComputedResult.address.startswith(f"{PRIVATE}{execution_id}:", autoescape=True)
    return list(session.scalars(select(ComputedResult.address).where(own)))


def computed_result_mark_used(session: Session, addresses: Sequence[str]) -> None:
    """Remember that these results were used now."""
    with unit_of_work(session):
        lock_results(session, addresses)
        used = update(ComputedResult).where(among(session, ComputedResult.address, sorted(addresses)))
        session.execute(used.values(last_used_at=utc_now()), execution_options={"synchronize_session": False})


def _unused(session: Session, days: float) -> Iterator[str]:
    if days:
        before = utc_now() - dt.timedelta(days=days)
        unused = select(ComputedResult.address).where(~_is_private(), ComputedResult.last_used_at < before)
        yield from session.scalars(unused)


def _left_behind(session: Session) -> Iterator[str]:
    """What executions kept for themselves that have ended, or been deleted."""
    private = session.scalars(select(ComputedResult.address).where(_is_private())).all()
    numbers = {address: _execution_of(address) for address in private}
    query = select(Execution.id).where(Execution.state.in_(ACTIVE_STATES))
    active = set(session.scalars(query)) if numbers else set[int]()
    yield from (address for address, number in numbers.items() if number not in active)


def _is_private() -> ColumnElement[bool]:
    return ComputedResult.address.startswith(PRIVATE, autoescape=True)


def _execution_of(address: str) -> int:
    return int(address.removeprefix(PRIVATE).partition(":")[0])


def _by_last_use(session: Session) -> Iterator[tuple[str, int]]:
    """Addresses and bytes, those used last first; a value that several have counts with each."""
    query = (
        select(ComputedResult.address, func.sum(StoredValue.size))
        .join(ComputedOutput, ComputedOutput.address == ComputedResult.address)
        .join(StoredValue, StoredValue.digest == ComputedOutput.digest)
        .where(~_is_private())
        .group_by(ComputedResult.address, ComputedResult.last_used_at)
        .order_by(ComputedResult.last_used_at.desc(), ComputedResult.address)
    )
    for address, size in session.execute(query):
        yield address, int(size)
