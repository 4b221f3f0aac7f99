"""After the storm: whether everything that was accepted has ended, once, rightly, and left nothing behind."""

import collections
import datetime as dt
import time
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from benchmarks.chaos.journal import Journal
from benchmarks.chaos.stage import Stage
from benchmarks.chaos.undisturbed import Undisturbed
from sostrades_api.models import (
    FINAL_STATES,
    TRANSITIONS,
    Execution,
    ExecutionState,
    ExecutionTransition,
    ExecutionValue,
    StoredValue,
    WorkerProcess,
    utc_now,
)
from sostrades_api.queueing.connection import connect_web
from sostrades_api.services.garbage_collect import garbage_collect
from sostrades_api.services.worker_forget import worker_forget
from sostrades_api.storage import ValueStore
from sostrades_api.storage.codecs import encode

_S = ExecutionState
_CLEAN_SECONDS = 20.0  # so long the last jobs and processes may take to go
_FAILING = "test_failing"


@dataclass
class Counts:
    """What became of the executions."""

    states: collections.Counter[str] = field(default_factory=collections.Counter)
    attempts: collections.Counter[int] = field(default_factory=collections.Counter)
    compared: int = 0


class Audit:
    """Looks at database, queue server, disk and processes; tells the journal what is wrong."""

    def __init__(self, stage: Stage, journal: Journal, *, session: Session, values: ValueStore) -> None:
        self._stage, self._journal = stage, journal
        self._session, self._values = session, values
        self._undisturbed = Undisturbed(values)

    def executions(self) -> Counts:
        """Every execution, from its acceptance to its result."""
        self._session.close()
        counts = Counts()
        rows = {row.id: row for row in self._session.scalars(select(Execution))}
        for execution_id in sorted(self._journal.accepted.keys() - rows.keys()):
            self._journal.violate(f"execution {execution_id} was accepted and is lost")
        for execution_id in sorted(rows.keys() - self._journal.accepted.keys()):
            self._journal.violate(f"execution {execution_id} is there, and nobody was told")
        history = self._history()
        for row in rows.values():
            counts.states[row.state.value] += 1
            counts.attempts[row.attempt] += 1
            for fault in (*self._faults(row), *_faults_of(history[row.id], row)):
                self._journal.violate(f"execution {row.id}: {fault}")
            counts.compared += row.state is _S.FINISHED
        self._session.rollback()
        return counts

    def _history(self) -> dict[int, list[ExecutionTransition]]:
        found: dict[int, list[ExecutionTransition]] = collections.defaultdict(list)
        for row in self._session.scalars(select(ExecutionTransition).order_by(ExecutionTransition.id)):
            found[row.execution_id].append(row)
        return found

    def _faults(self, row: Execution) -> list[str]:
        faults = []
        if row.state not in FINAL_STATES:
            faults.append(f"stuck: {row.state} in attempt {row.attempt} of {row.worker_name}")
        elif row.token is not None or row.lease_until is not None:
            faults.append(f"{row.state} and still leased")
        heard = self._journal.heard.get(row.id, row.state.value)
        if heard != row.state.value:
            faults.append(f"{row.state}, and who listened was told that it ended {heard}")
        if row.state is _S.FAILED and row.process_name != _FAILING:
            faults.append(f"FAILED: {row.error_message}")
        if row.state is _S.FINISHED:
            faults += self._wrong_results(row)
        return faults

    def _wrong_results(self, row: Execution) -> list[str]:
        query = select(ExecutionValue.name, ExecutionValue.digest).where(
            ExecutionValue.execution_id == row.id, ExecutionValue.io == "out"
        )
        stored = {name: digest for name, digest in self._session.execute(query)}  # noqa: C416 - rows
        expected = self._undisturbed.digests(self._session, row.id, process_name=row.process_name)
        faults = [
            f"the result {name} is {stored.get(name)}, undisturbed {expected.get(name)}"
            for name in sorted(stored.keys() | expected.keys())
            if stored.get(name) != expected.get(name)
        ]
        try:
            values = self._values.get_many(self._session, stored.values())
        except Exception as error:  # noqa: BLE001 - whatever it is, the result cannot be read
            return [*faults, f"its results cannot be read: {error!r}"]
        faults += [
            f"the result {name} is not what its digest says"
            for name, digest in stored.items()
            if encode(values[digest]).digest != digest
        ]
        read = self._journal.totals.get(row.id)
        if read is not None and read != values[stored["total"]]:
            faults.append(f"a client read the total {read}, stored is {values[stored['total']]}")
        return faults

    # --- what is left -----------------------------------------------------------------------------------

    def queue(self) -> None:
        """Nothing waits in the queue server, and what is kept there goes by itself."""
        redis = connect_web(self._stage.settings)
        try:
            self._until_clean(lambda: _keys_left(redis), what="in the queue server")
        finally:
            redis.close()

    def workers(self) -> None:
        """Every worker has its row, and nobody else has one, once those that fell silent are forgotten."""
        self._until_clean(self._wrong_workers, what="in the table of workers")

    def _wrong_workers(self) -> list[str]:
        self._session.rollback()
        worker_forget(self._session, after_seconds=2 * self._stage.settings.lease_seconds)
        shown = collections.Counter(self._session.scalars(select(WorkerProcess.pid)))
        there = collections.Counter(process.pid for process in self._stage.workers)
        self._session.rollback()
        return [
            *(f"a row too many of process {pid}" for pid in shown - there),
            *(f"no row of process {pid}" for pid in there - shown),
        ]

    def disk(self) -> None:
        """After a collection: no temporary file, and every blob is a value's."""
        self._session.rollback()
        settings = self._stage.settings
        garbage_collect(self._session, values=self._values, settings=settings, older_than=dt.timedelta())
        self._values.blobs.delete_unfinished(before=utc_now() + dt.timedelta(seconds=1))
        self._session.rollback()
        large = select(StoredValue.digest).where(StoredValue.payload.is_(None))
        named = set(self._session.scalars(large))
        files = [path for path in (self._stage.folder / "values").rglob("*") if path.is_file()]
        found = {path.name for path in files}
        for name in sorted(found - named):
            self._journal.violate(f"left in the value store: {name}")
        for name in sorted(named - found):
            self._journal.violate(f"gone from the value store: {name}")
        for path in self._stage.temporary.rglob("*"):
            self._journal.violate(f"left in the folder of temporary files: {path.name}")
        for path in (self._stage.settings.data_dir / "queue").glob("tmp*"):
            self._journal.violate(f"left in the folder of the queue server: {path.name}")

    def processes(self) -> None:
        """Once the platform was ended, none of its processes is there."""
        self._until_clean(self._stage.left_behind, what="among the processes")

    def _until_clean(self, look: Any, *, what: str) -> None:
        deadline = time.monotonic() + _CLEAN_SECONDS
        while (left := look()) and time.monotonic() < deadline:
            time.sleep(0.2)
        for name in left:
            self._journal.violate(f"left {what}: {name}")


