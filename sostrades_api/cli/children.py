"""Processes that live no longer than the one that starts them, however that one ends."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_LARGEST_LOG = 10 * 1024 * 1024  # bytes; an older one is set aside


@dataclass(frozen=True)
class Child:
    """A started process and the file it writes to."""

    name: str
    process: "subprocess.Popen[bytes]"
    log: Path

    def last_lines(self, count: int = 12) -> str:
        """The end of what it wrote."""
        return "\n".join(self.log.read_text("utf-8", errors="replace").splitlines()[-count:])


@dataclass
class Children:
    """The started processes, in order; stopped in the opposite order. Use from the main thread only."""

    logs: Path
    _children: list[Child] = field(default_factory=list)

    def start(
        self,
        name: str,
        *,
        command: Sequence[str],
        env: Mapping[str, str],
        pass_fds: Sequence[int] = (),
        death_signal: signal.Signals = signal.SIGTERM,
    ) -> Child:
        """Start a process in a group of its own, which a Ctrl-C in the terminal does not reach.

        Args:
            name: What messages call it, and its log file.
            command: Program and arguments.
            env: Its whole environment.
            pass_fds: Open files that it inherits.
            death_signal: What the kernel sends it when this process is killed (Linux).
        """
        self.logs.mkdir(parents=True, exist_ok=True)
        self.logs.chmod(0o700)
        log = self.logs / f"{name.replace(' ', '-')}.log"
        if log.exists() and log.stat().st_size > _LARGEST_LOG:
            log.replace(log.with_suffix(".log.1"))
        with log.open("ab") as output:
            process = subprocess.Popen(  # noqa: S603 - fixed programs
                list(command),
                env=dict(env),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                pass_fds=pass_fds,
                start_new_session=True,
                preexec_fn=_die_with(os.getpid(), death_signal),  # noqa: PLW1509 - started from the main thread
            )
        child = Child(name, process, log)
        self._children.append(child)
        return child

    def find_ended(self) -> Child | None:
        """One that has ended though nobody stopped it."""
        return next((child for child in self._children if child.process.poll() is not None), None)

    def stop(self, *, seconds: float) -> None:
        """Ask all of them to end, the last started first, and kill what is left after ``seconds``."""
        for child in reversed(self._children):
            if child.process.poll() is None:
                child.process.terminate()
        deadline = time.monotonic() + seconds
        for child in reversed(self._children):
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.process.wait(max(0.0, deadline - time.monotonic()))
        for child in self._children:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.process.pid, signal.SIGKILL)
            child.process.wait()


def _die_with(parent: int, death_signal: signal.Signals) -> Callable[[], None] | None:
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None)

    def in_child() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, death_signal)
        if os.getppid() != parent:  # it was killed before the line above
            os._exit(1)

    return in_child
