"""Where a run is, in memory that a work-horse shares with its worker: known whatever becomes of it.

A discipline that ends its process, is killed, or never returns leaves its number here: as the place where the
run is, or, with several disciplines at a time, as one of those that have begun.
"""

import faulthandler
import mmap
import os
import signal
import tempfile
import time
from collections.abc import Mapping, MutableSequence, Sequence
from typing import cast

import orjson

# Cells of eight bytes: a table of when disciplines that run at a time began, and from the last one on JSON.
_PLACE, _RUNS, _LENGTH, _LEEWAY, _LEASE, _TABLE = range(6)
_MOST = 32 * 1024  # disciplines in the table; those beyond are not followed
_TEXT = _TABLE + _MOST
_SIZE = 512 * 1024
_NOWHERE = -1
_TRACE_SIGNAL = signal.SIGUSR2
_TRACE_SECONDS = 0.5
_TRACE_LENGTH = 50_000


class Whereabouts:
    """Made before the fork; the work-horse writes, its worker reads."""

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, _SIZE)
        self._cells = memoryview(self._memory).cast("q")
        self._traces = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 - both processes close their own
        self.place[0] = _NOWHERE

    @property
    def place(self) -> MutableSequence[int]:
        """Its only element is the number of the discipline that runs; negative when none does."""
        return cast("MutableSequence[int]", self._cells[_PLACE : _PLACE + 1])

    def close(self) -> None:
        """It is not needed any more, in this process."""
        self._traces.close()

    # --- in the work-horse ------------------------------------------------------------------------------

    def listen(self) -> None:
        """Be ready to write down, even while a discipline keeps Python's lock, what is being executed."""
        faulthandler.register(_TRACE_SIGNAL, file=self._traces, all_threads=True)

    def set_limits(self, limits: Mapping[int, float], *, leeway: int = 0) -> None:
        """Seconds that disciplines may take in one run, by number; ends are told so many seconds late."""
        self._cells[_LEEWAY] = leeway
        text = orjson.dumps([*limits.items()])
        if limits and len(text) <= _SIZE - 8 * _TEXT:
            self._memory[8 * _TEXT : 8 * _TEXT + len(text)] = text
            self._cells[_LENGTH] = len(text)

    @property
    def is_limited(self) -> bool:
        """Whether there are limits."""
        return bool(self._cells[_LENGTH])

    def count(self, runs: int) -> None:
        """How often the discipline that runs has run before: another number is another run."""
        self._cells[_RUNS] = runs

    def begin(self, index: int) -> None:
        """This discipline runs now, and maybe others too."""
        if index < _MOST:
            self._cells[_TABLE + index] = time.monotonic_ns()

    def end(self, index: int) -> None:
        """It does not run any more."""
        if index < _MOST:
            self._cells[_TABLE + index] = 0

    def leave(self) -> None:
        """Of one at a time, none runs any more."""
        self.place[0] = _NOWHERE

    def reset(self) -> None:
        """Nothing runs, nothing is limited: as for a new work-horse."""
        self.leave()
        self._cells[_RUNS] = self._cells[_LENGTH] = self._cells[_LEEWAY] = self._cells[_LEASE] = 0

    @property
    def is_lease_over(self) -> bool:
        """Whether the worker has not renewed the lease in time: it is frozen, or cut off."""
        end = self._cells[_LEASE]
        return bool(end) and time.monotonic_ns() > end

    # --- in the worker ----------------------------------------------------------------------------------

    def hold_until(self, moment: float) -> None:
        """The attempt is this worker's until then, in monotonic seconds, which are those of every process."""
        self._cells[_LEASE] = int(moment * 1e9)

    @property
    def running(self) -> int | None:
        """The number of the discipline that runs, or ran when the work-horse ended."""
        index = self.place[0]
        return None if index < 0 else index

    @property
    def all_running(self) -> Sequence[int]:
        """The numbers of all disciplines that run, or ran when the work-horse ended."""
        if self.running is not None:
            return (self.running,)
        return [index for index, since in enumerate(self._cells[_TABLE:_TEXT]) if since]

    def overdue(self, now: float) -> tuple[int, float] | None:
        """Of several at a time, one that takes longer than it may, and its limit."""
        for index, limit in self.limits.items():
            since = self._cells[_TABLE + index] * 1e-9 if index < _MOST else 0.0
            if since and now - since > limit + self._cells[_LEEWAY]:
                return index, limit
        return None

    @property
    def run(self) -> tuple[int, int]:
        """The same as long as the same run of the same discipline goes on."""
        return self._cells[_PLACE], self._cells[_RUNS]

    @property
    def limits(self) -> dict[int, float]:
        """What was set."""
        length = self._cells[_LENGTH]
        return dict(orjson.loads(self._memory[8 * _TEXT : 8 * _TEXT + length])) if self.is_limited else {}

    def trace(self, pid: int) -> str | None:
        """What every thread of the work-horse executes now, as text; None when it does not say."""
        try:
            os.kill(pid, _TRACE_SIGNAL)
        except ProcessLookupError:
            return None
        deadline, size = time.monotonic() + _TRACE_SECONDS, 0
        while time.monotonic() < deadline:
            time.sleep(0.05)
            known, size = size, os.fstat(self._traces.fileno()).st_size
            if size and size == known:
                return os.pread(self._traces.fileno(), _TRACE_LENGTH, 0).decode(errors="replace")
        return None


class Overdue:
    """Whether a discipline takes longer than it may."""

    def __init__(self, whereabouts: Whereabouts) -> None:
        self._whereabouts = whereabouts
        self._run, self._since = whereabouts.run, time.monotonic()

    def look(self, now: float) -> tuple[int, float] | None:
        """The discipline and its limit, once it is over; to be asked several times a second."""
        run = self._whereabouts.run
        if run != self._run:
            self._run, self._since = run, now
            return None
        if run[0] < 0:
            return self._whereabouts.overdue(now)
        limit = self._whereabouts.limits.get(run[0])
        return (run[0], limit) if limit is not None and now - self._since > limit else None
