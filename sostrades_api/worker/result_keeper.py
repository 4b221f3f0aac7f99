"""The cache of results of one run: looks up before it, stores while it goes on, never fails it."""

import logging
import threading
from collections.abc import Callable, Mapping, Sequence

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from sostrades_api.engine import ComputedResult
from sostrades_api.services.computed_result_collect import (
    computed_result_forget,
    computed_result_mark_used,
)
from sostrades_api.services.computed_result_find import FoundResults, computed_result_find
from sostrades_api.services.computed_result_store import NewResult, computed_result_store
from sostrades_api.storage import ValueStore

logger = logging.getLogger(__name__)

LEAST_SECONDS = 0.01  # a look-up takes 0.5 to 2 ms, a table that is found 1 to 4, one that is stored 5 to 10
STORE_SECONDS = 0.2  # so much is lost at most, beside what runs, when a run is killed


class ResultKeeper:
    """A cache in database and value store, for one execution.

    Results wait until together they took ``STORE_SECONDS`` to compute, then a thread stores them; what still
    waits at the end is stored by ``close``. So a run that is killed loses little, and a quick one stores
    nothing before its results are there.
    """

    least_seconds = LEAST_SECONDS

    def __init__(self, bind: Engine, *, values: ValueStore) -> None:
        self._bind, self._values = bind, values
        self._found = FoundResults()
        self._waiting: list[NewResult] = []
        self._changed = threading.Condition()
        self._closed = False
        self._thread: threading.Thread | None = None

    def find(self, addresses: Sequence[str]) -> Mapping[str, ComputedResult]:
        """What is known; nothing when it cannot be read now."""
        try:
            with Session(self._bind) as session:
                self._found = computed_result_find(session, addresses, values=self._values)
        except Exception:
            logger.exception("computed results cannot be read, everything is run")
        return self._found.results

    def store(self, address: str, result: ComputedResult, *, label: str, replace: bool) -> None:
        """Keep a result, soon."""
        with self._changed:
            self._waiting.append(NewResult(address=address, label=label, computed=result, replace=replace))
            if self._is_due() and self._thread is None:
                self._thread = threading.Thread(target=self._work, name="result keeper", daemon=True)
                self._thread.start()
            self._changed.notify()

    def close(self) -> None:
        """Store what waits, and mark what was used; called once the run has ended, however it did."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join()
        self._write(self._take())
        found = self._found
        if found.aging:
            self._try("marked as used", lambda session: computed_result_mark_used(session, found.aging))

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
        broken = sorted(set(self._found.broken) & {new.address for new in results})

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
