"""First discipline of the Sellar problem."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from sostrades_api.charts import Axis, Chart, Series, SeriesKind
from sostrades_api.disciplines.sellar.variables import Y_1, Y_2, Z_1, Z_2, X
from sostrades_api.engine import Discipline


class Sellar1(Discipline):
    """``y_1 = z_1^2 + z_2 + x - 0.2 y_2``; all are dimensionless scalars.

    Source: Sellar et al. (1996), first contributing analysis.
    """

    LABEL = "Sellar discipline 1"
    DESC_IN = {"x": X, "z_1": Z_1, "z_2": Z_2, "y_2": {**Y_2, "default": 1.0}}
    DESC_OUT = {"y_1": Y_1}

    def run(self, inputs: Mapping[str, Any]) -> dict[str, float]:
        """Return ``y_1``."""
        return {"y_1": response(inputs, y_2=inputs["y_2"])}

    def jacobian(self, inputs: Mapping[str, Any]) -> dict[tuple[str, str], float]:
        """Return the derivatives of ``y_1``."""
        return {
            ("y_1", "x"): 1.0,
            ("y_1", "z_1"): 2.0 * inputs["z_1"],
            ("y_1", "z_2"): 1.0,
            ("y_1", "y_2"): -0.2,
        }

    def charts(
        self,
        values: Mapping[str, Any],
        selection: Mapping[str, tuple[str, ...]],  # noqa: ARG002 - there is nothing to choose
    ) -> Sequence[Chart]:
        """Show how ``y_1`` answers to ``y_2`` here."""
        abscissas = np.linspace(0.0, max(2.0 * abs(values["y_2"]), 1.0), 51).tolist()
        return (
            Chart(
                title="Response of discipline 1",
                section="Coupling",
                x_axis=Axis(label="y2", unit="-"),
                y_axis=Axis(label="y1", unit="-"),
                series=(
                    Series(name="y1(y2)", x=abscissas, y=[response(values, y_2=y_2) for y_2 in abscissas]),
                    Series(name="Solution", x=[values["y_2"]], y=[values["y_1"]], kind=SeriesKind.SCATTER),
                ),
            ),
        )


def response(inputs: Mapping[str, Any], *, y_2: float) -> float:
    """Return ``y_1`` for this ``y_2``."""
    return inputs["z_1"] ** 2 + inputs["z_2"] + inputs["x"] - 0.2 * y_2
