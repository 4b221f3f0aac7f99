"""What is left of gross output, and what it is used for."""

from collections.abc import Mapping
from typing import Any

from sostrades_api.charts import Axis, Chart, ChartFilter, Line, Table, TableColumn
from sostrades_api.disciplines.dice2016r import pictures, tables
from sostrades_api.disciplines.dice2016r.parameters import FILES, parameter
from sostrades_api.disciplines.dice2016r.series import as_table, column, period_of, require, years_of
from sostrades_api.engine import Discipline

MONEY_A_YEAR = "trillion USD of 2010 a year"


class NetEconomy(Discipline):
    """Net output is gross output less damages and abatement; a share of it is invested, the rest consumed.

    All tables are by year, in trillion USD of 2010 a year; ``carbon_price_df`` is in USD of 2010 a tonne of
    CO2, the marginal abatement cost. Net output of zero or less is refused.

    Source: DICE-2016R, equations of PBACKTIME(t), COST1(t), ABATECOST(t), MCABATE(t), YNET(t), Y(t),
    I(t) and C(t).
    """

    LABEL = "Net economy"
    VERSION = "1"
    DATA_FILES = FILES
    DESC_IN = {
        "gross_output_df": tables.GROSS_OUTPUT,
        "damages_df": tables.DAMAGES,
        "carbon_intensity_df": tables.CARBON_INTENSITY,
        "mitigation_df": tables.MITIGATION,
        "savings_df": tables.SAVINGS,
        "pback": parameter("pback", 0.0, 100_000.0),
        "gback": parameter("gback", -0.5, 0.99),
        "expcost2": parameter("expcost2", 1.0, 10.0),
    }
    DESC_OUT = {
        "net_output_df": tables.NET_OUTPUT,
        "investment_df": tables.INVESTMENT,
        "consumption_df": tables.CONSUMPTION,
        "carbon_price_df": tables.CARBON_PRICE,
    }

    def run(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """Net output, its uses and the carbon price over the years of gross output."""
        years = years_of(inputs["gross_output_df"])
        gross = column(inputs["gross_output_df"], "gross_output", years)
        mitigation = column(inputs["mitigation_df"], "mitigation_rate", years)
        backstop = inputs["pback"] * (1.0 - inputs["gback"]) ** period_of(years)
        intensity = column(inputs["carbon_intensity_df"], "carbon_intensity", years)
        # 1000 turns USD a tonne into trillion USD a gigatonne
        share = backstop * intensity / inputs["expcost2"] / 1000.0 * mitigation ** inputs["expcost2"]
        # shares, not amounts: while a loop iterates, amounts may belong to another iteration's output
        left = 1.0 - column(inputs["damages_df"], "damage_share", years) - share
        require(left > 0.0, years, "damages and abatement cost leave nothing of gross output")
        net = gross * left
        invested = column(inputs["savings_df"], "savings_rate", years) * net
        price = backstop * mitigation ** (inputs["expcost2"] - 1.0)
        columns = {"abatement_share": share, "abatement_cost": gross * share, "net_output": net}
        return {
            "net_output_df": as_table(years, columns),
            "investment_df": as_table(years, {"investment": invested}),
            "consumption_df": as_table(years, {"consumption": net - invested}),
            "carbon_price_df": as_table(years, {"backstop_price": backstop, "carbon_price": price}),
        }

    def chart_filters(self, values: Mapping[str, Any]) -> tuple[ChartFilter, ...]:  # noqa: ARG002
        """Which charts, up to which year."""
        return pictures.filters(_PICTURES)

    def charts(
        self, values: Mapping[str, Any], selection: pictures.Selection
    ) -> tuple[pictures.Picture, ...]:
        """Output and its uses, the costs of climate change and of avoiding it, the carbon price."""
        return pictures.draw(_PICTURES, values, selection)


def _output_chart(values: Mapping[str, Any], frame: pictures.Frame) -> Chart:
    return pictures.over_years(
        "Gross output, net output and consumption",
        Axis(label="Output", unit=MONEY_A_YEAR, from_zero=True),
        [
            frame.line("Gross output", values["gross_output_df"], "gross_output", line=Line.DASH),
            frame.line("Net output", values["net_output_df"], "net_output"),
            frame.line("Consumption", values["consumption_df"], "consumption"),
        ],
        key_chart=True,
        section="Output",
    )


def _uses_chart(values: Mapping[str, Any], frame: pictures.Frame) -> Chart:
    return pictures.over_years(
        "Uses of net output",
        Axis(label="Net output", unit=MONEY_A_YEAR, from_zero=True),
        [
            frame.line("Consumption", values["consumption_df"], "consumption", kind=pictures.AREA),
            frame.line("Investment", values["investment_df"], "investment", kind=pictures.AREA),
        ],
        stacked=True,
        section="Output",
    )


def _shares_chart(values: Mapping[str, Any], frame: pictures.Frame) -> Chart:
    return pictures.over_years(
        "Cost of climate change and of abatement",
        Axis(label="Cost", unit="% of gross output"),
        [
            frame.line("Damages", values["damages_df"], "damage_share", scale=100.0, kind=pictures.AREA),
            frame.line(
                "Abatement", values["net_output_df"], "abatement_share", scale=100.0, kind=pictures.AREA
            ),
        ],
        stacked=True,
        key_chart=True,
        section="Costs",
    )


def _price_chart(values: Mapping[str, Any], frame: pictures.Frame) -> Chart:
    table = values["carbon_price_df"]
    return pictures.over_years(
        "Carbon price",
        Axis(label="Price", unit="USD of 2010 / tCO2", from_zero=True),
        [
            frame.line("Carbon price", table, "carbon_price"),
            frame.line("Backstop price", table, "backstop_price", line=Line.DASH),
        ],
        section="Costs",
    )


def _milestones(values: Mapping[str, Any], frame: pictures.Frame) -> Table:
    columns = [TableColumn(label="Year", values=frame.milestones(values["net_output_df"])["year"].tolist())]
    for label, table, name in (
        ("Gross output", "gross_output_df", "gross_output"),
        ("Damages", "damages_df", "damages"),
        ("Abatement cost", "net_output_df", "abatement_cost"),
        ("Net output", "net_output_df", "net_output"),
        ("Investment", "investment_df", "investment"),
        ("Consumption", "consumption_df", "consumption"),
    ):
        shown = frame.milestones(values[table])[name].tolist()
        columns.append(TableColumn(label=label, unit="trillion USD/year", values=shown))
    return Table(
        title="National accounts of the world",
        description="Money is in USD of 2010",
        section="Output",
        columns=tuple(columns),
    )


_PICTURES: dict[str, pictures.Draw] = {
    "Gross output, net output and consumption": _output_chart,
    "Uses of net output": _uses_chart,
    "Cost of climate change and of abatement": _shares_chart,
    "Carbon price": _price_chart,
    "National accounts of the world": _milestones,
}
