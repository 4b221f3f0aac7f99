"""Where the time of an execution went: each discipline's own share, and the engine's."""

import resource
import sys
from collections import Counter
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass

import pandas as pd

# Linux counts in KiB, macOS in bytes
_PEAK_UNIT = 1 if sys.platform == "darwin" else 1024


@dataclass(frozen=True, kw_only=True)
class DisciplineProfile:
    """One discipline of a profile.

    Attributes:
        path: where it stands.
        seconds: spent in its ``run``, all runs together.
        runs: how often it ran; in a loop, once an iteration and more for derivatives by steps.
        share: of the whole execution's time, from 0 to 1.
        iterations: of the innermost loop that it is in, all solves together; None outside loops, and of a
            loop that was not solved, for what it makes was known.
        reused: whether what it makes was known, so that it did not run.
    """

    path: str
    seconds: float
    runs: int
    share: float
    iterations: int | None = None
    reused: bool = False


@dataclass(frozen=True, kw_only=True)
class Profile:
    """The profile of an execution.

    Attributes:
        disciplines: in order of execution.
        total_seconds: of the whole execution.
        discipline_seconds: spent in the disciplines themselves.
        engine_share: all other time (order, checks, residuals, solvers) of the total, from 0 to 1.
        peak_memory_bytes: the most memory that the process has held so far, so of its largest execution.
    """

    disciplines: tuple[DisciplineProfile, ...]
    total_seconds: float
    discipline_seconds: float
    engine_share: float
    peak_memory_bytes: int

    @classmethod
    def of(
        cls,
        seconds: Mapping[str, float],
        runs: Mapping[str, int],
        *,
        total_seconds: float,
        residuals: Iterable[tuple[str, int, float]] = (),
        reused: Container[str] = (),
    ) -> "Profile":
        """The profile of these times and counts by path, and of the rows of the residual history."""
        spent = sum(seconds.values())
        whole = total_seconds or 1.0
        iterations = _iterations(residuals)
        return cls(
            disciplines=tuple(
                DisciplineProfile(
                    path=path,
                    seconds=seconds[path],
                    runs=runs[path],
                    share=seconds[path] / whole,
                    iterations=None if path in reused else iterations.get(path),
                    reused=path in reused,
                )
                for path in seconds
            ),
            total_seconds=total_seconds,
            discipline_seconds=spent,
            engine_share=min(max(1.0 - spent / whole, 0.0), 1.0),
            peak_memory_bytes=peak_memory(),
        )

    def to_frame(self) -> pd.DataFrame:
        """Columns discipline, runs, seconds, share; the most time first."""
        rows = sorted(self.disciplines, key=lambda row: -row.seconds)
        return pd.DataFrame(
            {
                "discipline": pd.Series([row.path for row in rows], dtype="str"),
                "runs": pd.Series([row.runs for row in rows], dtype="int64"),
                "seconds": pd.Series([row.seconds for row in rows], dtype="float64"),
                "share": pd.Series([row.share for row in rows], dtype="float64"),
            }
        )


def _iterations(residuals: Iterable[tuple[str, int, float]]) -> dict[str, int]:
    """By path; a loop's label names its disciplines, the label of one inside fewer of them."""
    counts = Counter(label for label, _, _ in residuals)
    found = {}
    for label in sorted(counts, key=lambda label: -len(label)):
        found |= dict.fromkeys(label.split(", "), counts[label])
    return found


def peak_memory() -> int:
    """The most memory, in bytes, that this process has held so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _PEAK_UNIT
