"""One contender in a process of its own: reads requests, answers JSON, a line each.

Run: ``python -m benchmarks.engine.worker CONTENDER``.
"""

import ctypes
import gc
import importlib
import io
import json
import os
import resource
import statistics
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout, suppress
from itertools import cycle
from typing import Any

from benchmarks.engine import cases
from benchmarks.engine.cases import Work

MODULES = {
    "limit": "limit",
    "floor": "floor",
    "ours": "ours",
    "openmdao": "peer_openmdao",
    "gemseo": "peer_gemseo",
    "gemseo_tuned": "peer_gemseo",
    "floor_there": "floor",
}
FIRST_INPUT = 1.0
INPUTS = tuple(1.0 + 0.01 * i for i in range(1, 98))
# Of the processor, which is all that anybody spends here: others on the same machine do not count.
clock = time.process_time
SHORTEST_BATCH = 2e-4  # seconds; a clock cannot tell less apart
MOST_BUILDS = 15


class Contender:
    """The works that this process has made, by row and size."""

    def __init__(self, name: str) -> None:
        module: Any = importlib.import_module(f"benchmarks.engine.{MODULES[name]}")
        if hasattr(module, "set_up"):
            module.set_up(tuned=name.endswith("_tuned"))
        self.works = module.WORKS
        self.also_forget: Callable[[str], None] = getattr(module, "forget", lambda row: None)
        self.made: dict[tuple[str, int], Work] = {}
        self.inputs: Iterator[float] = cycle(INPUTS)

    def prepare(self, row: str, size: int, builds_seconds: float = 0.0) -> dict[str, Any]:
        """Build and run for the first time; the answer to the first input.

        What is held is told after a collection of garbage. Building is repeated for so many seconds.
        """
        if row not in self.works:
            return {"missing": True}
        cases.draw(row, size)
        release()
        memory, start = resident(), clock()
        work = self.works[row](size)
        built = clock()
        result = work.run(FIRST_INPUT)
        done = clock()
        release()
        held = resident() - memory
        self.made[row, size] = work
        return {
            "answer": [float(number) for number in work.answer(result)],
            "build_ms": self._build_again(row, size, built - start, builds_seconds) * 1e3,
            "first_ms": (done - start) * 1e3,
            "run_ms": (done - built) * 1e3,
            "memory": held,
            "samples": work.samples,
            "notes": work.notes(result) if work.notes else {},
        }

    def _build_again(self, row: str, size: int, first: float, seconds: float) -> float:
        """Seconds that building takes: the median of as many times as fit, the first being one of them."""
        times = [first]
        while sum(times) + times[-1] < seconds and len(times) < MOST_BUILDS:
            self.also_forget("")
            gc.collect()
            start = clock()
            self.works[row](size)
            times.append(clock() - start)
        return statistics.median(times)

    def measure(self, row: str, size: int, seconds: float, least: int = 1) -> dict[str, Any]:
        """Milliseconds of one run: the lower decile of as many batches as fit, and of at least so many.

        On a machine that others use too, the median tells how crowded the caches of the processor were.
        """
        run, inputs = self.made[row, size].run, self.inputs
        gc.collect()
        end = clock() + seconds
        count, spent = 1, batch(run, inputs, 1)
        while spent < SHORTEST_BATCH:
            count *= 4
            spent = batch(run, inputs, count)
        times = [spent / count]
        while len(times) < least or clock() < end:
            times.append(batch(run, inputs, count) / count)
        return {"ms": sorted(times)[len(times) // 10] * 1e3, "runs": len(times) * count}

    def forget(self, row: str) -> dict[str, Any]:
        """Give up what was made for a row."""
        for key in [key for key in self.made if key[0] == row]:
            del self.made[key]
        self.also_forget(row)
        gc.collect()
        return {}


def release() -> None:
    """Give back to the system what nobody holds: what is then resident is held."""
    gc.collect()
    with suppress(OSError, AttributeError):  # another C library
        ctypes.CDLL(None).malloc_trim(0)


def batch(run: Callable[[float], Any], inputs: Iterator[float], count: int) -> float:
    start = clock()
    for _ in range(count):
        run(next(inputs))
    return clock() - start


def resident() -> int:
    """Bytes of memory of this process; the peak so far where the system tells no better."""
    try:
        with open("/proc/self/statm") as handle:  # noqa: PTH123
            return int(handle.read().split()[1]) * os.sysconf("SC_PAGESIZE")
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def versions() -> dict[str, str]:
    """Versions of what this process has imported."""
    found = {"python": sys.version.split()[0]}
    for name in ("numpy", "pandas", "scipy", "openmdao", "gemseo"):
        module = sys.modules.get(name)
        if module is None:
            continue
        try:
            found[name] = importlib.import_module("importlib.metadata").version(name)
        except ImportError:
            found[name] = "unknown"
    return found


def answer(contender: Contender, request: dict[str, Any]) -> dict[str, Any]:
    """Do what is asked; whatever the contender prints is swallowed."""
    asked = dict(request)
    what = asked.pop("do")
    if what == "versions":
        return versions()
    try:
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            return getattr(contender, what)(**asked)
    except Exception as error:  # noqa: BLE001 - told to whoever asked
        return {"error": f"{type(error).__name__}: {error}"[:500]}


def main() -> None:
    warnings.simplefilter("ignore")
    channel = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # what libraries print must not come between the answers
    contender = Contender(sys.argv[1])
    for line in sys.stdin:
        channel.write(json.dumps(answer(contender, json.loads(line))) + "\n")


if __name__ == "__main__":
    main()
