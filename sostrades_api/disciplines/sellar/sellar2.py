"""Second discipline of the Sellar problem."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from sostrades_api.charts import Axis, Chart, Series, SeriesKind
from sostrades_api.disciplines.sellar.variables import Y_1, Y_2, Z_1, Z_2
from sostrades_api.engine import Discipline


class Sellar2(Discipline):
    """``y_2 = sqrt(y_1) + z_1 + z_2``; all are dimensionless scalars.

    The root is taken of zero where ``y_1`` is negative, which a loop may pass through on its way; a solution
    there violates constraint 1 by far.

    Source: Sellar et al. (1996), second contributing analysis.
    """

    LABEL = "Sellar discipline 2"
    DESC_IN = {"z_1": Z_1, "z_2": Z_2, "y_1": {**Y_1, "default": 1.0}}
    DESC_OUT = {"y_2": Y_2}

    def run(self, inputs: Mapping[str, Any]) -> dict[str, float]:
        """Return ``y_2``."""
        return {"y_2": response(inputs, y_1=inputs["y_1"])}

    def jacobian(self, inputs: Mapping[str, Any]) -> dict[tuple[str, str], float]:
        """Return the derivatives of ``y_2``; zero with respect to ``y_1`` where the root is cut off."""
        y_1 = inputs["y_1"]
        return {
            ("y_2", "z_1"): 1.0,
            ("y_2", "z_2"): 1.0,
            ("y_2", "y_1"): 0.5 / math.sqrt(y_1) if y_1 > 0.0 else 0.0,
        }

    def charts(
        self,
        values: Mapping[str, Any],
        selection: Mapping[str, tuple[str, ...]],  # noqa: ARG002 - there is nothing to choose
    ) -> Sequence[Chart]:
        """Show how ``y_2`` answers to ``y_1`` here."""
        # Dense near zero, where the root is steep.
        abscissas = (max(2.0 * abs(values["y_1"]), 1.0) * np.linspace(0.0, 1.0, 51) ** 2).tolist()
        return (
            Chart(
                title="Response of discipline 2",
                section="Coupling",
                x_axis=Axis(label="y1", unit="-"),
                y_axis=Axis(label="y2", unit="-"),
                series=(
                    Series(name="y2(y1)", x=abscissas, y=[response(values, y_1=y_1) for y_1 in abscissas]),
                    Series(name="Solution", x=[values["y_1"]], y=[values["y_2"]], kind=SeriesKind.SCATTER),
                ),
            ),
        )


def response(inputs: Mapping[str, Any], *, y_1: float) -> float:
    """Return ``y_2`` for this ``y_1``."""
    return math.sqrt(0.0 if y_1 < 0.0 else y_1) + inputs["z_1"] + inputs["z_2"]
