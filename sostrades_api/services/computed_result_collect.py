"""Forget computed results: those not used for long, those that are too many, those whose values are gone."""

import datetime as dt
from collections.abc import Iterator, Sequence

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from sostrades_api.models import ComputedOutput, ComputedResult, StoredValue, utc_now
from sostrades_api.services.among import among
from sostrades_api.services.computed_result_lock import lock_results
from sostrades_api.services.unit_of_work import unit_of_work
from sostrades_api.settings import Settings

_AT_A_TIME = 500  # a transaction


def computed_result_find_unwanted(session: Session, *, settings: Settings) -> list[str]:
    """The addresses of results that were not used for long, or are more than there may be."""
    unwanted = list(_unused(session, settings.result_cache_days))
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


def computed_result_mark_used(session: Session, addresses: Sequence[str]) -> None:
    """Remember that these results were used now."""
    with unit_of_work(session):
        lock_results(session, addresses)
        used = update(ComputedResult).where(among(session, ComputedResult.address, sorted(addresses)))
        session.execute(used.values(last_used_at=utc_now()), execution_options={"synchronize_session": False})


def _unused(session: Session, days: float) -> Iterator[str]:
    if days:
        before = utc_now() - dt.timedelta(days=days)
        yield from session.scalars(select(ComputedResult.address).where(ComputedResult.last_used_at < before))


def _by_last_use(session: Session) -> Iterator[tuple[str, int]]:
    """Addresses and bytes, those used last first; a value that several have counts with each."""
    query = (
        select(ComputedResult.address, func.sum(StoredValue.size))
        .join(ComputedOutput, ComputedOutput.address == ComputedResult.address)
        .join(StoredValue, StoredValue.digest == ComputedOutput.digest)
        .group_by(ComputedResult.address, ComputedResult.last_used_at)
        .order_by(ComputedResult.last_used_at.desc(), ComputedResult.address)
    )
    for address, size in session.execute(query):
        yield address, int(size)
