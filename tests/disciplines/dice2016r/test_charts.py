"""Charts of the DICE-2016R disciplines: their numbers are the outputs' numbers, every axis says its unit."""

import math

import numpy as np
import pytest

from sostrades_api.charts import Chart, SeriesKind, Table
from sostrades_api.processes.catalogue import get, plan_of

PATHS = tuple(get("dice2016r").disciplines)


@pytest.fixture(scope="module")
def outputs():
    return plan_of("dice2016r").execute({}).values


def defaults(path, values):
    return {
        chosen.key: chosen.selected for chosen in plan_of("dice2016r").discipline(path).chart_filters(values)
    }


def draw(path, outputs, **selection):
    values = plan_of("dice2016r").short_values(path, outputs)
    return plan_of("dice2016r").discipline(path).charts(values, {**defaults(path, values), **selection})


def picture(path, outputs, title, **selection):
    (found,) = [drawn for drawn in draw(path, outputs, **selection) if drawn.title == title]
    return found


def numbers_of(drawn):
    if isinstance(drawn, Table):
        return {column.label: column.values for column in drawn.columns}
    return {series.name: series.y for series in drawn.series}


# By picture and series: the column of a table that it shows, and the factor to the axis's unit.
LINES = {
    ("Economy.Population", "World population"): {
        "Population": ("Economy.population_df", "population", 1),
    },
    ("Economy.Population", "Total factor productivity"): {
        "Total factor productivity": ("Economy.productivity_df", "productivity", 1),
    },
    ("Economy.GrossEconomy", "Gross world output"): {
        "Gross output": ("Economy.gross_output_df", "gross_output", 1),
    },
    ("Economy.GrossEconomy", "Capital and investment"): {
        "Capital": ("Economy.capital_df", "capital", 1),
        "Investment (right)": ("Economy.investment_df", "investment", 1),
    },
    ("Emissions", "CO2 emissions by source"): {
        "Industry and energy": ("Emissions.emissions_df", "industrial", 1),
        "Land use": ("Emissions.emissions_df", "land", 1),
    },
    ("Emissions", "Total CO2 emissions"): {
        "Total emissions": ("Emissions.emissions_df", "total", 1),
    },
    ("Emissions", "Cumulative industrial emissions"): {
        "Cumulative emissions": ("Emissions.emissions_df", "cumulative", 1),
    },
    ("Emissions", "Mitigation rate and carbon intensity"): {
        "Carbon intensity without mitigation (right)": (
            "Emissions.carbon_intensity_df",
            "carbon_intensity",
            1,
        ),
    },
    ("Climate.CarbonCycle", "Carbon in the atmosphere"): {
        "Atmosphere": ("Climate.carbon_df", "atmosphere", 1),
    },
    ("Climate.CarbonCycle", "Carbon by reservoir"): {
        "Deep ocean": ("Climate.carbon_df", "deep_ocean", 1),
        "Biosphere and upper ocean": ("Climate.carbon_df", "upper_ocean", 1),
    },
    ("Climate.RadiativeForcing", "Radiative forcing by cause"): {
        "CO2": ("Climate.forcing_df", "co2", 1),
        "Other gases and aerosols": ("Climate.forcing_df", "other", 1),
    },
    ("Climate.RadiativeForcing", "Total radiative forcing"): {
        "Total forcing": ("Climate.forcing_df", "total", 1),
    },
    ("Climate.Temperature", "Temperature increase since 1900"): {
        "Atmosphere": ("Climate.temperature_df", "atmosphere", 1),
        "Deep ocean": ("Climate.temperature_df", "ocean", 1),
    },
    ("Economy.Damages", "Climate damages, share of output"): {
        "Damages": ("Economy.damages_df", "damage_share", 100),
    },
    ("Economy.Damages", "Climate damages"): {
        "Damages": ("Economy.damages_df", "damages", 1),
    },
    ("Economy.NetEconomy", "Gross output, net output and consumption"): {
        "Net output": ("Economy.net_output_df", "net_output", 1),
        "Consumption": ("Economy.consumption_df", "consumption", 1),
    },
    ("Economy.NetEconomy", "Uses of net output"): {
        "Investment": ("Economy.investment_df", "investment", 1),
    },
    ("Economy.NetEconomy", "Cost of climate change and of abatement"): {
        "Abatement": ("Economy.net_output_df", "abatement_share", 100),
    },
    ("Economy.NetEconomy", "Carbon price"): {
        "Carbon price": ("Economy.carbon_price_df", "carbon_price", 1),
    },
    ("Economy.Welfare", "Consumption per head"): {
        "Consumption per head": ("Economy.Welfare.welfare_df", "consumption_a_head", 0.001),
    },
    ("Economy.Welfare", "Discounted utility by period"): {
        "All people": ("Economy.Welfare.welfare_df", "discounted_utility", 1),
    },
}


@pytest.mark.parametrize(("path", "title"), LINES)
def test_a_series_shows_the_output_of_its_name(outputs, path, title):
    chart = picture(path, outputs, title)
    for series, (table, column, scale) in LINES[path, title].items():
        (drawn,) = [found for found in chart.series if found.name == series]
        assert drawn.x == outputs[table]["year"].tolist()
        assert drawn.y == (outputs[table][column] * scale).tolist()


