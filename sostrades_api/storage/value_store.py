"""The value store: rows name values by digest, small values live in the row, large ones in the blob store."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, cast

from sqlalchemy import Select, String, Table, any_, bindparam, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from sostrades_api.models import StoredValue, utc_now
from sostrades_api.storage.blob_cache import BlobCache
from sostrades_api.storage.blobs import BlobStore
from sostrades_api.storage.cache import ValueCache
from sostrades_api.storage.codecs import Codec, Encoded, decode, encode, hand_out
from sostrades_api.storage.errors import MissingValueError

MAX_INLINE = 4096  # bytes of a value that is kept in its row
GARBAGE_LOCK = 0x5057_0001  # PostgreSQL advisory lock: writers share it, the garbage collector takes it alone
_LOCK_SHARED = select(func.pg_advisory_xact_lock_shared(GARBAGE_LOCK))
_ENTRY_OVERHEAD = 300  # bytes the cache spends on an entry beside its data
_TABLE = cast("Table", StoredValue.__table__)


@dataclass(frozen=True)
class StagedValues:
    """Values by name, encoded; the blobs of the large ones are written, no row names them yet."""

    encoded: Mapping[str, Encoded]

    @property
    def unique(self) -> dict[str, Encoded]:
        """By digest."""
        return {item.digest: item for item in self.encoded.values()}

    @property
    def large(self) -> dict[str, bytes]:
        """Those that are kept in the blob store, by digest."""
        return {item.digest: item.data for item in self.encoded.values() if len(item.data) > MAX_INLINE}


class ValueStore:
    """Immutable values by digest; one instance a process, safe to share between threads.

    A value and the row that refers to it belong in one transaction: unreferenced values are swept away.
    """

    def __init__(
        self, url: str, *, cache_bytes: int = 64 * 1024 * 1024, blob_cache: BlobCache | None = None
    ) -> None:
        self.blobs = BlobStore(url, cache=blob_cache)
        self._values = ValueCache(cache_bytes)
        self._summaries = ValueCache(cache_bytes // 8)

    def stage(self, values: Mapping[str, Any]) -> "StagedValues":
        """Do what takes time before the transaction begins: encode values and write the large ones' blobs.

        Raises:
            UnstorableValueError: A value is of a kind that is not stored; nothing was stored.
        """
        staged = StagedValues({name: encode(value) for name, value in values.items()})
        self.blobs.write_many(staged.large)
        return staged

    def put_many(self, session: Session, values: "Mapping[str, Any] | StagedValues") -> dict[str, str]:
        """Store values and return their digests by the same names; equal values are stored once.

        Raises:
            UnstorableValueError: A value is of a kind that is not stored; nothing was stored.
        """
        staged = values if isinstance(values, StagedValues) else self.stage(values)
        if staged.unique:
            _insert(session, staged.unique)
        # The collector may have taken a blob between the write and the lock; it cannot any more.
        self.blobs.write_many(staged.large)
        return {name: item.digest for name, item in staged.encoded.items()}

    def keep(
        self, session: Session, known: Mapping[str, str], *, outputs: Mapping[str, Any]
    ) -> dict[str, str]:
        """Digests of values that were stored before, by name, in the transaction that will refer to them.

        One that was collected meanwhile is stored again from ``outputs``.
        """
        if not known:
            return {}
        _keep_collector_out(session)
        there = {row[0] for row in _rows(session, list(set(known.values())))}
        lost = {name: outputs[name] for name, digest in known.items() if digest not in there}
        return {**known, **self.put_many(session, lost)}

    def put(self, session: Session, value: Any) -> str:
        """Store one value and return its digest."""
        return self.put_many(session, {"": value})[""]

    def get(self, session: Session, digest: str) -> Any:
        """Return one value; see ``get_many``."""
        return self.get_many(session, (digest,))[digest]

    def get_many(self, session: Session, digests: Iterable[str]) -> dict[str, Any]:
        """Return values by digest; lists and dicts are the caller's own, arrays are read-only.

        Raises:
            MissingValueError: A digest is unknown or its blob is gone.
            CorruptValueError: A blob is not what was written.
        """
        wanted = dict.fromkeys(digests)
        values = self._values.find_many(wanted)
        unknown = [digest for digest in wanted if digest not in values]
        if unknown:
            values |= self._fetch(session, unknown)
        if len(values) < len(wanted):
            missing = [digest for digest in wanted if digest not in values]
            msg = f"{len(missing)} values are not in the value store, {missing[0]} for one"
            raise MissingValueError(msg)
        return hand_out(values)

    def summary(self, session: Session, digest: str) -> dict[str, Any] | None:
        """Return shape and columns of one value; see ``summaries``."""
        return self.summaries(session, (digest,))[digest]

    def summaries(self, session: Session, digests: Iterable[str]) -> dict[str, dict[str, Any] | None]:
        """Return what ``codecs.summary`` says of values, without reading them; None for scalars.

        Raises:
            MissingValueError: A digest is unknown.
        """
        wanted = dict.fromkeys(digests)
        found: dict[str, Any] = self._summaries.find_many(wanted)
        unknown = [digest for digest in wanted if digest not in found]
        if unknown:
            fetched = {digest: summary for digest, summary in _rows(session, unknown, _TABLE.c.summary)}  # noqa: C416
            self._summaries.add_many(fetched, sizes=dict.fromkeys(fetched, _ENTRY_OVERHEAD))
            found |= fetched
        if len(found) < len(wanted):
            missing = [digest for digest in wanted if digest not in found]
            msg = f"the value {missing[0]} is not in the value store"
            raise MissingValueError(msg)
        return hand_out(found)

    def _fetch(self, session: Session, digests: Sequence[str]) -> dict[str, Any]:
        rows = _rows(session, digests, _TABLE.c.codec, _TABLE.c.size, _TABLE.c.payload)
        inline = {row[0]: row[3] for row in rows if row[1] == Codec.JSON and row[3] is not None}
        values = _decode_inline(inline)
        for digest, codec, _, payload in rows:
            if digest not in inline:
                data = payload if payload is not None else self.blobs.read(digest, codec=codec)
                values[digest] = decode(codec, data)
        sizes = {row[0]: row[2] + _ENTRY_OVERHEAD for row in rows}
        self._values.add_many(values, sizes=sizes)
        return values


def _insert(session: Session, encoded: Mapping[str, Encoded]) -> None:
    on_postgresql = _keep_collector_out(session)
    known = {row[0] for row in _rows(session, list(encoded))}
    now = utc_now()
    rows = [
        {
            "digest": digest,
            "codec": item.codec,
            "size": len(item.data),
            "payload": item.data if len(item.data) <= MAX_INLINE else None,
            "summary": item.summary,
            "created_at": now,
        }
        for digest, item in sorted(encoded.items())  # one order for all writers: no deadlocks
        if digest not in known
    ]
    if rows:
        insert = postgresql.insert(_TABLE) if on_postgresql else sqlite.insert(_TABLE)
        session.execute(insert.on_conflict_do_nothing(), rows)


def _keep_collector_out(session: Session) -> bool:
    """Until the transaction ends; on SQLite its write lock does that. Whether this is PostgreSQL."""
    on_postgresql = session.get_bind().dialect.name == "postgresql"
    if on_postgresql:
        session.execute(_LOCK_SHARED)
    return on_postgresql


def _rows(session: Session, digests: Sequence[str], *columns: Any) -> Sequence[tuple[Any, ...]]:
    on_postgresql = session.get_bind().dialect.name == "postgresql"
    wanted = list(digests) if on_postgresql else json.dumps(digests)
    found = session.execute(_query(*columns, on_postgresql=on_postgresql), {"digests": wanted}).all()
    return cast("Sequence[tuple[Any, ...]]", found)


@cache
def _query(*columns: Any, on_postgresql: bool) -> Select[*tuple[Any, ...]]:
    # One parameter instead of one a digest: expanding 10,000 of them costs more than the query.
    if on_postgresql:
        known = _TABLE.c.digest == any_(bindparam("digests", type_=postgresql.ARRAY(String)))
    else:
        listed = func.json_each(bindparam("digests", type_=String)).table_valued("value")
        known = _TABLE.c.digest.in_(select(listed.c.value))
    return select(_TABLE.c.digest, *columns).where(known)


def _decode_inline(payloads: Mapping[str, bytes]) -> dict[str, Any]:
    """Decode JSON payloads in one go, four times faster than one by one."""
    try:
        values = json.loads(b"[" + b",".join(payloads.values()) + b"]")
        return dict(zip(payloads, values, strict=True))
    except ValueError:
        return {digest: decode(Codec.JSON, payload) for digest, payload in payloads.items()}
