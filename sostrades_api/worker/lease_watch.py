"""Ends a work-horse with its lease, whatever its supervisor waits for just then.

A call to a database that is cut off may hang for longer than the lease. This thread calls nothing.
"""

import threading
import time
from types import TracebackType
from typing import Self

from sostrades_api.worker.process_ties import kill_group


class LeaseWatch:
    """Holds the lease of one work-horse while the block runs; monotonic seconds, no clock that can be set."""

    def __init__(self, pid: int, *, until: float) -> None:
        self._pid, self._until = pid, until
        self._changed = threading.Condition()
        self._closed = False
        self._over = False
        self._thread = threading.Thread(target=self._work, name="lease watch", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join()  # the worker forks again, and then must have no thread

    @property
    def is_over(self) -> bool:
        """Whether the lease ended; the work-horse and its children are killed then."""
        return self._over

    def extend(self, until: float) -> None:
        """The lease was renewed."""
        with self._changed:
            self._until = until

    def _work(self) -> None:
        with self._changed:
            while not self._closed:
                left = self._until - time.monotonic()
                if left <= 0:
                    self._over = True
                    kill_group(self._pid)
                    return
                self._changed.wait(left)
