"""What a forked child of an execution does first, and how it tells its parent what happens."""

import ctypes
import gc
import logging
import logging.handlers
import os
import signal
import sys
import warnings
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

import numpy as np

from sostrades_api.engine import observer as events
from sostrades_api.engine.runner import hooks_of
from sostrades_api.engine.sending import send

_PR_SET_PDEATHSIG = 1
_HOOKS = ("on_discipline_started", "on_discipline_ended", "on_discipline_left", "on_iteration_ended")
"""What a child can have to tell."""


def settle_in(connection: Connection, parent: int) -> None:
    """In a child, right after the fork."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died before the line above
        os._exit(1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent hears it, and ends its children
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    gc.freeze()  # what is inherited stays shared: no search for garbage touches it
    np.random.seed()  # noqa: NPY002 - or all children would draw the same numbers
    handler = _LogTeller(connection)
    for logger in logging.Logger.manager.loggerDict.values():
        if isinstance(logger, logging.Logger):
            logger.handlers.clear()
            logger.propagate = True
    logging.getLogger().handlers = [handler]

    def tell_warning(*said: Any, **_more: Any) -> None:
        send(connection, ("warning", said[:4]))

    warnings.showwarning = tell_warning


class _LogTeller(logging.handlers.QueueHandler):
    """Sends log records to the parent."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)  # type: ignore[arg-type]
        self._connection = connection

    def enqueue(self, record: logging.LogRecord) -> None:
        """Send one."""
        send(self._connection, ("log", record))


def teller(observer: events.Observer | None, connection: Connection) -> events.Observer | None:
    """An observer that tells the parent what its observer wants to hear, and no more."""
    hooks = sorted(hooks_of(type(observer) if observer is not None else None).intersection(_HOOKS))
    if not hooks:
        return None

    def telling(hook: str) -> Callable[[Any, Any], None]:
        return lambda _self, event: send(connection, (hook, event))

    return type("Teller", (events.Observer,), {hook: telling(hook) for hook in hooks})()
