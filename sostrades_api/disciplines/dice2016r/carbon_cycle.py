"""The carbon cycle of three reservoirs."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from sostrades_api.charts import Axis, Chart, ChartFilter
from sostrades_api.disciplines.dice2016r import pictures, tables
from sostrades_api.disciplines.dice2016r.emissions import carbon_of_period
from sostrades_api.disciplines.dice2016r.parameters import FILES, parameter
from sostrades_api.disciplines.dice2016r.series import Values, as_table, column, require, years_of
from sostrades_api.engine import Discipline

MATEQ = parameter("mateq", 1.0, 5000.0, namespace="ns_climate")


class CarbonCycle(Discipline):
    """Emitted carbon goes to the atmosphere, from there to the upper ocean and to the deep ocean.

    ``carbon_df`` is what each reservoir holds at the start of a period, in GtC. Transfers are linear, and
    such that the equilibrium ``mateq``, ``mueq``, ``mleq`` stays as it is without emissions.

    Source: DICE-2016R, equations of MAT(t), MU(t) and ML(t).
    """

    LABEL = "Carbon cycle"
    VERSION = "1"
    DATA_FILES = FILES
    DESC_IN = {
        "emissions_df": tables.EMISSIONS,
        "mat0": parameter("mat0", 1.0, 10_000.0),
        "mu0": parameter("mu0", 1.0, 10_000.0),
        "ml0": parameter("ml0", 1.0, 100_000.0),
        "mateq": MATEQ,
        "mueq": parameter("mueq", 1.0, 5000.0),
        "mleq": parameter("mleq", 1.0, 50_000.0),
        "b12": parameter("b12", 0.0, 1.0),
        "b23": parameter("b23", 0.0, 1.0),
    }
    DESC_OUT = {"carbon_df": tables.CARBON}

    def run(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """Carbon in the three reservoirs over the years of the emissions; ValueError if one is emptied."""
        years = years_of(inputs["emissions_df"])
        emitted = carbon_of_period(column(inputs["emissions_df"], "total", years))
        carbon = _reservoirs(
            emitted, transfer_matrix(inputs), [inputs[name] for name in ("mat0", "mu0", "ml0")]
        )
        require(carbon.min(axis=1) > 0.0, years, "more carbon has left a reservoir than it held")
        names = ("atmosphere", "upper_ocean", "deep_ocean")
        return {"carbon_df": as_table(years, dict(zip(names, carbon.T, strict=True)))}

    def chart_filters(self, values: Mapping[str, Any]) -> tuple[ChartFilter, ...]:  # noqa: ARG002
        """Which charts, up to which year."""
        return pictures.filters(_PICTURES)

    def charts(
        self, values: Mapping[str, Any], selection: pictures.Selection
    ) -> tuple[pictures.Picture, ...]:
        """Carbon in the atmosphere and in all reservoirs."""
        return pictures.draw(_PICTURES, values, selection)


def transfer_matrix(inputs: Mapping[str, Any]) -> Values:
    """Share of reservoir (column) that is in reservoir (row) a period later; columns sum to 1."""
    b12, b23 = inputs["b12"], inputs["b23"]
    b21 = b12 * inputs["mateq"] / inputs["mueq"]
    b32 = b23 * inputs["mueq"] / inputs["mleq"]
    return np.array([[1.0 - b12, b21, 0.0], [b12, 1.0 - b21 - b23, b32], [0.0, b23, 1.0 - b32]])


def _reservoirs(emitted: Values, transfer: Values, start: list[float]) -> Values:
    """GtC by period (row) and reservoir (column)."""
    carbon = np.empty((len(emitted), 3))
    carbon[0] = start
    for period in range(len(emitted) - 1):
        carbon[period + 1] = transfer @ carbon[period]
        carbon[period + 1, 0] += emitted[period]
    return carbon


def _atmosphere_chart(values: Mapping[str, Any], frame: pictures.Frame) -> Chart:
    table = values["carbon_df"]
    return pictures.over_years(
        "Carbon in the atmosphere",
        Axis(label="Carbon", unit="GtC", from_zero=True),
        [
            frame.line("Atmosphere", table, "atmosphere"),
            frame.constant("Equilibrium", table, values["mateq"]),
        ],
        key_chart=True,
        section="Carbon",
    )


def _reservoirs_chart(values: Mapping[str, Any], frame: pictures.Frame) -> Chart:
    table = values["carbon_df"]
    return pictures.over_years(
        "Carbon by reservoir",
        Axis(label="Carbon", unit="GtC", from_zero=True),
        [
            frame.line("Deep ocean", table, "deep_ocean", kind=pictures.AREA),
            frame.line("Biosphere and upper ocean", table, "upper_ocean", kind=pictures.AREA),
            frame.line("Atmosphere", table, "atmosphere", kind=pictures.AREA),
        ],
        stacked=True,
        section="Carbon",
    )


_PICTURES: dict[str, pictures.Draw] = {
    "Carbon in the atmosphere": _atmosphere_chart,
    "Carbon by reservoir": _reservoirs_chart,
}
