"""Capital accumulation and gross output."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from sostrades_api.charts import Axis, Chart, ChartFilter
from sostrades_api.disciplines.dice2016r import pictures, tables
from sostrades_api.disciplines.dice2016r.parameters import FILES, parameter
from sostrades_api.disciplines.dice2016r.series import YEARS_A_PERIOD, Values, as_table, column, years_of
from sostrades_api.engine import Discipline


class GrossEconomy(Discipline):
    """Capital depreciates and is invested in; output is Cobb-Douglas in capital and labour.

    ``investment_df`` is coupled: a period's investment depends on its output net of climate damages, and
    makes the next period's capital. Money is in trillion USD of 2010.

    Source: DICE-2016R, equations of K(t) and YGROSS(t).
    """

    LABEL = "Gross economy"
    VERSION = "1"
    DATA_FILES = FILES
    DESC_IN = {
        "population_df": tables.POPULATION,
        "productivity_df": tables.PRODUCTIVITY,
        "investment_df": tables.INVESTMENT_TO_START,
        "gama": parameter("gama", 0.0, 1.0),
        "dk": parameter("dk", 0.0, 1.0),
        "k0": parameter("k0", 0.1, 10_000.0),
    }
    DESC_OUT = {"capital_df": tables.CAPITAL, "gross_output_df": tables.GROSS_OUTPUT}

    def run(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """Capital and gross output over the years of the population."""
        years = years_of(inputs["population_df"])
        population = column(inputs["population_df"], "population", years)
        productivity = column(inputs["productivity_df"], "productivity", years)
        investment = column(inputs["investment_df"], "investment", years)
        capital = _capital(investment, start=inputs["k0"], depreciation=inputs["dk"])
        gama = inputs["gama"]
        output = productivity * (population / 1000.0) ** (1.0 - gama) * capital**gama
        return {
            "capital_df": as_table(years, {"capital": capital}),
            "gross_output_df": as_table(years, {"gross_output": output}),
        }

    def chart_filters(self, values: Mapping[str, Any]) -> tuple[ChartFilter, ...]:  # noqa: ARG002
        """Which charts, up to which year."""
        return pictures.filters(_PICTURES)

    def charts(
        self, values: Mapping[str, Any], selection: pictures.Selection
    ) -> tuple[pictures.Picture, ...]:
        """Output and its growth, capital and investment."""
        return pictures.draw(_PICTURES, values, selection)


def _capital(investment: Values, *, start: float, depreciation: float) -> Values:
    kept = (1.0 - depreciation) ** YEARS_A_PERIOD
    capital = [start]
    for invested in investment[:-1].tolist():
        capital.append(kept * capital[-1] + YEARS_A_PERIOD * invested)
    return np.array(capital)


def _output_chart(values: Mapping[str, Any], frame: pictures.Frame) -> Chart:
    series = [frame.line("Gross output", values["gross_output_df"], "gross_output")]
    axis = Axis(label="Gross output", unit="trillion USD of 2010 a year", from_zero=True)
    return pictures.over_years("Gross world output", axis, series, section="Output and capital")


def _growth_chart(values: Mapping[str, Any], frame: pictures.Frame) -> Chart:
    rates = pictures.growth(values["gross_output_df"], "gross_output")
    series = [frame.line("Gross output", rates, "growth", kind=pictures.BAR)]
    axis = Axis(label="Growth", unit="%/year")
    return pictures.over_years(
        "Growth of gross output", axis, series, section="Output and capital", show_legend=False
    )


def _capital_chart(values: Mapping[str, Any], frame: pictures.Frame) -> Chart:
    return pictures.over_years(
        "Capital and investment",
        Axis(label="Capital", unit="trillion USD of 2010", from_zero=True),
        [
            frame.line("Capital", values["capital_df"], "capital"),
            frame.line("Investment (right)", values["investment_df"], "investment", secondary=True),
        ],
        secondary_y_axis=Axis(label="Investment", unit="trillion USD of 2010 a year", from_zero=True),
        section="Output and capital",
    )


_PICTURES: dict[str, pictures.Draw] = {
    "Gross world output": _output_chart,
    "Growth of gross output": _growth_chart,
    "Capital and investment": _capital_chart,
}
