"""What disciplines took in one execution, and how often they ran."""

from collections.abc import Sequence
from threading import Lock
from typing import Any

_MOST_WAITING = 1000


class Tally:
    """Seconds and runs of each discipline, by its number in the order of execution.

    Runs that were clocked as a whole wait to be shared out until somebody reads, in whatever thread, which
    most executions are spared: it would take a tenth as long as the runs themselves.
    """

    __slots__ = ("_lock", "_runs", "_seconds", "_waiting")

    def __init__(self, total: int) -> None:
        self._seconds = [0.0] * total
        self._runs = [0] * total
        self._waiting: list[tuple[Any, float, Sequence[float]]] = []
        self._lock = Lock()

    def add_together(self, block: Any, seconds: float, shares: Sequence[float]) -> None:
        """One run of all disciplines of a block, and the share of each in what the whole took."""
        self._waiting.append((block, seconds, shares))
        if len(self._waiting) > _MOST_WAITING:
            self._share_out()

    @property
    def seconds(self) -> list[float]:
        """Spent in each discipline itself, all its runs together."""
        if self._waiting:
            self._share_out()
        return self._seconds

    @property
    def runs(self) -> list[int]:
        """How often each discipline ran."""
        if self._waiting:
            self._share_out()
        return self._runs

    def _share_out(self) -> None:
        with self._lock:
            count = len(self._waiting)  # there may be more at any time
            sums: dict[int, tuple[Any, float, Sequence[float], int]] = {}
            for block, seconds, shares in self._waiting[:count]:
                _, before, _, times = sums.get(id(shares), (block, 0.0, shares, 0))
                sums[id(shares)] = block, before + seconds, shares, times + 1
            for block, seconds, shares, times in sums.values():
                for node, share in zip(block.nodes, shares, strict=True):
                    self._seconds[node.index] += share * seconds
                    self._runs[node.index] += times
            del self._waiting[:count]
