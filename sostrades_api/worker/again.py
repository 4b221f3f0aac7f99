"""Whether a work-horse may run another execution after one.

A new process for each run keeps a model's leftovers from the next run, but costs more than a quick run
itself: a fork, and thousands of pages that are copied at their first touch. So a work-horse goes on with the
next execution of the same group and process, if the last one was quick, FINISHED, and left nothing behind
that can be seen.
"""

import os
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import psutil

QUICK_SECONDS = 0.5  # beside a longer run, a new process costs little


@dataclass(frozen=True)
class Traces:
    """What of a process a run may have changed, and shows."""

    began: float
    threads: int
    folder: str
    environment: tuple[tuple[str, str], ...]

    @classmethod
    def now(cls) -> Self:
        """As it is now."""
        return cls(time.monotonic(), threading.active_count(), _folder(), tuple(os.environ.items()))

    def allow_another(self) -> bool:
        """Whether the run since then was quick, and left neither threads nor processes nor other settings."""
        return (
            time.monotonic() - self.began < QUICK_SECONDS
            and threading.active_count() == self.threads
            and _folder() == self.folder
            and tuple(os.environ.items()) == self.environment
            and not _has_children()
        )


def _folder() -> str:
    try:
        return os.getcwd()  # noqa: PTH109 - a text to compare
    except FileNotFoundError:
        return ""


def _has_children() -> bool:
    lists = Path(f"/proc/{os.getpid()}/task").glob("*/children")
    try:
        texts = [path.read_text() for path in lists]
    except OSError:  # a thread ended at this moment
        return True
    return any(texts) if texts else bool(psutil.Process().children())
