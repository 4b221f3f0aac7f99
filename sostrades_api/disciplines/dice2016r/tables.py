"""Descriptors of the tables that disciplines exchange, each written once for producer and consumers."""

from typing import Any

import pandas as pd

from sostrades_api.disciplines.dice2016r.parameters import exogenous

MONEY = "trillion 2010 USD/year"
CARBON_INTENSITY_UNIT = "GtCO2/(trillion 2010 USD)"

Columns = dict[str, tuple[str, str]]


def table(label: str, columns: Columns, **more: Any) -> dict[str, Any]:
    """Descriptor of a table by year; ``columns`` is unit and meaning by name."""
    year = {"type": "int", "unit": "year", "description": "First year of the period"}
    described = {
        name: {"type": "float", "unit": unit, "description": text} for name, (unit, text) in columns.items()
    }
    return {
        "type": "dataframe",
        "unit": None,
        "label": label,
        "description": "; ".join(f"{name}: {text} [{unit}]" for name, (unit, text) in columns.items()),
        "dataframe_descriptor": {"year": year, **described},
        **more,
    }


def own_series(label: str, *, name: str, unit: str, limits: tuple[float, float]) -> dict[str, Any]:
    """Descriptor of a table that replaces a computed series once it has rows; by default it has none."""
    nothing = pd.DataFrame({"year": pd.Series(dtype="int64"), name: pd.Series(dtype="float64")})
    meaning = f"{label} to use instead of the computed series; no rows: it is computed"
    described = table(f"{label} (own series)", {name: (unit, meaning)}, default=nothing)
    described["dataframe_descriptor"][name]["range"] = list(limits)
    return described


def policy(label: str, *, column: str, text: str, high: float) -> dict[str, Any]:
    """Descriptor of a policy table: a share of one by year, with the base run's values."""
    described = table(label, {column: ("-", text)}, namespace="ns_policy")
    described["dataframe_descriptor"][column]["range"] = [0.0, high]
    source = {"mitigation_rate": "miu"}.get(column, column)
    published = exogenous()
    described["default"] = pd.DataFrame({"year": published["year"], column: published[source]})
    return described


MITIGATION = policy(
    "Mitigation rate", column="mitigation_rate", text="Share of industrial emissions avoided", high=1.2
)
SAVINGS = policy("Savings rate", column="savings_rate", text="Share of net output that is invested", high=1.0)

POPULATION = table("Population", {"population": ("million", "People alive")}, namespace="ns_economy")
PRODUCTIVITY = table(
    "Productivity", {"productivity": ("-", "Total factor productivity")}, namespace="ns_economy"
)
GROSS_OUTPUT = table(
    "Gross output",
    {"gross_output": (MONEY, "World output before damages and abatement")},
    namespace="ns_economy",
)
CAPITAL = table(
    "Capital",
    {"capital": ("trillion 2010 USD", "Capital stock at the start of the period")},
    namespace="ns_economy",
)
INVESTMENT = table("Investment", {"investment": (MONEY, "Gross investment")}, namespace="ns_economy")
# The loop starts from an economy that invests nothing: from there warming, and so damages, only grow.
INVESTMENT_TO_START = {
    **INVESTMENT,
    "default": pd.DataFrame({"year": exogenous()["year"], "investment": 0.0}),
}
CONSUMPTION = table("Consumption", {"consumption": (MONEY, "World consumption")}, namespace="ns_economy")
DAMAGES = table(
    "Damages",
    {
        "damage_share": ("-", "Damages as a share of gross output"),
        "damages": (MONEY, "Output lost to climate change"),
    },
    namespace="ns_economy",
)
NET_OUTPUT = table(
    "Net output",
    {
        "abatement_share": ("-", "Abatement cost as a share of gross output"),
        "abatement_cost": (MONEY, "Cost of avoiding emissions"),
        "net_output": (MONEY, "Output after damages and abatement"),
    },
    namespace="ns_economy",
)
EMISSIONS = table(
    "Emissions",
    {
        "industrial": ("GtCO2/year", "CO2 of industry and energy"),
        "land": ("GtCO2/year", "CO2 of land use"),
        "total": ("GtCO2/year", "Both"),
        "cumulative": ("GtC", "Industrial carbon emitted before the period"),
    },
    namespace="ns_emissions",
)
CARBON_INTENSITY = table(
    "Carbon intensity",
    {"carbon_intensity": (CARBON_INTENSITY_UNIT, "Emissions without mitigation a unit of gross output")},
    namespace="ns_emissions",
)
CARBON = table(
    "Carbon",
    {
        "atmosphere": ("GtC", "Carbon in the atmosphere"),
        "upper_ocean": ("GtC", "Carbon in the biosphere and upper ocean"),
        "deep_ocean": ("GtC", "Carbon in the deep ocean"),
    },
    namespace="ns_climate",
)
FORCING = table(
    "Radiative forcing",
    {
        "co2": ("W/m**2", "Forcing of CO2 since 1750"),
        "other": ("W/m**2", "Forcing of everything else"),
        "total": ("W/m**2", "Both"),
    },
    namespace="ns_climate",
)
TEMPERATURE = table(
    "Temperature",
    {
        "atmosphere": ("degC", "Increase of the atmospheric temperature since 1900"),
        "ocean": ("degC", "Increase of the deep ocean temperature since 1900"),
    },
    namespace="ns_climate",
)
CARBON_PRICE = table(
    "Carbon price",
    {
        "backstop_price": ("2010 USD/tCO2", "Price at which no CO2 is emitted"),
        "carbon_price": ("2010 USD/tCO2", "Marginal cost of abatement"),
    },
    namespace="ns_economy",
)
WELFARE = table(
    "Welfare by period",
    {
        "consumption_a_head": ("2010 USD/year", "Consumption per head"),
        "utility": ("-", "Utility of one person"),
        "discount_factor": ("-", "Weight of a period's utility"),
        "discounted_utility": ("-", "Utility of all people, discounted"),
    },
)