def test_the_mitigation_chart_shows_the_policy_of_the_study(outputs):
    policy = plan_of("dice2016r").variables["Policy.mitigation_df"].default.assign(mitigation_rate=0.5)
    chart = picture(
        "Emissions", {**outputs, "Policy.mitigation_df": policy}, "Mitigation rate and carbon intensity"
    )
    assert chart.series[0].y == [50.0] * 100


@pytest.mark.parametrize("path", PATHS)
def test_every_picture_is_whole(path, outputs):
    for drawn in draw(path, outputs):
        assert drawn.title
        assert drawn.section
        columns = list(numbers_of(drawn).values())
        assert columns
        assert len(set(map(len, columns))) == 1
        assert all(math.isfinite(number) for values in columns for number in values)


@pytest.mark.parametrize("path", PATHS)
def test_every_filter_value_is_a_picture_and_every_picture_a_filter_value(path, outputs):
    values = plan_of("dice2016r").short_values(path, outputs)
    charts, period = plan_of("dice2016r").discipline(path).chart_filters(values)
    titles = tuple(drawn.title for drawn in draw(path, outputs))
    assert charts.values == charts.selected == titles
    assert len(set(titles)) == len(titles)
    for title in titles:
        assert [drawn.title for drawn in draw(path, outputs, charts=(title,))] == [title]
    assert draw(path, outputs, charts=()) == ()
    assert not period.multiple


@pytest.mark.parametrize("path", PATHS)
def test_the_filter_of_years_cuts_every_picture(path, outputs):
    for drawn in draw(path, outputs, period=("To 2100",)):
        if isinstance(drawn, Table):
            assert max(drawn.columns[0].values) <= 2100
        elif drawn.x_axis.label == "Year":
            assert max(max(series.x) for series in drawn.series) <= 2100


@pytest.mark.parametrize("path", PATHS)
def test_charts_are_drawn_without_any_selection_and_for_a_short_horizon(path):
    short = plan_of("dice2016r").execute({"year_end": 2020})
    values = plan_of("dice2016r").short_values(path, {"year_end": 2020, **short.values})
    assert plan_of("dice2016r").discipline(path).charts(values, {})


def test_every_kind_of_picture_is_there(outputs):
    drawn = [picture for path in PATHS for picture in draw(path, outputs)]
    kinds = {series.kind for chart in drawn if isinstance(chart, Chart) for series in chart.series}
    assert {SeriesKind.LINES, SeriesKind.BAR, SeriesKind.AREA} <= kinds
    assert any(isinstance(picture, Table) for picture in drawn)
    assert any(isinstance(chart, Chart) and chart.stacked for chart in drawn)
    assert {picture.title for picture in drawn if picture.key_chart} == {
        "CO2 emissions by source",
        "Carbon in the atmosphere",
        "Temperature increase since 1900",
        "Gross output, net output and consumption",
        "Cost of climate change and of abatement",
        "Consumption per head",
    }


def test_stacked_emissions_sum_to_the_total(outputs):
    chart = picture("Emissions", outputs, "CO2 emissions by source")
    summed = np.sum([series.y for series in chart.series], axis=0)
    np.testing.assert_allclose(summed, outputs["Emissions.emissions_df"]["total"], rtol=1e-12)


def test_the_growth_chart_shows_yearly_rates(outputs):
    chart = picture("Economy.GrossEconomy", outputs, "Growth of gross output")
    output = outputs["Economy.gross_output_df"]["gross_output"]
    assert chart.series[0].y[0] == pytest.approx(100 * ((output[1] / output[0]) ** 0.2 - 1))
    assert len(chart.series[0].y) == 99


def test_the_pace_of_warming_is_by_decade(outputs):
    chart = picture("Climate.Temperature", outputs, "Pace of warming")
    warming = outputs["Climate.temperature_df"]["atmosphere"]
    assert chart.series[0].y[0] == pytest.approx(2 * (warming[1] - warming[0]))


def test_damages_are_drawn_against_the_warming_that_causes_them(outputs):
    chart = picture("Economy.Damages", outputs, "Damages against warming")
    assert chart.series[0].x == outputs["Climate.temperature_df"]["atmosphere"].tolist()
    assert chart.x_axis.unit == "°C"


def test_the_accounts_table_adds_up(outputs):
    columns = numbers_of(picture("Economy.NetEconomy", outputs, "National accounts of the world"))
    left = np.array(columns["Gross output"]) - columns["Damages"] - columns["Abatement cost"]
    np.testing.assert_allclose(left, columns["Net output"], rtol=1e-12)
    np.testing.assert_allclose(
        np.add(columns["Investment"], columns["Consumption"]), columns["Net output"], rtol=1e-12
    )
    assert columns["Year"][0] == 2015
    assert columns["Year"][-1] == 2510


def test_an_own_population_is_drawn_without_the_asymptote_it_does_not_have(outputs):
    own = {"Economy.Population.own_population": outputs["Economy.population_df"]}
    chart = picture("Economy.Population", {**outputs, **own}, "World population")
    assert [series.name for series in chart.series] == ["Population"]
