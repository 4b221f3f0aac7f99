"""Results that were computed before, by the addresses of what they were made from."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session

from sostrades_api.engine import ComputedResult as Computed
from sostrades_api.models import ComputedOutput, ComputedResult, utc_now
from sostrades_api.services.among import among
from sostrades_api.storage import CorruptValueError, MissingValueError, ValueStore

USED_FOR = dt.timedelta(hours=1)  # so exactly is known when a result was used last


@dataclass(frozen=True)
class FoundResults:
    """What is there.

    Attributes:
        results: by address; their references are the digests of their values.
        aging: addresses that were not used for some time; to be marked as used.
        broken: addresses whose values cannot be read any more; to be forgotten.
    """

    results: dict[str, Computed] = field(default_factory=dict)
    aging: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)


def computed_result_find(session: Session, addresses: Sequence[str], *, values: ValueStore) -> FoundResults:
    """Whatever is known and can be read; nothing is written."""
    result, output = ComputedResult, ComputedOutput
    query = (
        select(result.address, result.seconds, result.last_used_at, output.digest)
        .join(output, output.address == result.address)
        .where(among(session, result.address, addresses))
        .order_by(result.address, output.place)
    )
    digests: dict[str, list[str]] = {}
    seconds: dict[str, float] = {}
    found, now = FoundResults(), utc_now()
    for address, spent, used, digest in session.execute(query):
        if address not in digests:
            digests[address], seconds[address] = [], spent
            if used < now - USED_FOR:
                found.aging.append(address)
        digests[address].append(digest)
    read = _read(session, digests.values(), values=values)
    for address, names in digests.items():
        if all(name in read for name in names):
            outputs = [read[name] for name in names]
            found.results[address] = Computed(outputs=outputs, seconds=seconds[address], references=names)
        else:
            found.broken.append(address)
    return found


def _read(session: Session, digests: Iterable[Sequence[str]], *, values: ValueStore) -> dict[str, object]:
    wanted = list(dict.fromkeys(digest for names in digests for digest in names))
    try:
        return values.get_many(session, wanted)
    except (MissingValueError, CorruptValueError):
        return _read_one_by_one(session, wanted, values=values)


def _read_one_by_one(session: Session, digests: Sequence[str], *, values: ValueStore) -> dict[str, object]:
    read = {}
    for digest in digests:
        try:
            read[digest] = values.get(session, digest)
        except (MissingValueError, CorruptValueError):
            continue
    return read
