"""What climate change costs."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from sostrades_api.charts import Axis, Chart, ChartFilter
from sostrades_api.disciplines.dice2016r import pictures, tables
from sostrades_api.disciplines.dice2016r.parameters import FILES, parameter
from sostrades_api.disciplines.dice2016r.series import as_table, column, require, years_of
from sostrades_api.engine import Discipline


class Damages(Discipline):
    """Damages are a share ``a1 T + a2 T**a3`` of gross output, T being the warming of the atmosphere in degC.

    ``damages_df`` has that share and the damages in trillion USD of 2010 a year. A share of 1 or more is
    beyond what the function is meant for and is refused; a warming below zero with a fractional ``a3`` too.

    Source: DICE-2016R, equations of DAMFRAC(t) and DAMAGES(t).
    """

    LABEL = "Damages"
    VERSION = "1"
    DATA_FILES = FILES
    DESC_IN = {
        "gross_output_df": tables.GROSS_OUTPUT,
        "temperature_df": tables.TEMPERATURE,
        "a1": parameter("a1", -1.0, 1.0),
        "a2": parameter("a2", -1.0, 1.0),
        "a3": parameter("a3", 0.0, 10.0),
    }
    DESC_OUT = {"damages_df": tables.DAMAGES}

    def run(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """Share and amount of damages over the years of gross output; ValueError if they take all of it."""
        years = years_of(inputs["gross_output_df"])
        output = column(inputs["gross_output_df"], "gross_output", years)
        warming = column(inputs["temperature_df"], "atmosphere", years)
        if not float(inputs["a3"]).is_integer():
            require(
                warming >= 0.0, years, "it is colder than in 1900, where the damage function has no value"
            )
        share = inputs["a1"] * warming + inputs["a2"] * np.power(warming, inputs["a3"])
        require(
            share < 1.0,
            years,
            "climate damages exceed gross output: the damage function is used beyond its sense",
        )
        return {"damages_df": as_table(years, {"damage_share": share, "damages": share * output})}

    def chart_filters(self, values: Mapping[str, Any]) -> tuple[ChartFilter, ...]:  # noqa: ARG002
        """Which charts, up to which year."""
        return pictures.filters(_PICTURES)

    def charts(
        self, values: Mapping[str, Any], selection: pictures.Selection
    ) -> tuple[pictures.Picture, ...]:
        """Damages by year, as a share, and against warming."""
        return pictures.draw(_PICTURES, values, selection)


def _share_chart(values: Mapping[str, Any], frame: pictures.Frame) -> Chart:
    series = [frame.line("Damages", values["damages_df"], "damage_share", scale=100.0)]
    axis = Axis(label="Damages", unit="% of gross output")
    return pictures.over_years("Climate damages, share of output", axis, series, section="Damages")


def _amount_chart(values: Mapping[str, Any], frame: pictures.Frame) -> Chart:
    series = [frame.line("Damages", values["damages_df"], "damages", kind=pictures.BAR)]
    axis = Axis(label="Damages", unit="trillion USD of 2010 a year")
    return pictures.over_years("Climate damages", axis, series, section="Damages", show_legend=False)


def _function_chart(values: Mapping[str, Any], frame: pictures.Frame) -> Chart:
    warming = frame.line("", values["temperature_df"], "atmosphere").y
    share = frame.line("", values["damages_df"], "damage_share", scale=100.0).y
    return Chart(
        title="Damages against warming",
        x_axis=Axis(label="Temperature increase of the atmosphere", unit="°C"),
        y_axis=Axis(label="Damages", unit="% of gross output"),
        series=(pictures.points("One period", warming, share),),
        section="Damages",
        show_legend=False,
    )


_PICTURES: dict[str, pictures.Draw] = {
    "Climate damages, share of output": _share_chart,
    "Climate damages": _amount_chart,
    "Damages against warming": _function_chart,
}
