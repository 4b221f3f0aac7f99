"""Radiative forcing."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from sostrades_api.charts import Axis, Chart, ChartFilter
from sostrades_api.disciplines.dice2016r import pictures, tables
from sostrades_api.disciplines.dice2016r.carbon_cycle import MATEQ
from sostrades_api.disciplines.dice2016r.parameters import FILES, parameter
from sostrades_api.disciplines.dice2016r.series import (
    FIRST_YEAR,
    Values,
    as_table,
    column,
    given_or,
    years_of,
)
from sostrades_api.engine import Discipline

FCO22X = parameter("fco22x", 0.1, 20.0, namespace="ns_climate")

# fex1 is the forcing of this year and all later ones.
LAST_YEAR_OF_CHANGE = 2100


class RadiativeForcing(Discipline):
    """Forcing of CO2 grows with the logarithm of its concentration; the rest goes straight from 2015 to 2100.

    ``forcing_df`` is in W/m2, relative to the equilibrium carbon ``mateq``.

    Source: DICE-2016R, equations of FORC(t) and FORCOTH(t).
    """

    LABEL = "Radiative forcing"
    VERSION = "1"
    DATA_FILES = FILES
    DESC_IN = {
        "carbon_df": tables.CARBON,
        "mateq": MATEQ,
        "fco22x": FCO22X,
        "fex0": parameter("fex0", -10.0, 10.0),
        "fex1": parameter("fex1", -10.0, 10.0),
        "own_other_forcing": tables.own_series(
            "Forcing of non-CO2 gases", name="other", unit="W/m**2", limits=(-10.0, 10.0)
        ),
    }
    DESC_OUT = {"forcing_df": tables.FORCING}

    def run(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """Forcing by CO2, by everything else, and by both, over the years of the carbon."""
        years = years_of(inputs["carbon_df"])
        atmosphere = column(inputs["carbon_df"], "atmosphere", years)
        co2 = inputs["fco22x"] * np.log2(atmosphere / inputs["mateq"])
        other = given_or(
            inputs["own_other_forcing"], name="other", years=years, computed=lambda: _other(inputs, years)
        )
        return {"forcing_df": as_table(years, {"co2": co2, "other": other, "total": co2 + other})}

    def chart_filters(self, values: Mapping[str, Any]) -> tuple[ChartFilter, ...]:  # noqa: ARG002
        """Which charts, up to which year."""
        return pictures.filters(_PICTURES)

    def charts(
        self, values: Mapping[str, Any], selection: pictures.Selection
    ) -> tuple[pictures.Picture, ...]:
        """Forcing by cause."""
        return pictures.draw(_PICTURES, values, selection)


def _other(inputs: Mapping[str, Any], years: Values) -> Values:
    share = np.minimum((years - FIRST_YEAR) / (LAST_YEAR_OF_CHANGE - FIRST_YEAR), 1.0)
    return inputs["fex0"] + (inputs["fex1"] - inputs["fex0"]) * share


def _forcing_chart(values: Mapping[str, Any], frame: pictures.Frame) -> Chart:
    table = values["forcing_df"]
    return pictures.over_years(
        "Radiative forcing by cause",
        Axis(label="Forcing", unit="W/m2", from_zero=True),
        [
            frame.line("CO2", table, "co2", kind=pictures.AREA),
            frame.line("Other gases and aerosols", table, "other", kind=pictures.AREA),
        ],
        stacked=True,
        section="Forcing",
    )


def _total_chart(values: Mapping[str, Any], frame: pictures.Frame) -> Chart:
    table = values["forcing_df"]
    series = [
        frame.line("Total forcing", table, "total"),
        frame.constant("Doubling of CO2", table, values["fco22x"]),
    ]
    return pictures.over_years(
        "Total radiative forcing",
        Axis(label="Forcing", unit="W/m2", from_zero=True),
        series,
        section="Forcing",
    )


_PICTURES: dict[str, pictures.Draw] = {
    "Radiative forcing by cause": _forcing_chart,
    "Total radiative forcing": _total_chart,
}
