"""What an execution made."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import pandas as pd

from sostrades_api.engine.numerical import RESIDUALS
from sostrades_api.engine.profile import Profile
from sostrades_api.engine.protection import thaw
from sostrades_api.engine.quick_frozen import quick_frozen
from sostrades_api.engine.tables import own_table
from sostrades_api.engine.tally import Tally

_NAMES_SHOWN = 10


def _some(values: Mapping[str, Any]) -> str:
    """How many values there are, and what the first are called."""
    names = ", ".join(itertools.islice(values, _NAMES_SHOWN))
    return f"{len(values)} values: {names}{', ...' * (len(values) > _NAMES_SHOWN)}"


class ResultValues(Mapping[str, Any]):
    """Outputs by full name; lists, dicts and tables become the reader's own when they are read."""

    __slots__ = ("_made", "_residuals", "_slots")

    def __init__(self, slots: Sequence[Any], made: Mapping[str, int], residuals: "ResidualHistory") -> None:
        self._slots = slots
        self._made = made
        self._residuals = residuals

    def __getitem__(self, name: str) -> Any:
        if name == RESIDUALS:
            return own_table(self._residuals.frame)
        return thaw(self._slots[self._made[name]])

    def __iter__(self) -> Iterator[str]:
        return iter((*self._made, RESIDUALS))

    @property
    def slots(self) -> Sequence[Any]:
        """All values of the plan by slot, inputs too, frozen; for derivatives and warm starts."""
        return self._slots

    def __len__(self) -> int:
        return len(self._made) + 1

    def __repr__(self) -> str:
        return f"{type(self).__name__}({dict(self)!r})"


class PerDiscipline(Mapping[str, Any]):
    """A number a discipline, by path, in order of execution; one of the numbers of a tally."""

    __slots__ = ("_kind", "_numbers", "_places", "_tally")

    def __init__(self, places: Mapping[str, int], tally: Tally, kind: Literal["seconds", "runs"]) -> None:
        self._places = places
        self._tally, self._kind = tally, kind
        self._numbers: Sequence[Any] | None = None

    def __getitem__(self, path: str) -> Any:
        numbers = self._numbers
        if numbers is None:
            numbers = self._numbers = getattr(self._tally, self._kind)
        return numbers[self._places[path]]

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({dict(self)!r})"


class ResidualHistory:
    """One row an iteration of a loop; becomes a table when it is read."""

    def __init__(self, rows: Sequence[tuple[str, int, float]]) -> None:
        self.rows = rows

    @cached_property
    def frame(self) -> pd.DataFrame:
        """Columns loop, iteration, residual."""
        loops, iterations, residuals = zip(*self.rows, strict=True) if self.rows else ((), (), ())
        return pd.DataFrame(
            {
                "loop": pd.Series(loops, dtype="str"),
                "iteration": pd.Series(iterations, dtype="int64"),
                "residual": pd.Series(residuals, dtype="float64"),
            }
        )


@quick_frozen
@dataclass(frozen=True, kw_only=True, eq=False)
class ExecutionResult:
    """What an execution made.

    Attributes:
        values: every output by full name relative to the study.
        converged: false when an unconverged loop was accepted (``allow_unconverged``).
        places: of each discipline's numbers in ``tally``.
        tally: what ``seconds`` and ``runs`` are read from.
        history: the residual of each iteration of each loop.
        total_seconds: of the whole execution, with what the engine did.
        unconverged: every output that depends on an accepted loop that did not converge, by full name.
        unconverged_disciplines: the paths of those who made them, in order of execution.
        unconverged_loops: the accepted loops, as the residuals name them.
        references: what the cache calls the outputs that it gave, by full name.
        saved_seconds: that it once took to make them.
    """

    values: Mapping[str, Any]
    converged: bool
    places: Mapping[str, int]
    tally: Tally
    history: ResidualHistory
    total_seconds: float
    unconverged: tuple[str, ...] = ()
    unconverged_disciplines: tuple[str, ...] = ()
    unconverged_loops: tuple[str, ...] = ()
    references: Mapping[str, str] = field(default_factory=dict)
    saved_seconds: float = 0.0

    def __repr__(self) -> str:
        count, how = len(self.runs), "converged" if self.converged else "not converged"
        ran = f"{count} discipline{'s' * (count != 1)} in {self.total_seconds:.3g} s"
        return f"<{type(self).__name__}: {how}, {ran}, {_some(self.values)}>"

    @cached_property
    def seconds(self) -> Mapping[str, float]:
        """Spent in each discipline itself, all its runs together.

        Where disciplines take less than two microseconds, most runs are clocked as a whole and shared out as
        in the others.
        """
        return PerDiscipline(self.places, self.tally, "seconds")

    @cached_property
    def runs(self) -> Mapping[str, int]:
        """How often each discipline ran; 0 when what it had made before was used again."""
        return PerDiscipline(self.places, self.tally, "runs")

    @cached_property
    def reused(self) -> tuple[str, ...]:
        """The disciplines whose outputs were known and that were not run, in order of execution."""
        return tuple(path for path, count in self.runs.items() if not count)

    @cached_property
    def profile(self) -> Profile:
        """Where the time went."""
        return Profile.of(
            self.seconds,
            self.runs,
            total_seconds=self.total_seconds,
            residuals=self.history.rows,
            reused=frozenset(self.reused),
        )

    @property
    def residuals(self) -> pd.DataFrame:
        """Columns loop (its disciplines), iteration, residual."""
        return own_table(self.history.frame)
