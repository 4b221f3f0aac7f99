"""What disciplines took in one execution, and how often they ran."""

from collections import defaultdict
from collections.abc import Sequence
from threading import Lock
from typing import Any

_MOST_WAITING = 1000
_Numbers = Any
"""By number of the discipline: a list, or a dict of those that ran."""


class Tally:
    """Seconds and runs of each discipline, by its number in the order of execution.

    Runs that were clocked as a whole wait to be shared out until somebody reads, which most executions are
    spared: it would take a tenth as long as the runs themselves. Numbers read while disciplines run may miss
    a run.

    Args:
        total: of all disciplines.
        few: most of them will not run, and have no place until they do.

    Attributes:
        single: seconds of the runs that were clocked one by one.
        counts: how many those were.
    """

    __slots__ = ("_lock", "_total", "_waiting", "counts", "single")

    single: _Numbers
    counts: _Numbers

    def __init__(self, total: int, *, few: bool = False) -> None:
        self._total = total if few else None
        self.single = defaultdict(float) if few else [0.0] * total
        self.counts = defaultdict(int) if few else [0] * total
        self._waiting: list[tuple[Sequence[int], float, Sequence[float]]] = []
        self._lock = Lock()

    def add_together(self, places: Sequence[int], seconds: float, shares: Sequence[float]) -> None:
        """One run of all disciplines at these places, and the share of each in what the whole took."""
        self._waiting.append((places, seconds, shares))
        if len(self._waiting) > _MOST_WAITING:
            self._share_out()

    @property
    def seconds(self) -> list[float]:
        """Spent in each discipline itself, all its runs together."""
        if self._waiting:
            self._share_out()
        return self._listed(self.single)

    @property
    def runs(self) -> list[int]:
        """How often each discipline ran."""
        if self._waiting:
            self._share_out()
        return self._listed(self.counts)

    def _listed(self, numbers: _Numbers) -> list[Any]:
        return numbers if self._total is None else [numbers.get(place, 0) for place in range(self._total)]

    def _share_out(self) -> None:
        with self._lock:
            count = len(self._waiting)  # there may be more at any time
            sums: dict[int, tuple[Sequence[int], float, Sequence[float], int]] = {}
            for places, seconds, shares in self._waiting[:count]:
                _, before, _, times = sums.get(id(shares), (places, 0.0, shares, 0))
                sums[id(shares)] = places, before + seconds, shares, times + 1
            for places, seconds, shares, times in sums.values():
                for place, share in zip(places, shares, strict=True):
                    self.single[place] += share * seconds
                    self.counts[place] += times
            del self._waiting[:count]