def _faults_of(history: list[ExecutionTransition], row: Execution) -> list[str]:
    """What is wrong with the history of an execution."""
    faults, state, attempt = [], None, 0
    for step in history:
        before, after = step.from_state, _S(step.to_state)
        if before != (state.value if state else None):
            faults.append(f"its history goes on from {before}, it was {state}")
        if state is None and after is not _S.QUEUED:
            faults.append(f"its history begins with {after}")
        if state is not None and after not in TRANSITIONS[state]:
            faults.append(f"its history has {state} -> {after}")
        expected = attempt + (after is _S.RUNNING)
        if step.attempt != expected:
            faults.append(f"attempt {step.attempt} after {attempt} at {after}")
        state, attempt = after, step.attempt
    finishes = [step for step in history if step.to_state == _S.FINISHED.value]
    if len(finishes) != (row.state is _S.FINISHED):
        faults.append(f"{row.state} with {len(finishes)} finishes")
    if state is not row.state or attempt != row.attempt:
        faults.append(f"its history ends with {state} in attempt {attempt}, it is {row.state}, {row.attempt}")
    return faults


def _keys_left(redis: Any) -> list[str]:
    """Jobs, and keys of executions that would stay for ever."""
    left = []
    for key in redis.scan_iter():
        name = key.decode(errors="replace")
        kind = redis.type(key).decode()
        if name.startswith("rq:job:") or (kind == "list" and redis.llen(key)):
            left.append(f"{name} ({kind})")
        elif name.startswith("sostrades:") and redis.ttl(key) == -1:
            left.append(f"{name} stays for ever")
    return left
