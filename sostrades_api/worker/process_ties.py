"""Parent and child processes that do not outlive each other."""

import contextlib
import ctypes
import os
import select
import signal
import sys
import time
from collections.abc import Sequence

_PR_SET_PDEATHSIG = 1
_POLL_SECONDS = 0.02  # only where the kernel has no pidfd


def die_with_parent(parent: int) -> None:
    """In a child, right after the fork: let the kernel kill it when its parent is gone (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died before the line above
        os._exit(1)


def wait_for(pid: int, *, seconds: float) -> int | None:
    """Wait for a child at most this long; its wait status, None while it runs.

    A child that somebody else has collected counts as ended with code 0.
    """
    if hasattr(os, "pidfd_open"):
        _wait_on_pidfd(pid, seconds=seconds)
        return _collect(pid)
    deadline = time.monotonic() + seconds
    while (status := _collect(pid)) is None and time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)
    return status


def wait_for_report(pid: int, reports: int, *, seconds: float) -> bool:
    """Wait for a byte from a child, or its end, at most this long; whether a byte came."""
    if hasattr(os, "pidfd_open"):
        _wait_on_pidfd(pid, seconds=seconds, also=[reports])
    else:
        select.select([reports], [], [], seconds)
    ready = select.select([reports], [], [], 0)[0]
    return bool(ready) and os.read(reports, 1) != b""


def _wait_on_pidfd(pid: int, *, seconds: float, also: Sequence[int] = ()) -> None:
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        select.select([handle, *also], [], [], max(0.0, seconds))
    finally:
        os.close(handle)


def _collect(pid: int) -> int | None:
    try:
        collected, status = os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return 0
    return status if collected else None


def kill_group(pid: int) -> None:
    """Kill a child and the process group it leads (alone while it does not lead one yet)."""
    with contextlib.suppress(ProcessLookupError):
        if os.getpgid(pid) != pid:
            os.kill(pid, signal.SIGKILL)
            return
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def describe_end(status: int) -> str:
    """How a process ended, in words."""
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        hint = ", out of memory?" if number == signal.SIGKILL else ""
        return f"its process was killed (signal {number}{hint})"
    code = os.waitstatus_to_exitcode(status)
    return f"its process ended with code {code} before it had stored its results"
