"""A work-horse that stands ready: forked and warmed while its worker waits, started by a message.

A fork costs some 8 ms, and the pages that a run touches first are copied one by one, another 15 ms; in a
work-horse that stands by, both are past when the job comes.
"""

import contextlib
import os
import select
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import NoReturn

import orjson

from sostrades_api.worker.process_ties import die_with_parent, kill_group, wait_for
from sostrades_api.worker.runtime import ClaimedAttempt, set_whereabouts
from sostrades_api.worker.whereabouts import Whereabouts

_HURRY_SECONDS = 0.1  # a job that comes so soon is not kept waiting by the warming up
_LISTEN_SECONDS = 2.0  # of a process that is frozen, a long order would wait for ever
_REAP_SECONDS = 5.0


@dataclass(frozen=True)
class Standby:
    """The waiting process, seen from its worker."""

    pid: int
    whereabouts: Whereabouts
    _orders: int  # written here: attempts, a line each
    reports: int  # read here: a byte each time that it waits for another one

    def start(self, attempt: ClaimedAttempt) -> bool:
        """Let it run this attempt; False when it is dead or does not listen, and nothing has started."""
        line = memoryview(orjson.dumps(asdict(attempt), option=orjson.OPT_APPEND_NEWLINE))
        try:
            while line and select.select([], [self._orders], [], _LISTEN_SECONDS)[1]:
                line = line[os.write(self._orders, line) :]
        except BrokenPipeError:
            pass
        if line:
            self.dismiss()
        return not line

    def close(self) -> None:
        """It has ended."""
        os.close(self._orders)
        os.close(self.reports)
        self.whereabouts.close()

    def dismiss(self) -> None:
        """It is not needed any more."""
        self.close()
        kill_group(self.pid)
        wait_for(self.pid, seconds=_REAP_SECONDS)


def fork_standby(*, warm: Callable[[], None], run: Callable[[ClaimedAttempt], None]) -> Standby:
    """Fork one; in the child, ``warm()`` is called when there is time, then ``run(attempt)`` for each.

    ``run`` returns only where the process may run another one.
    """
    parent = os.getpid()
    whereabouts = Whereabouts()
    orders, reports = os.pipe(), os.pipe()
    pid = os.fork()
    if pid == 0:
        set_whereabouts(whereabouts)
        os.close(orders[1])
        os.close(reports[0])
        _stand_by(parent, orders[0], reports[1], warm=warm, run=run)
    os.close(orders[0])
    os.close(reports[1])
    os.set_blocking(orders[1], False)
    return Standby(pid, whereabouts, orders[1], reports[0])


def _stand_by(
    parent: int,
    orders: int,
    reports: int,
    *,
    warm: Callable[[], None],
    run: Callable[[ClaimedAttempt], None],
) -> NoReturn:
    try:
        die_with_parent(parent)
        os.setpgrp()
        if not select.select([orders], [], [], _HURRY_SECONDS)[0]:
            with contextlib.suppress(Exception):
                warm()
        with os.fdopen(orders, "rb") as stream:
            for line in stream:
                run(_attempt_of(line))
                os.write(reports, b"1")
    finally:
        os._exit(0)


def _attempt_of(message: bytes) -> ClaimedAttempt:
    fields = orjson.loads(message)
    lists = {name: tuple(fields[name]) for name in ("disciplines", "recompute")}
    return ClaimedAttempt(**{**fields, **lists})
