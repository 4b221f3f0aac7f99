"""How well the loops of an execution converged, out of its residual history."""

from collections.abc import Callable, Sequence
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
    converged: bool


def loop_outcomes(
    history: pd.DataFrame | None, *, tolerance: float, is_unconverged: Callable[[str], bool]
) -> tuple[LoopOutcome, ...]:
    """One outcome a loop, out of a table with the columns ``loop``, ``iteration`` and ``residual``.

    Whether a loop has converged is what its execution said, by its name: its tolerance and scaling may be its
    own, and nobody judges a second time.
    """
    if history is None or history.empty:
        return ()
    return tuple(
        LoopOutcome(
            name=name,
            iterations=len(set(iterations)),
            residual=residuals[-1],
            tolerance=tolerance,
            converged=not is_unconverged(name),
        )
        for name, iterations, residuals in _loops(history)
    )


def convergence_figure(history: pd.DataFrame | None, *, tolerance: float) -> dict[str, Any] | None:
    """The residual of every loop by iteration, on a logarithmic axis; None without a loop."""
    if history is None or history.empty:
        return None
    loops = _loops(history)
    series = [
        Series(name=name, x=iterations, y=_drawable(residuals), kind=SeriesKind.LINES_MARKERS)
        for name, iterations, residuals in loops
    ]
    reached = [iteration for _, iterations, _ in loops for iteration in iterations]
    limit = Series(name="Tolerance", x=[min(reached), max(reached)], y=[tolerance, tolerance])
    return figure_dict(
        Chart(
            title="Residuals of the coupling loops",
            x_axis=Axis(label="Iteration"),
            y_axis=Axis(label="Scaled residual", unit="-", log=True),
            series=(*series, limit),
        )
    )


def _loops(history: pd.DataFrame) -> list[tuple[str, list[int], list[float]]]:
    """Name, iterations and residuals of each loop, in the order in which they were solved."""
    loops: dict[str, tuple[list[int], list[float]]] = {}
    columns = (history[name].tolist() for name in ("loop", "iteration", "residual"))
    for name, iteration, residual in zip(*columns, strict=True):
        iterations, residuals = loops.setdefault(str(name), ([], []))
        iterations.append(int(iteration))
        residuals.append(float(residual))
    return [(name, iterations, residuals) for name, (iterations, residuals) in loops.items()]


def _drawable(residuals: Sequence[float]) -> list[float | None]:
    """A logarithmic axis has no zero: an exact solution leaves a gap."""
    return [value if value > 0 else None for value in residuals]
