"""The memory of a run's process group, seen from its worker; what the kernel ended for want of memory."""

import os
from contextlib import suppress
from pathlib import Path

_LOOK_SECONDS = 1.0  # reading all of /proc takes some milliseconds
_PROC = Path("/proc")
_CGROUPS = Path("/sys/fs/cgroup")


_ALLOWANCE = 128 * 1024 * 1024  # bytes: memory of the worker that the run has only written to, and its end


class GroupMemory:
    """Watches one process group against a limit; no limit: it looks at nothing."""

    def __init__(self, pgid: int, *, limit: int | None, now: float) -> None:
        self._pgid, self._limit = pgid, limit
        self._looked = now
        self._at_start = group_bytes(pgid) if limit else 0

    def excess(self, now: float) -> int | None:
        """How many bytes it has grown by, once that is more than the limit."""
        if self._limit is None or now - self._looked < _LOOK_SECONDS:
            return None
        self._looked = now
        grown = group_bytes(self._pgid) - self._at_start
        return grown if grown > self._limit + _ALLOWANCE else None


def group_bytes(pgid: int) -> int:
    """Memory of all processes of a group: what is their own, and their share of what others have too."""
    return sum(_proportional_bytes(pid) for pid in _members(pgid))


def _members(pgid: int) -> list[int]:
    found = []
    for entry in _PROC.iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                if os.getpgid(int(entry.name)) == pgid:
                    found.append(int(entry.name))
    return found


def _proportional_bytes(pid: int) -> int:
    """Anonymous and shared memory of a process (not its files), what n processes share counted as an n-th."""
    kibibytes = 0
    with suppress(OSError, ValueError):
        for line in (_PROC / str(pid) / "smaps_rollup").read_text().splitlines():
            if line.startswith(("Pss_Anon:", "Pss_Shmem:", "SwapPss:")):
                kibibytes += int(line.split()[1])
    return kibibytes * 1024


class KernelKills:
    """Whether the kernel has just ended a process for want of memory; others send SIGKILL too."""

    def __init__(self) -> None:
        self._before = self._last = out_of_memory_kills()

    def look(self) -> None:
        """To be called several times a second: a kill is counted a moment before its process is gone."""
        self._before, self._last = self._last, out_of_memory_kills()

    @property
    def any_now(self) -> bool:
        """Whether there was one since the look before the last."""
        return out_of_memory_kills() > self._before


def out_of_memory_kills() -> int:
    """How many processes the kernel has ended for want of memory: of this control group, or of the host."""
    for path, word in _counters():
        with suppress(OSError, ValueError):
            for line in path.read_text().splitlines():
                if line.startswith(f"{word} "):
                    return int(line.split()[1])
    return 0


def _counters() -> list[tuple[Path, str]]:
    """Where the count stands: control groups of version 2, of version 1, the whole host."""
    counters: list[tuple[Path, str]] = []
    with suppress(OSError):
        for line in (_PROC / "self" / "cgroup").read_text().splitlines():
            _, controllers, path = line.split(":", 2)
            if not controllers:
                counters.append((_CGROUPS / path.lstrip("/") / "memory.events", "oom_kill"))
            elif "memory" in controllers.split(","):
                counters.append((_CGROUPS / "memory" / path.lstrip("/") / "memory.oom_control", "oom_kill"))
    return [*counters, (_PROC / "vmstat", "oom_kill")]
