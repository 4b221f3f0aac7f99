"""gunicorn's threaded worker, whose connections a response may take over; loaded by gunicorn's master too.

Why not the plain worker: it closes the connection of every response that ends early with a shutdown, which
reaches each duplicate of its descriptor; and nothing there says that the process was told to end.
"""

import errno
import socket
import threading
from collections.abc import Callable, Mapping
from typing import Any

from gunicorn.workers.gthread import ThreadWorker


class HandedOver(OSError):  # noqa: N818 - nothing went wrong
    """The rest of this response is written by somebody else, who owns the socket from now on."""

    def __init__(self) -> None:
        super().__init__(errno.EPIPE, "the connection was handed over")


class _Process:
    """Of this web process; nothing when another server runs the application."""

    is_ours = False
    threads = 0
    leaving = threading.Event()
    on_leaving: tuple[Callable[[], None], ...] = ()
    at_the_end: tuple[Callable[[], None], ...] = ()


class HandOverWorker(ThreadWorker):
    """``--worker-class sostrades_api.streaming.gunicorn_worker.HandOverWorker``."""

    def init_process(self) -> None:
        """In the worker's process, after the fork."""
        _Process.is_ours, _Process.threads = True, self.cfg.threads
        super().init_process()

    def run(self) -> None:
        """Until it was told to end and its requests have; those who stay get a good-bye before it goes."""
        super().run()
        for say_good_bye in _Process.at_the_end:
            say_good_bye()

    def handle_request(self, req: Any, conn: Any) -> bool:
        """As gunicorn's; of a connection that was handed over it keeps an unused socket, to close it."""
        try:
            return super().handle_request(req, conn)
        except HandedOver:
            conn.sock = socket.socket()
            return False

    def handle_exit(self, sig: int, frame: Any) -> None:
        """SIGTERM: those who stay are sent away, and come back to another process."""
        _Process.leaving.set()
        for tell in _Process.on_leaving:
            tell()
        super().handle_exit(sig, frame)


def socket_of(environ: Mapping[str, Any]) -> socket.socket | None:
    """The socket that a response to this request may take over; None on any other server, TLS and HTTP/2."""
    found = environ.get("gunicorn.socket")
    is_plain = type(found) is socket.socket and "gunicorn.http2.send_trailers" not in environ
    return found if _Process.is_ours and is_plain else None


def threads_of_process(*, otherwise: int) -> int:
    """How many requests this process serves at a time."""
    return _Process.threads or otherwise


def is_leaving() -> bool:
    """Whether this process was told to end."""
    return _Process.leaving.is_set()


def call_when_leaving(tell: Callable[[], None], *, at_the_end: Callable[[], None]) -> None:
    """Call the first in the signal's handler, which may set a flag and wait for nothing; the other last."""
    _Process.on_leaving = (*_Process.on_leaving, tell)
    _Process.at_the_end = (*_Process.at_the_end, at_the_end)
