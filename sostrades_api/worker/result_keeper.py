"""The results of one run: looked up before it, stored while it goes on; keeping them never fails it."""

import logging
import threading
from collections.abc import Callable, Mapping, Sequence

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from sostrades_api.engine import ComputedResult
from sostrades_api.models.computed_result import PRIVATE
from sostrades_api.services.computed_result_collect import (
    computed_result_forget,
    computed_result_mark_used,
    private_address,
    private_addresses,
)
from sostrades_api.services.computed_result_find import FoundResults, computed_result_find
from sostrades_api.services.computed_result_store import NewResult, computed_result_store
from sostrades_api.storage import ValueStore

logger = logging.getLogger(__name__)

LEAST_SECONDS = 0.01  # a look-up takes 0.5 to 2 ms, a table that is found 1 to 4, one that is stored 5 to 10
STORE_SECONDS = 0.2  # so much is lost at most, beside what runs, when a run is killed


class ResultKeeper:
    """A cache in database and value store, and the checkpoints of one execution.

    Results wait until together they took ``STORE_SECONDS`` to compute, then a thread stores them; what still
    waits at the end is stored by ``close``. So a run that is killed loses little, and a quick one stores
    nothing before its results are there. Checkpoints that wait when a run has ended are needed by nobody.

    Args:
        bind: the database.
        values: the value store.
        execution_id: whose checkpoints they are.
        resumes: whether there was an earlier attempt, which may have left some.
    """

    least_seconds = LEAST_SECONDS

    def __init__(
        self, bind: Engine, *, values: ValueStore, execution_id: int = 0, resumes: bool = False
    ) -> None:
        self.resumes = resumes
        self._bind, self._values, self._execution_id = bind, values, execution_id
        self._aging: list[str] = []
        self._broken: set[str] = set()
        self._has_checkpoints = resumes
        self._waiting: list[NewResult] = []
        self._changed = threading.Condition()
        self._closed = False
        self._thread: threading.Thread | None = None

    def find(self, addresses: Sequence[str]) -> Mapping[str, ComputedResult]:
        """What is known; nothing when it cannot be read now."""
        try:
            with Session(self._bind) as session:
                found = computed_result_find(session, addresses, values=self._values)
        except Exception:
            logger.exception("computed results cannot be read, everything is run")
            found = FoundResults()
        self._aging += found.aging
        self._broken |= set(found.broken)
        return found.results

    def store(self, address: str, result: ComputedResult, *, label: str, replace: bool) -> None:
        """Keep a result for everybody, soon."""
        self._add(NewResult(address=address, label=label, computed=result, replace=replace))

    def take_up(self) -> Mapping[str, ComputedResult]:
        """What earlier attempts of this execution have kept."""
        try:
            with Session(self._bind) as session:
                addresses = private_addresses(session, self._execution_id)
        except Exception:
            logger.exception("checkpoints cannot be read, everything is run")
            return {}
        before = len(private_address(self._execution_id, key=""))
        return {address[before:]: result for address, result in self.find(addresses).items()}

    def keep(self, key: str, result: ComputedResult, *, label: str) -> None:
        """Keep a result for a later attempt of this execution, soon."""
        address = private_address(self._execution_id, key=key)
        self._has_checkpoints = True
        self._add(NewResult(address=address, label=label, computed=result, replace=True))

    def close(self, *, interrupted: bool = False) -> None:
        """Store what waits, checkpoints only of an interrupted run, and mark what was used."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        waiting, used, self._aging = self._take(), self._aging, []
        self._write([new for new in waiting if interrupted or not new.address.startswith(PRIVATE)])
        aging = [address for address in used if not address.startswith(PRIVATE)]
        if aging:
            self._try("marked as used", lambda session: computed_result_mark_used(session, aging))

    def forget_checkpoints(self) -> None:
        """The execution has ended: there is no attempt that needs them."""
        if self._has_checkpoints:

            def forget(session: Session) -> None:
                computed_result_forget(session, private_addresses(session, self._execution_id))

            self._try("forgotten", forget)

    def _add(self, new: NewResult) -> None:
        with self._changed:
            self._waiting.append(new)
            if self._is_due() and self._thread is None:
                self._thread = threading.Thread(target=self._work, name="result keeper", daemon=True)
                self._thread.start()
            self._changed.notify()

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._closed or self._is_due())
                if self._closed:
                    return
            self._write(self._take())

    def _is_due(self) -> bool:
        return sum(new.computed.seconds for new in self._waiting) >= STORE_SECONDS

    def _take(self) -> list[NewResult]:
        with self._changed:
            taken, self._waiting = self._waiting, []
            return taken

    def _write(self, results: Sequence[NewResult]) -> None:
        if not results:
            return
        broken = sorted(self._broken & {new.address for new in results})

        def store(session: Session) -> None:
            if broken:
                computed_result_forget(session, broken)
            computed_result_store(session, results, values=self._values)

        self._try("stored", store)

    def _try(self, what: str, work: Callable[[Session], object]) -> None:
        try:
            with Session(self._bind) as session:
                work(session)
        except Exception:
            logger.exception("computed results are not %s", what)
