"""Changing a parameter moves results in the direction that its meaning demands."""

import pytest

from sostrades_api.processes.catalogue import plan_of


def in_2100(table: str, column: str):
    return lambda values: values[table].set_index("year").loc[2100, column]


WARMING = in_2100("Climate.temperature_df", "atmosphere")
OUTPUT = in_2100("Economy.net_output_df", "net_output")
EMISSIONS = in_2100("Emissions.emissions_df", "total")
CARBON = in_2100("Climate.carbon_df", "atmosphere")
PRICE = in_2100("Economy.carbon_price_df", "carbon_price")
CAPITAL = in_2100("Economy.capital_df", "capital")


def welfare(values):
    return values["Economy.Welfare.welfare"]


@pytest.mark.parametrize(
    ("name", "more", "rising", "falling"),
    [
        ("Climate.Temperature.t2xco2", 4.5, [WARMING], [OUTPUT, CAPITAL, welfare, EMISSIONS, CARBON]),
        ("Climate.fco22x", 4.5, [], [welfare]),
        ("Climate.RadiativeForcing.fex1", 2.0, [WARMING], [OUTPUT, welfare]),
        ("Climate.CarbonCycle.b12", 0.2, [], [WARMING, CARBON]),
        ("Economy.Damages.a2", 0.01, [], [OUTPUT, CAPITAL, EMISSIONS, WARMING, welfare]),
        ("Economy.Population.popasym", 13_000.0, [OUTPUT, EMISSIONS, WARMING], []),
        ("Economy.Population.ga0", 0.09, [OUTPUT, EMISSIONS, WARMING, welfare], []),
        ("Economy.GrossEconomy.k0", 300.0, [CAPITAL, OUTPUT], []),
        ("Economy.GrossEconomy.dk", 0.15, [], [CAPITAL, OUTPUT, welfare]),
        ("Economy.NetEconomy.pback", 900.0, [PRICE], [OUTPUT, welfare]),
        ("Economy.NetEconomy.gback", 0.05, [OUTPUT, welfare], [PRICE]),
        ("Emissions.e0", 45.0, [EMISSIONS, CARBON, WARMING], [OUTPUT, welfare]),
        ("Emissions.gsigma1", -0.01, [EMISSIONS, CARBON, WARMING], [welfare]),
        ("Emissions.eland0", 5.0, [EMISSIONS, CARBON, WARMING], [OUTPUT, welfare]),
    ],
)
def test_more_of_a_parameter_moves_results_in_the_known_direction(name, more, rising, falling):
    plan = plan_of("dice2016r")
    base, changed = plan.execute({}).values, plan.execute({name: more}).values
    for measure in rising:
        assert measure(changed) > measure(base)
    for measure in falling:
        assert measure(changed) < measure(base)


def test_emissions_of_2015_are_history_whatever_the_policy():
    plan = plan_of("dice2016r")
    table = plan.variables["Policy.mitigation_df"].default
    nothing = table.assign(mitigation_rate=0.0)
    emitted = plan.execute({"Policy.mitigation_df": nothing}).values["Emissions.emissions_df"]
    assert emitted["industrial"].iloc[0] == pytest.approx(35.744713654023876, rel=1e-15)
    base = plan.execute({}).values["Emissions.emissions_df"]
    assert (emitted["total"].iloc[1:45] > base["total"].iloc[1:45]).all()


def test_logarithmic_utility_is_the_limit_of_the_others():
    plan = plan_of("dice2016r")
    at, near = (plan.execute({"Economy.Welfare.elasmu": e}).values for e in (1.0, 1.0 + 1e-9))
    assert welfare(at) == pytest.approx(welfare(near), rel=1e-7)
