"""Welfare of all generations."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from sostrades_api.charts import Axis, Chart, ChartFilter, Table, TableColumn
from sostrades_api.disciplines.dice2016r import pictures, tables
from sostrades_api.disciplines.dice2016r.parameters import FILES, parameter
from sostrades_api.disciplines.dice2016r.series import (
    YEARS_A_PERIOD,
    Values,
    as_table,
    column,
    period_of,
    require,
    years_of,
)
from sostrades_api.engine import Discipline


class Welfare(Discipline):
    """Welfare is the discounted sum of the utility that people have of their consumption.

    ``welfare_df`` has, by year: consumption per head in USD of 2010 a year, the utility of one person (of
    consumption per head in thousand USD), the discount factor of utility, and the discounted utility of all.
    ``welfare`` is their scaled sum, without unit. With ``elasmu`` of 1, utility is the logarithm.

    Source: DICE-2016R, equations of CPC(t), PERIODU(t), CEMUTOTPER(t), RR(t) and UTILITY.
    """

    LABEL = "Welfare"
    VERSION = "1"
    DATA_FILES = FILES
    DESC_IN = {
        "consumption_df": tables.CONSUMPTION,
        "population_df": tables.POPULATION,
        "elasmu": parameter("elasmu", 0.0, 10.0),
        "prstp": parameter("prstp", -0.05, 0.5),
        "scale1": parameter("scale1", 1e-12, 1e6),
        "scale2": parameter("scale2", -1e9, 1e9),
    }
    DESC_OUT = {
        "welfare_df": tables.WELFARE,
        "welfare": {
            "type": "float",
            "unit": "-",
            "label": "Welfare",
            "description": "Discounted utility of all generations, scaled; the larger the better",
        },
    }

    def run(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """Utility by year, and welfare; ValueError if there is nothing to consume."""
        years = years_of(inputs["consumption_df"])
        population = column(inputs["population_df"], "population", years)
        consumption = column(inputs["consumption_df"], "consumption", years)
        require(consumption > 0.0, years, "there is nothing to consume, and utility has no value")
        a_head = 1000.0 * consumption / population
        utility = _utility(a_head, inputs["elasmu"]) - 1.0
        discount = (1.0 + inputs["prstp"]) ** (-YEARS_A_PERIOD * period_of(years))
        discounted = utility * population * discount
        columns = {
            "consumption_a_head": 1000.0 * a_head,
            "utility": utility,
            "discount_factor": discount,
            "discounted_utility": discounted,
        }
        welfare = YEARS_A_PERIOD * inputs["scale1"] * discounted.sum() + inputs["scale2"]
        return {"welfare_df": as_table(years, columns), "welfare": float(welfare)}

    def chart_filters(self, values: Mapping[str, Any]) -> tuple[ChartFilter, ...]:  # noqa: ARG002
        """Which charts, up to which year."""
        return pictures.filters(_PICTURES)

    def charts(
        self, values: Mapping[str, Any], selection: pictures.Selection
    ) -> tuple[pictures.Picture, ...]:
        """Consumption per head, discounted utility, and welfare in figures."""
        return pictures.draw(_PICTURES, values, selection)


def _utility(a_head: Values, elasticity: float) -> Values:
    """Utility of consumption per head in thousand USD a year, zero at 1."""
    # expm1 keeps all digits where the elasticity is close to 1, and its limit there is the logarithm.
    exponent = 1.0 - elasticity
    return np.log(a_head) if exponent == 0.0 else np.expm1(exponent * np.log(a_head)) / exponent


def _consumption_chart(values: Mapping[str, Any], frame: pictures.Frame) -> Chart:
    series = [frame.line("Consumption per head", values["welfare_df"], "consumption_a_head", scale=1e-3)]
    axis = Axis(label="Consumption per head", unit="thousand USD of 2010 a year", from_zero=True)
    return pictures.over_years("Consumption per head", axis, series, key_chart=True, section="Welfare")


def _utility_chart(values: Mapping[str, Any], frame: pictures.Frame) -> Chart:
    series = [frame.line("All people", values["welfare_df"], "discounted_utility", kind=pictures.BAR)]
    axis = Axis(label="Discounted utility")
    return pictures.over_years(
        "Discounted utility by period", axis, series, section="Welfare", show_legend=False
    )


def _welfare_table(values: Mapping[str, Any], frame: pictures.Frame) -> Table:
    rows = frame.milestones(values["welfare_df"])
    return Table(
        title="Welfare in figures",
        section="Welfare",
        description=f"Welfare of all periods: {values['welfare']:.6g}",
        columns=(
            TableColumn(label="Year", values=rows["year"].tolist()),
            TableColumn(
                label="Consumption per head",
                unit="2010 USD/year",
                values=rows["consumption_a_head"].tolist(),
            ),
            TableColumn(label="Utility of one person", values=rows["utility"].tolist()),
            TableColumn(label="Discount factor", values=rows["discount_factor"].tolist()),
            TableColumn(label="Discounted utility of all", values=rows["discounted_utility"].tolist()),
        ),
    )


_PICTURES: dict[str, pictures.Draw] = {
    "Consumption per head": _consumption_chart,
    "Discounted utility by period": _utility_chart,
    "Welfare in figures": _welfare_table,
}
