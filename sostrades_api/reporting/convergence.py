"""How well the loops of an execution converged, out of its residual history."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from sostrades_api.charts import Axis, Chart, Series, SeriesKind
from sostrades_api.reporting.figures import figure_dict


@dataclass(frozen=True, kw_only=True)
class LoopOutcome:
    """A loop of coupled disciplines: how many iterations it took and how far from the solution it ended."""

    name: str
    iterations: int
    residual: float
    tolerance: float

    @property
    def converged(self) -> bool:
        """Whether the last residual is within the tolerance; NaN is not."""
        return self.residual <= self.tolerance


def loop_outcomes(history: pd.DataFrame | None, *, tolerance: float) -> tuple[LoopOutcome, ...]:
    """One outcome a loop, out of a table with the columns ``loop``, ``iteration`` and ``residual``."""
    if history is None or history.empty:
        return ()
    return tuple(
        LoopOutcome(
            name=str(name),
            iterations=int(rows["iteration"].nunique()),
            residual=float(rows["residual"].iloc[-1]),
            tolerance=tolerance,
        )
        for name, rows in history.groupby("loop", sort=False)
    )


def convergence_figure(history: pd.DataFrame | None, *, tolerance: float) -> dict[str, Any] | None:
    """The residual of every loop by iteration, on a logarithmic axis; None without a loop."""
    if history is None or history.empty:
        return None
    series = [
        Series(
            name=str(name), x=rows["iteration"], y=_drawable(rows["residual"]), kind=SeriesKind.LINES_MARKERS
        )
        for name, rows in history.groupby("loop", sort=False)
    ]
    last = int(history["iteration"].max())
    first = int(history["iteration"].min())
    limit = Series(name="Tolerance", x=[first, last], y=[tolerance, tolerance])
    return figure_dict(
        Chart(
            title="Residuals of the coupling loops",
            x_axis=Axis(label="Iteration"),
            y_axis=Axis(label="Scaled residual", unit="-", log=True),
            series=(*series, limit),
        )
    )


def _drawable(residuals: Sequence[float]) -> list[float | None]:
    """A logarithmic axis has no zero: an exact solution leaves a gap."""
    return [value if value > 0 else None for value in residuals]
