"""Keep what was computed, by address: values first, rows second, all of a result or nothing of it."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import Table, delete, insert
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from sostrades_api.engine import ComputedResult as Computed
from sostrades_api.models import ComputedOutput, ComputedResult, utc_now
from sostrades_api.models.computed_result import LABEL_LENGTH
from sostrades_api.services.among import among
from sostrades_api.services.computed_result_lock import lock_results
from sostrades_api.services.exact_value import exact_encoding
from sostrades_api.services.unit_of_work import unit_of_work
from sostrades_api.storage import ValueStore
from sostrades_api.storage.codecs import Encoded
from sostrades_api.storage.value_store import StagedValues

logger = logging.getLogger(__name__)

_AT_A_TIME = 500  # rows a statement
_TABLE = cast("Table", ComputedResult.__table__)


@dataclass(frozen=True, kw_only=True)
class NewResult:
    """A result to keep; ``replace``: what is there already is not trusted."""

    address: str
    label: str
    computed: Computed
    replace: bool = False


def computed_result_store(session: Session, results: Sequence[NewResult], *, values: ValueStore) -> int:
    """Store results; of those that are there already the first one stays. Says how many were new.

    What cannot be stored such that it is the same to the last bit is left out.
    """
    encoded = {id(new.computed): new for new in results}  # one may be kept under several addresses
    once = {key: _staged(new, values) for key, new in encoded.items()}
    staged = {new.address: items for new in results if (items := once[id(new.computed)]) is not None}
    wanted = {new.address: new for new in results if new.address in staged}
    if not wanted:
        return 0
    together = StagedValues(
        {f"{address} {place}": item for address, items in staged.items() for place, item in enumerate(items)}
    )
    with unit_of_work(session):
        digests = values.put_many(session, together)
        replaced = [address for address, new in wanted.items() if new.replace]
        if replaced:
            lock_results(session, replaced)
            session.execute(delete(ComputedResult).where(among(session, ComputedResult.address, replaced)))
        inserted = _insert(session, [wanted[address] for address in sorted(wanted)])
        rows = [
            {"address": address, "place": place, "digest": digests[f"{address} {place}"]}
            for address in inserted
            for place in range(len(staged[address]))
        ]
        if rows:
            session.execute(insert(ComputedOutput), rows)
    return len(inserted)


def _staged(new: NewResult, values: ValueStore) -> list[Encoded] | None:
    staged = []
    for place, value in enumerate(new.computed.outputs):
        encoded = exact_encoding(value)
        if isinstance(encoded, str):
            names = new.computed.names
            name = names[place] if place < len(names) else place
            logger.info("not kept: %s.%s: %s", new.label, name, encoded)
            return None
        staged.append(encoded)
    if staged:  # before the transaction begins
        values.blobs.write_many(StagedValues({str(at): item for at, item in enumerate(staged)}).large)
    return staged or None


def _insert(session: Session, results: Sequence[NewResult]) -> list[str]:
    """The addresses of those that were not there; another writer's result is never mixed with ours."""
    on_postgresql = session.get_bind().dialect.name == "postgresql"
    new: Any = postgresql.insert(_TABLE) if on_postgresql else sqlite.insert(_TABLE)
    now, inserted = utc_now(), []
    for at in range(0, len(results), _AT_A_TIME):
        rows = [
            {
                "address": result.address,
                "label": result.label[:LABEL_LENGTH],
                "seconds": result.computed.seconds,
                "created_at": now,
                "last_used_at": now,
            }
            for result in results[at : at + _AT_A_TIME]
        ]
        statement = new.values(rows).on_conflict_do_nothing().returning(_TABLE.c.address)
        inserted += session.scalars(statement).all()
    return inserted
