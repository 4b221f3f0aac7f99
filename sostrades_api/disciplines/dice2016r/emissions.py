"""Carbon intensity and CO2 emissions."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from sostrades_api.charts import Axis, Chart, ChartFilter, Line
from sostrades_api.disciplines.dice2016r import pictures, tables
from sostrades_api.disciplines.dice2016r.parameters import FILES, parameter
from sostrades_api.disciplines.dice2016r.series import (
    YEARS_A_PERIOD,
    Values,
    as_table,
    column,
    given_or,
    period_of,
    require,
    years_of,
)
from sostrades_api.engine import Discipline

# Tonnes of CO2 a tonne of carbon, with the digits that DICE-2016R uses.
CO2_PER_CARBON = 3.666


class Emissions(Discipline):
    """Industry emits in proportion to gross output and to what mitigation leaves; land use declines alone.

    The carbon intensity of 2015 is calibrated so that industry emits ``e0`` in 2015, whatever that year's
    mitigation rate: emissions of the first period are history, mitigation acts from the second on.

    Source: DICE-2016R, equations of SIGMA(t), EIND(t), ETREE(t), E(t) and CCA(t).
    """

    LABEL = "Emissions"
    VERSION = "1"
    DATA_FILES = FILES
    DESC_IN = {
        "gross_output_df": tables.GROSS_OUTPUT,
        "mitigation_df": tables.MITIGATION,
        "e0": parameter("e0", 0.001, 1000.0),
        "gsigma1": parameter("gsigma1", -0.2, 0.1),
        "dsig": parameter("dsig", -0.1, 0.1),
        "eland0": parameter("eland0", -50.0, 100.0),
        "deland": parameter("deland", 0.0, 1.0),
        "cca0": parameter("cca0", 0.0, 10_000.0),
        "own_land_emissions": tables.own_series(
            "Land emissions", name="land", unit="GtCO2/year", limits=(-100.0, 100.0)
        ),
    }
    DESC_OUT = {"carbon_intensity_df": tables.CARBON_INTENSITY, "emissions_df": tables.EMISSIONS}

    def run(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """Carbon intensity and emissions by year; ValueError if 2015 is fully mitigated."""
        years = years_of(inputs["gross_output_df"])
        output = column(inputs["gross_output_df"], "gross_output", years)
        emitted = 1.0 - column(inputs["mitigation_df"], "mitigation_rate", years)
        require(
            emitted[:1] > 0.0, years, "the mitigation rate must be below 1: e0 was emitted in that period"
        )
        intensity = inputs["e0"] / (output[0] * emitted[0]) * _relative_intensity(inputs, years)
        industrial = intensity * output * emitted
        land = given_or(
            inputs["own_land_emissions"],
            name="land",
            years=years,
            computed=lambda: inputs["eland0"] * (1.0 - inputs["deland"]) ** period_of(years),
        )
        cumulative = np.cumsum(np.concatenate([[inputs["cca0"]], carbon_of_period(industrial[:-1])]))
        emissions = {
            "industrial": industrial,
            "land": land,
            "total": industrial + land,
            "cumulative": cumulative,
        }
        return {
            "carbon_intensity_df": as_table(years, {"carbon_intensity": intensity}),
            "emissions_df": as_table(years, emissions),
        }

    def chart_filters(self, values: Mapping[str, Any]) -> tuple[ChartFilter, ...]:  # noqa: ARG002
        """Which charts, up to which year."""
        return pictures.filters(_PICTURES)

    def charts(
        self, values: Mapping[str, Any], selection: pictures.Selection
    ) -> tuple[pictures.Picture, ...]:
        """Emissions by source, mitigation, carbon intensity, cumulative emissions."""
        return pictures.draw(_PICTURES, values, selection)


def _relative_intensity(inputs: Mapping[str, Any], years: Values) -> Values:
    """Carbon intensity without mitigation, as a share of that of 2015."""
    growth = inputs["gsigma1"] * (1.0 + inputs["dsig"]) ** (YEARS_A_PERIOD * period_of(years[:-1]))
    return np.exp(np.cumsum(np.concatenate([[0.0], YEARS_A_PERIOD * growth])))


def carbon_of_period(emissions: Values) -> Values:
    """GtC of a whole period, of GtCO2 a year."""
    return emissions * YEARS_A_PERIOD / CO2_PER_CARBON


def _emissions_chart(values: Mapping[str, Any], frame: pictures.Frame) -> Chart:
    table = values["emissions_df"]
    return pictures.over_years(
        "CO2 emissions by source",
        Axis(label="Emissions", unit="GtCO2/year"),
        [
            frame.line("Industry and energy", table, "industrial", kind=pictures.AREA),
            frame.line("Land use", table, "land", kind=pictures.AREA),
        ],
        stacked=True,
        key_chart=True,
        section="Emissions",
    )


def _total_chart(values: Mapping[str, Any], frame: pictures.Frame) -> Chart:
    series = [frame.line("Total emissions", values["emissions_df"], "total", kind=pictures.BAR)]
    axis = Axis(label="Emissions", unit="GtCO2/year")
    return pictures.over_years("Total CO2 emissions", axis, series, section="Emissions", show_legend=False)


def _cumulative_chart(values: Mapping[str, Any], frame: pictures.Frame) -> Chart:
    series = [frame.line("Cumulative emissions", values["emissions_df"], "cumulative")]
    axis = Axis(label="Emitted since industrialisation", unit="GtC")
    return pictures.over_years("Cumulative industrial emissions", axis, series, section="Emissions")


def _mitigation_chart(values: Mapping[str, Any], frame: pictures.Frame) -> Chart:
    return pictures.over_years(
        "Mitigation rate and carbon intensity",
        Axis(label="Mitigation rate", unit="%", from_zero=True),
        [
            frame.line("Mitigation rate", values["mitigation_df"], "mitigation_rate", scale=100.0),
            frame.line(
                "Carbon intensity without mitigation (right)",
                values["carbon_intensity_df"],
                "carbon_intensity",
                secondary=True,
                line=Line.DASH,
            ),
        ],
        secondary_y_axis=Axis(label="Carbon intensity", unit="kgCO2/USD of 2010", from_zero=True),
        section="Emissions",
    )


_PICTURES: dict[str, pictures.Draw] = {
    "CO2 emissions by source": _emissions_chart,
    "Total CO2 emissions": _total_chart,
    "Cumulative industrial emissions": _cumulative_chart,
    "Mitigation rate and carbon intensity": _mitigation_chart,
}
