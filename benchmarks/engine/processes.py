"""Contenders as processes that are asked one thing at a time."""

import json
import os
import selectors
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

ROOT = Path(__file__).resolve().parents[2]
ANSWER_SECONDS, START_SECONDS = 60.0, 120.0
"""Of the processor: others on the machine take nothing from who is asked."""
LONGEST_WAIT, POLL_SECONDS = 6.0, 0.2
"""How many times longer it may take by the clock on the wall, and how often one looks."""
# Read when a process starts; the same for everybody. With more threads small matrices wait for busy cores;
# without the thresholds arrays' memory goes back to the system, and every execution faults it in again.
VARIABLES = {
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MALLOC_TRIM_THRESHOLD_": "268435456",
    "MALLOC_MMAP_THRESHOLD_": "33554432",
    "MALLOC_TOP_PAD_": "67108864",
    "PYTHONHASHSEED": "0",
}


class Asked:
    """A worker process; one that dies or is silent for too long says so, and is new at the next question."""

    def __init__(self, python: str, contender: str) -> None:
        self.name = contender
        self._command = [python, "-P", "-m", "benchmarks.engine.worker", contender]
        self._process, self._has_started = self._start(), False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def ask(self, what: str, *, within: float = ANSWER_SECONDS, **details: Any) -> dict[str, Any]:
        """What it answers; a dict with the one key ``error`` when it does not.

        Args:
            what: the method of the contender.
            within: the most seconds of the processor that it may spend.
            **details: the method's arguments.
        """
        if self._process.poll() is not None:
            self._end()
            self._process, self._has_started = self._start(), False
        if not self._has_started:  # imports are no part of what an answer may take
            self._has_started = True
            self.ask("versions", within=START_SECONDS)
        stdin, stdout = self._process.stdin, self._process.stdout
        if stdin is None or stdout is None:
            return {"error": "it has no pipes"}
        try:
            stdin.write(json.dumps({"do": what, **details}) + "\n")
            stdin.flush()
            with selectors.DefaultSelector() as waiting:
                waiting.register(stdout, selectors.EVENT_READ)
                if not self._answers(waiting, within):
                    return self._lose(f"more than {within:.3g} s")
            return json.loads(stdout.readline())
        except (OSError, ValueError):
            return self._lose("its process died")

    def _answers(self, waiting: selectors.BaseSelector, within: float) -> bool:
        """Whether there is something to read before the process has spent its time."""
        began, spent = time.monotonic(), processor_seconds(self._process.pid)
        while not waiting.select(POLL_SECONDS):
            waited, now = time.monotonic() - began, processor_seconds(self._process.pid)
            used = waited if spent is None or now is None else now - spent
            if used > within or waited > LONGEST_WAIT * within:
                return False
        return True

    def _start(self) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=ROOT,
            env={**os.environ, **VARIABLES, "PYTHONPATH": str(ROOT)},
            text=True,
        )

    def _end(self) -> None:
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            with suppress(OSError):  # what was not sent to a process that died
                if pipe is not None:
                    pipe.close()

    def _lose(self, why: str) -> dict[str, Any]:
        self._end()
        return {"error": why}


def processor_seconds(process_id: int) -> float | None:
    """What a process has spent so far; ``None`` where the system does not tell."""
    try:
        told = Path(f"/proc/{process_id}/stat").read_text("utf-8").rpartition(")")[2].split()
        return (int(told[11]) + int(told[12])) / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError):
        return None
