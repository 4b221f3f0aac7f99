"""Population and total factor productivity."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from sostrades_api.charts import Axis, Chart, ChartFilter
from sostrades_api.disciplines.dice2016r import pictures, tables
from sostrades_api.disciplines.dice2016r.parameters import FILES, parameter
from sostrades_api.disciplines.dice2016r.series import (
    YEARS_A_PERIOD,
    Values,
    as_table,
    given_or,
    period_of,
    periods_to,
)
from sostrades_api.engine import Discipline


class Population(Discipline):
    """Population tends to an asymptote, productivity grows at a declining rate.

    Outputs are tables by year: ``population_df`` in million people, ``productivity_df`` without unit. A
    user's own series, where given, replace the computed ones.

    Source: DICE-2016R, equations of L(t), GA(t) and AL(t).
    """

    LABEL = "Population and productivity"
    VERSION = "1"
    DATA_FILES = FILES
    DESC_IN = {
        "year_end": {
            "type": "int",
            "unit": "year",
            "default": 2510,
            "possible_values": list(range(2020, 2511, YEARS_A_PERIOD)),
            "namespace": "ns_dice",
            "label": "Last year",
            "description": "First year of the last five-year period",
        },
        "pop0": parameter("pop0", 1.0, 20_000.0),
        "popadj": parameter("popadj", 0.0, 1.0),
        "popasym": parameter("popasym", 1.0, 50_000.0),
        "a0": parameter("a0", 0.1, 50.0),
        "ga0": parameter("ga0", -0.2, 0.4),
        "dela": parameter("dela", 0.0, 1.0),
        "own_population": tables.own_series(
            "Population", name="population", unit="million", limits=(1.0, 50_000.0)
        ),
        "own_productivity": tables.own_series(
            "Productivity", name="productivity", unit="-", limits=(0.01, 1e4)
        ),
    }
    DESC_OUT = {"population_df": tables.POPULATION, "productivity_df": tables.PRODUCTIVITY}

    def run(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """Both series over the periods up to ``year_end``."""
        years = periods_to(inputs["year_end"])
        population = given_or(
            inputs["own_population"],
            name="population",
            years=years,
            computed=lambda: _population(inputs, years),
        )
        productivity = given_or(
            inputs["own_productivity"],
            name="productivity",
            years=years,
            computed=lambda: _productivity(inputs, years),
        )
        return {
            "population_df": as_table(years, {"population": population}),
            "productivity_df": as_table(years, {"productivity": productivity}),
        }

    def chart_filters(self, values: Mapping[str, Any]) -> tuple[ChartFilter, ...]:  # noqa: ARG002
        """Which charts, up to which year."""
        return pictures.filters(_PICTURES)

    def charts(
        self, values: Mapping[str, Any], selection: pictures.Selection
    ) -> tuple[pictures.Picture, ...]:
        """Population, productivity and their growth."""
        return pictures.draw(_PICTURES, values, selection)


def _population(inputs: Mapping[str, Any], years: Values) -> Values:
    people = [inputs["pop0"]]
    for _ in years[1:]:
        people.append(people[-1] * (inputs["popasym"] / people[-1]) ** inputs["popadj"])
    return np.array(people)


def _productivity(inputs: Mapping[str, Any], years: Values) -> Values:
    growth = inputs["ga0"] * np.exp(-inputs["dela"] * YEARS_A_PERIOD * period_of(years[:-1]))
    return inputs["a0"] * np.cumprod(np.concatenate([[1.0], 1.0 / (1.0 - growth)]))


def _population_chart(values: Mapping[str, Any], frame: pictures.Frame) -> Chart:
    table = values["population_df"]
    series = [frame.line("Population", table, "population", kind=pictures.AREA)]
    if values["own_population"].empty:
        series.append(frame.constant("Asymptote", table, values["popasym"]))
    return pictures.over_years(
        "World population",
        Axis(label="Population", unit="million", from_zero=True),
        series,
        section="Population and productivity",
    )


def _productivity_chart(values: Mapping[str, Any], frame: pictures.Frame) -> Chart:
    series = [frame.line("Total factor productivity", values["productivity_df"], "productivity")]
    axis = Axis(label="Productivity", from_zero=True)
    return pictures.over_years(
        "Total factor productivity", axis, series, section="Population and productivity"
    )


def _growth_chart(values: Mapping[str, Any], frame: pictures.Frame) -> Chart:
    series = [
        frame.line("Population", pictures.growth(values["population_df"], "population"), "growth"),
        frame.line("Productivity", pictures.growth(values["productivity_df"], "productivity"), "growth"),
    ]
    return pictures.over_years(
        "Growth rates", Axis(label="Growth", unit="%/year"), series, section="Population and productivity"
    )


_PICTURES: dict[str, pictures.Draw] = {
    "World population": _population_chart,
    "Total factor productivity": _productivity_chart,
    "Growth rates": _growth_chart,
}
