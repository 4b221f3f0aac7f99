"""Temperature of the atmosphere and of the deep ocean."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from sostrades_api.charts import Axis, Chart, ChartFilter, Table, TableColumn
from sostrades_api.disciplines.dice2016r import pictures, tables
from sostrades_api.disciplines.dice2016r.forcing import FCO22X
from sostrades_api.disciplines.dice2016r.parameters import FILES, parameter
from sostrades_api.disciplines.dice2016r.series import Values, as_table, column, years_of
from sostrades_api.engine import Discipline


class Temperature(Discipline):
    """The atmosphere warms towards the equilibrium of its forcing and loses heat to the deep ocean.

    ``temperature_df`` is the increase over 1900 in degC.

    Source: DICE-2016R, equations of TATM(t) and TOCEAN(t).
    """

    LABEL = "Climate"
    VERSION = "1"
    DATA_FILES = FILES
    DESC_IN = {
        "forcing_df": tables.FORCING,
        "fco22x": FCO22X,
        "t2xco2": parameter("t2xco2", 0.1, 20.0),
        "tatm0": parameter("tatm0", -5.0, 10.0),
        "tocean0": parameter("tocean0", -5.0, 10.0),
        "c1": parameter("c1", 0.0, 1.0),
        "c3": parameter("c3", 0.0, 1.0),
        "c4": parameter("c4", 0.0, 1.0),
    }
    DESC_OUT = {"temperature_df": tables.TEMPERATURE}

    def run(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """Both temperatures over the years of the forcing."""
        years = years_of(inputs["forcing_df"])
        atmosphere, ocean = _temperatures(inputs, column(inputs["forcing_df"], "total", years))
        return {"temperature_df": as_table(years, {"atmosphere": atmosphere, "ocean": ocean})}

    def chart_filters(self, values: Mapping[str, Any]) -> tuple[ChartFilter, ...]:  # noqa: ARG002
        """Which charts, up to which year."""
        return pictures.filters(_PICTURES)

    def charts(
        self, values: Mapping[str, Any], selection: pictures.Selection
    ) -> tuple[pictures.Picture, ...]:
        """Temperatures, the decadal warming and a table."""
        return pictures.draw(_PICTURES, values, selection)


def _temperatures(inputs: Mapping[str, Any], forcing: Values) -> tuple[Values, Values]:
    c1, c3, c4 = (inputs[name] for name in ("c1", "c3", "c4"))
    feedback = inputs["fco22x"] / inputs["t2xco2"]
    air, sea = [inputs["tatm0"]], [inputs["tocean0"]]
    for forced in forcing[1:].tolist():
        warmer, cooler = air[-1], sea[-1]
        air.append(warmer + c1 * (forced - feedback * warmer - c3 * (warmer - cooler)))
        sea.append(cooler + c4 * (warmer - cooler))
    return np.array(air), np.array(sea)


def _temperature_chart(values: Mapping[str, Any], frame: pictures.Frame) -> Chart:
    table = values["temperature_df"]
    return pictures.over_years(
        "Temperature increase since 1900",
        Axis(label="Temperature increase", unit="°C", from_zero=True),
        [frame.line("Atmosphere", table, "atmosphere"), frame.line("Deep ocean", table, "ocean")],
        key_chart=True,
        section="Temperature",
    )


def _warming_chart(values: Mapping[str, Any], frame: pictures.Frame) -> Chart:
    table = values["temperature_df"]
    years = table["year"].to_numpy()
    rates = table.iloc[:-1][["year"]].assign(
        warming=10.0 * np.diff(table["atmosphere"].to_numpy()) / np.diff(years)
    )
    series = [frame.line("Atmosphere", rates, "warming", kind=pictures.BAR)]
    axis = Axis(label="Warming", unit="°C/decade")
    return pictures.over_years("Pace of warming", axis, series, section="Temperature", show_legend=False)


def _milestones(values: Mapping[str, Any], frame: pictures.Frame) -> Table:
    rows = frame.milestones(values["temperature_df"])
    return Table(
        title="Temperature by year",
        section="Temperature",
        columns=(
            TableColumn(label="Year", values=rows["year"].tolist()),
            TableColumn(label="Atmosphere", unit="°C", values=rows["atmosphere"].tolist()),
            TableColumn(label="Deep ocean", unit="°C", values=rows["ocean"].tolist()),
        ),
    )


_PICTURES: dict[str, pictures.Draw] = {
    "Temperature increase since 1900": _temperature_chart,
    "Pace of warming": _warming_chart,
    "Temperature by year": _milestones,
}
