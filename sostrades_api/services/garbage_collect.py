"""Remove what nobody needs: expired executions, study cases deleted long ago, unused results, then values."""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from sostrades_api.models import utc_now
from sostrades_api.services.computed_result_collect import (
    computed_result_blobs,
    computed_result_find_unwanted,
    computed_result_forget,
)
from sostrades_api.services.execution_delete import execution_delete_expired, execution_find_expired
from sostrades_api.services.idempotency import forget_requests
from sostrades_api.services.study_case_purge import find_purgeable, study_case_purge
from sostrades_api.services.unit_of_work import unit_of_work
from sostrades_api.settings import Settings
from sostrades_api.storage import ValueStore
from sostrades_api.storage.garbage import (
    delete_orphans,
    delete_unused_values,
    find_orphans,
    find_unused_values,
)

UNUSED_FOR = dt.timedelta(days=1)
_TO_COME = dt.timedelta(days=1)  # hosts whose clocks differ
_VALUES_AT_A_TIME, _BLOBS_AT_A_TIME = 500, 50  # a transaction; object stores are slow


@dataclass(frozen=True, kw_only=True)
class Collected:
    """What was removed, or would be; blobs are files (or objects) that no value names."""

    study_cases: tuple[int, ...] = ()
    executions: tuple[int, ...] = ()  # past the time that they were to be kept
    results: int = 0  # computed results that were kept for re-use
    values: int = 0
    blobs: int = 0


def garbage_collect(
    session: Session, *, values: ValueStore, settings: Settings, older_than: dt.timedelta = UNUSED_FOR
) -> Collected:
    """Collect once, in short transactions; several may do so at once.

    Args:
        session: Free of changes.
        values: The value store.
        settings: Says how long deleted study cases are kept.
        older_than: Only values and blobs written longer ago than this.
    """
    forget_requests(session)
    deleted_before = _deleted_before(settings)
    purged = _purge(session, deleted_before=deleted_before) if deleted_before else ()
    expired = execution_delete_expired(session)
    results = computed_result_forget(session, _find_unwanted(session, values=values, settings=settings))
    before = utc_now() - older_than
    unused = find_unused_values(session, before=before)
    session.rollback()  # end the read: listing blobs may take its time
    orphans = find_orphans(session, digests=list(values.blobs.older_than(before)))
    dropped, blobs = 0, 0
    for digests in _batches(unused, size=_VALUES_AT_A_TIME):
        with unit_of_work(session):
            dropped += len(delete_unused_values(session, digests=digests))
    for digests in _batches(orphans, size=_BLOBS_AT_A_TIME):
        with unit_of_work(session):
            blobs += delete_orphans(session, values, digests=digests)
    # Younger ones may be being written, whatever age of values was asked for.
    blobs += values.blobs.delete_unfinished(before=utc_now() - max(older_than, UNUSED_FOR))
    return Collected(study_cases=purged, executions=expired, results=results, values=dropped, blobs=blobs)


def garbage_find(
    session: Session, *, values: ValueStore, settings: Settings, older_than: dt.timedelta = UNUSED_FOR
) -> Collected:
    """What a collection would remove now, beside the values that only what is deleted now uses."""
    deleted_before, before = _deleted_before(settings), utc_now() - older_than
    found = find_purgeable(session, deleted_before=deleted_before) if deleted_before else []
    expired = tuple(execution_find_expired(session))
    unused = find_unused_values(session, before=before)
    orphans = find_orphans(session, digests=list(values.blobs.older_than(before)))
    results = _find_unwanted(session, values=values, settings=settings)
    return Collected(
        study_cases=tuple(found),
        executions=expired,
        results=len(results),
        values=len(unused),
        blobs=len(orphans),
    )


def _find_unwanted(session: Session, *, values: ValueStore, settings: Settings) -> list[str]:
    """The addresses of computed results to forget; none is named twice."""
    unwanted = computed_result_find_unwanted(session, settings=settings)
    blobs = computed_result_blobs(session)
    session.rollback()  # end the read: looking for blobs may take its time
    if blobs:
        there = set(values.blobs.older_than(utc_now() + _TO_COME))
        unwanted += [address for address, digests in blobs.items() if not there.issuperset(digests)]
    return list(dict.fromkeys(unwanted))


def _deleted_before(settings: Settings) -> dt.datetime | None:
    days = settings.deleted_retention_days
    return utc_now() - dt.timedelta(days=days) if days else None


def _purge(session: Session, *, deleted_before: dt.datetime) -> tuple[int, ...]:
    found = find_purgeable(session, deleted_before=deleted_before)
    return tuple(
        number for number in found if study_case_purge(session, number, deleted_before=deleted_before)
    )


def _batches(digests: Sequence[str], *, size: int) -> Iterator[Sequence[str]]:
    return (digests[at : at + size] for at in range(0, len(digests), size))
