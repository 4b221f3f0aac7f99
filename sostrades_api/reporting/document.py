"""What a report says, before it is HTML: frozen data."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from sostrades_api.reporting.convergence import LoopOutcome
from sostrades_api.reporting.selection import FilterableCharts


@dataclass(frozen=True, kw_only=True)
class InputRow:
    """One input of the study: value and default as text, unit, and whether it differs from the default."""

    name: str
    label: str
    value: str
    unit: str
    changed: bool
    default: str = ""


@dataclass(frozen=True, kw_only=True)
class InputGroup:
    """The inputs at one node of the study."""

    name: str
    rows: tuple[InputRow, ...]


@dataclass(frozen=True, kw_only=True)
class DisciplineCharts:
    """The charts of one discipline; ``error`` says that its charts could not be drawn.

    ``converged`` is false when what they show depends on a loop that did not converge.
    """

    name: str
    label: str
    charts: FilterableCharts
    error: str | None = None
    converged: bool = True


@dataclass(frozen=True, kw_only=True)
class Report:
    """Everything on the page."""

    study_name: str
    process_name: str
    process_label: str
    status: str
    executed_at: dt.datetime | None
    seconds: float | None
    requested_by: str | None
    changed_since: bool
    loops: tuple[LoopOutcome, ...]
    inputs: tuple[InputGroup, ...]
    disciplines: tuple[DisciplineCharts, ...]
    convergence_chart: dict[str, Any] | None = None
    failed_since: str | None = None
    converged: bool | None = None  # as the execution said; None without results
    unconverged_disciplines: tuple[str, ...] = ()  # whose results depend on a loop that did not converge
    solving: tuple[InputRow, ...] | None = (
        None  # changed numerical parameters; None for who may not read values
    )
    documentation_url: str | None = None  # of the process, on the server that made the report

    @property
    def changed_inputs(self) -> tuple[InputRow, ...]:
        """Inputs that differ from their defaults."""
        return tuple(row for group in self.inputs for row in group.rows if row.changed)

    @property
    def input_count(self) -> int:
        """Number of inputs."""
        return sum(len(group.rows) for group in self.inputs)

    @property
    def unconverged(self) -> tuple[LoopOutcome, ...]:
        """Loops that did not converge."""
        return tuple(loop for loop in self.loops if not loop.converged)
