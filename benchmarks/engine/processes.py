"""Contenders as processes that are asked one thing at a time."""

import json
import os
import selectors
import subprocess
from pathlib import Path
from typing import Any, Self

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 120.0
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
    """A worker process; one that is silent for too long, or dies, is ``gone`` and answers no more."""

    def __init__(self, python: str, contender: str) -> None:
        self.name, self.gone = contender, ""
        environment = {**os.environ, **VARIABLES, "PYTHONPATH": str(ROOT)}
        self._process = subprocess.Popen(
            [python, "-P", "-m", "benchmarks.engine.worker", contender],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=ROOT,
            env=environment,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    def ask(self, what: str, *, within: float = START_SECONDS, **details: Any) -> dict[str, Any]:
        """What it answers; a dict with the one key ``error`` when it cannot."""
        if self.gone:
            return {"error": self.gone}
        stdin, stdout = self._process.stdin, self._process.stdout
        if stdin is None or stdout is None:
            return {"error": "it has no pipes"}
        try:
            stdin.write(json.dumps({"do": what, **details}) + "\n")
            stdin.flush()
        except OSError:
            return self._lose("it died")
        with selectors.DefaultSelector() as waiting:
            waiting.register(stdout, selectors.EVENT_READ)
            if not waiting.select(within):
                return self._lose(f"more than {within:g} s")
        line = stdout.readline()
        return json.loads(line) if line else self._lose("it died")

    def _lose(self, why: str) -> dict[str, Any]:
        self.gone = why
        self._process.kill()
        return {"error": why}
