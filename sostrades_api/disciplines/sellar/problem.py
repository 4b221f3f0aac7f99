"""Objective and constraints of the Sellar problem."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from sostrades_api.charts import Axis, Chart, ChartFilter, Series, SeriesKind, Table, TableColumn
from sostrades_api.disciplines.sellar.variables import Y_1, Y_2, Z_1, Z_2, X, output
from sostrades_api.engine import Discipline

Y_1_MIN = 3.16
Y_2_MAX = 24.0
_PICTURES = ("Objective by term", "Constraints", "Design and solution")


class SellarProblem(Discipline):
    """``objective = x^2 + z_2 + y_1 + exp(-y_2)``, ``c_1 = 3.16 - y_1 <= 0``, ``c_2 = y_2 - 24 <= 0``.

    All are dimensionless scalars.

    Source: Sellar et al. (1996); the constraints in the form ``c <= 0``, not divided by their limits.
    """

    LABEL = "Objective and constraints"
    DESC_IN = {"x": X, "z_1": Z_1, "z_2": Z_2, "y_1": Y_1, "y_2": Y_2}
    DESC_OUT = {
        "objective": output("Objective", "To be minimised"),
        "c_1": output("Constraint 1", "3.16 - y1: satisfied when not above zero"),
        "c_2": output("Constraint 2", "y2 - 24: satisfied when not above zero"),
    }

    def run(self, inputs: Mapping[str, Any]) -> dict[str, float]:
        """Return the objective and both constraints."""
        return {
            "objective": sum(_terms(inputs).values()),
            "c_1": Y_1_MIN - inputs["y_1"],
            "c_2": inputs["y_2"] - Y_2_MAX,
        }

    def jacobian(self, inputs: Mapping[str, Any]) -> dict[tuple[str, str], float]:
        """Return the derivatives of the objective and both constraints."""
        return {
            ("objective", "x"): 2.0 * inputs["x"],
            ("objective", "z_2"): 1.0,
            ("objective", "y_1"): 1.0,
            ("objective", "y_2"): -math.exp(-inputs["y_2"]),
            ("c_1", "y_1"): -1.0,
            ("c_2", "y_2"): 1.0,
        }

    def chart_filters(self, values: Mapping[str, Any]) -> Sequence[ChartFilter]:  # noqa: ARG002
        """Which pictures."""
        return (ChartFilter(key="charts", name="Charts", values=_PICTURES, selected=_PICTURES),)

    def charts(
        self, values: Mapping[str, Any], selection: Mapping[str, tuple[str, ...]]
    ) -> Sequence[Chart | Table]:
        """Show the objective's terms, the constraints, and all numbers in a table."""
        drawn = (_objective_chart(values), _constraint_chart(values), _table(values))
        chosen = selection.get("charts", _PICTURES)
        return tuple(picture for picture in drawn if picture.title in chosen)


def _terms(inputs: Mapping[str, Any]) -> dict[str, float]:
    return {
        "x²": inputs["x"] ** 2,
        "z2": inputs["z_2"],
        "y1": inputs["y_1"],
        "exp(-y2)": math.exp(-inputs["y_2"]),
    }


def _objective_chart(values: Mapping[str, Any]) -> Chart:
    terms = _terms(values)
    return Chart(
        title="Objective by term",
        section="Optimisation problem",
        key_chart=True,
        x_axis=Axis(label="Term"),
        y_axis=Axis(label="Contribution", unit="-", from_zero=True),
        series=(Series(name="Objective", x=list(terms), y=list(terms.values()), kind=SeriesKind.BAR),),
        show_legend=False,
        description=f"The objective is {values['objective']:.6g}.",
    )


def _constraint_chart(values: Mapping[str, Any]) -> Chart:
    return Chart(
        title="Constraints",
        section="Optimisation problem",
        x_axis=Axis(label="Constraint"),
        y_axis=Axis(label="Value, satisfied when not above zero", unit="-"),
        series=(
            Series(
                name="Value",
                x=["3.16 - y1", "y2 - 24"],
                y=[values["c_1"], values["c_2"]],
                kind=SeriesKind.BAR,
            ),
        ),
        show_legend=False,
    )


def _table(values: Mapping[str, Any]) -> Table:
    labels = {
        "x": "x",
        "z_1": "z1",
        "z_2": "z2",
        "y_1": "y1",
        "y_2": "y2",
        "objective": "Objective",
        "c_1": "Constraint 1",
        "c_2": "Constraint 2",
    }
    return Table(
        title="Design and solution",
        section="Optimisation problem",
        columns=(
            TableColumn(label="Variable", values=list(labels.values())),
            TableColumn(label="Value", unit="-", values=[values[name] for name in labels]),
        ),
    )
