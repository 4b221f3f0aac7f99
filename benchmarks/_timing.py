"""How the benchmarks of the platform take the time of something."""

import statistics
import time
from collections.abc import Callable


def median_ms(action: Callable[[], object], *, repeats: int) -> float:
    """Milliseconds of wall clock, once warm."""
    action()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        action()
        times.append((time.perf_counter() - start) * 1e3)
    return statistics.median(times)
