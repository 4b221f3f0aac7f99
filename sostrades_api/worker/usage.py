"""What a run uses of its host: cores and memory, its child processes included."""

import os
import resource
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

_MAXRSS_UNIT = 1 if sys.platform == "darwin" else 1024  # bytes


class UsageMeter:
    """Measures from its making on."""

    def __init__(self) -> None:
        _forget_peak()
        self._memory_at_start = psutil.Process().memory_info().rss
        self._start = time.monotonic()
        self._cpu_at_start = _cpu_seconds()
        self._children: dict[int, float] = {}  # CPU seconds of children that still run, by pid
        self._peak_with_children = 0

    def sample_children(self) -> None:
        """Look at running child processes; it reads all of /proc, so once a second is plenty."""
        memory, cpu = 0, {}
        for child in psutil.Process().children(recursive=True):
            try:
                times = child.cpu_times()
                memory += child.memory_info().rss
            except psutil.Error:  # it ended meanwhile
                continue
            cpu[child.pid] = times.user + times.system
        self._children = cpu
        if memory:
            self._peak_with_children = max(
                self._peak_with_children, memory + psutil.Process().memory_info().rss
            )

    def read(self) -> dict[str, Any]:
        """``cores`` (CPU seconds over wall seconds) and ``memory_bytes`` (peak), and what the host has.

        ``memory_at_start_bytes`` is what the process held before: its libraries, and what it inherited.
        """
        wall = max(time.monotonic() - self._start, 1e-6)
        cpu = _cpu_seconds() - self._cpu_at_start + sum(self._children.values())
        host_cores = os.cpu_count() or 1
        return {
            "cores": round(min(cpu / wall, host_cores), 3),
            "host_cores": host_cores,
            "cpu_seconds": round(cpu, 6),
            "memory_bytes": max(_peak(), self._peak_with_children),
            "memory_at_start_bytes": self._memory_at_start,
            "host_memory_bytes": psutil.virtual_memory().total,
        }


def _cpu_seconds() -> float:
    """Of this process, and of its children that have ended."""
    own, ended = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + ended.ru_utime + ended.ru_stime


def _forget_peak() -> None:
    """Let the peak of this process begin now: a fork begins with that of its parent's size (Linux)."""
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def _peak() -> int:
    """The most memory of this process, in bytes, since its peak was forgotten."""
    with suppress(OSError, ValueError, IndexError):
        status = Path("/proc/self/status").read_text()
        return int(status.split("VmHWM:", 1)[1].split(maxsplit=1)[0]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _MAXRSS_UNIT
