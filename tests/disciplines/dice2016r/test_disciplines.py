"""Each DICE-2016R discipline alone: what its equations mean, checked against what is known without them."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sostrades_api.disciplines import dice2016r
from sostrades_api.disciplines.dice2016r import (
    CarbonCycle,
    Damages,
    Emissions,
    GrossEconomy,
    NetEconomy,
    Population,
    RadiativeForcing,
    Temperature,
    Welfare,
)
from sostrades_api.disciplines.dice2016r.carbon_cycle import transfer_matrix
from sostrades_api.engine import MISSING
from sostrades_api.engine.testing import check_discipline
from tests.disciplines.dice2016r.direct_stepping import published_parameters

YEARS = np.arange(2015, 2511, 5)
EMITTED_CARBON = 5 / 3.666  # GtC of a period, of 1 GtCO2/year


def by_year(**columns):
    return pd.DataFrame({"year": YEARS, **{name: np.broadcast_to(v, 100) for name, v in columns.items()}})


def run(discipline, **inputs):
    defaults = {n: v.default for n, v in discipline.inputs.items() if v.default is not MISSING}
    return discipline().run({**defaults, **inputs})


def emissions(total):
    return by_year(industrial=total, land=0.0, total=total, cumulative=0.0)


EXAMPLES = {
    Population: {},
    GrossEconomy: {
        "population_df": by_year(population=7000.0),
        "productivity_df": by_year(productivity=5.0),
        "investment_df": by_year(investment=20.0),
    },
    Emissions: {"gross_output_df": by_year(gross_output=100.0)},
    CarbonCycle: {"emissions_df": emissions(10.0)},
    RadiativeForcing: {"carbon_df": by_year(atmosphere=900.0, upper_ocean=400.0, deep_ocean=1700.0)},
    Temperature: {"forcing_df": by_year(co2=3.0, other=1.0, total=4.0)},
    Damages: {
        "gross_output_df": by_year(gross_output=100.0),
        "temperature_df": by_year(atmosphere=2.0, ocean=0.5),
    },
    NetEconomy: {
        "gross_output_df": by_year(gross_output=100.0),
        "damages_df": by_year(damage_share=0.02, damages=2.0),
        "carbon_intensity_df": by_year(carbon_intensity=0.3),
    },
    Welfare: {
        "consumption_df": by_year(consumption=75.0),
        "population_df": by_year(population=7500.0),
    },
}


def test_there_is_an_example_of_every_discipline():
    assert {discipline.__name__ for discipline in EXAMPLES} == set(dice2016r.__all__)


@pytest.mark.parametrize("discipline", EXAMPLES, ids=lambda discipline: discipline.__name__)
def test_every_discipline_keeps_the_contract_of_disciplines(discipline):
    check_discipline(discipline, EXAMPLES[discipline])


def test_every_parameter_is_declared_by_some_discipline():
    declared = {name for discipline in EXAMPLES for name in discipline.inputs}
    assert set(published_parameters()) <= declared


def test_population_tends_to_its_asymptote_from_either_side():
    for start in (5000.0, 15_000.0):
        people = run(Population, pop0=start)["population_df"]["population"]
        assert people.iloc[0] == start
        assert people.iloc[-1] == pytest.approx(11_500, rel=1e-5)
        assert np.sign(np.diff(people)).tolist() == [np.sign(11_500 - start)] * 99


def test_without_growth_productivity_stays():
    assert (run(Population, ga0=0.0)["productivity_df"]["productivity"] == 5.115).all()


def test_capital_settles_where_investment_replaces_what_is_lost():
    outputs = run(GrossEconomy, **EXAMPLES[GrossEconomy])
    assert outputs["capital_df"]["capital"].iloc[-1] == pytest.approx(5 * 20 / (1 - 0.9**5), rel=1e-12)


def test_output_has_constant_returns_to_scale():
    once = run(GrossEconomy, **EXAMPLES[GrossEconomy])
    doubled = {
        "population_df": by_year(population=14_000.0),
        "investment_df": by_year(investment=40.0),
        "k0": 446.0,
    }
    twice = run(GrossEconomy, **{**EXAMPLES[GrossEconomy], **doubled})
    ratio = twice["gross_output_df"]["gross_output"] / once["gross_output_df"]["gross_output"]
    np.testing.assert_allclose(ratio, 2.0, rtol=1e-13)


def test_emissions_without_mitigation_follow_output_and_intensity():
    nothing = by_year(mitigation_rate=0.0)
    outputs = run(Emissions, gross_output_df=by_year(gross_output=100.0), mitigation_df=nothing)
    intensity = outputs["carbon_intensity_df"]["carbon_intensity"]
    np.testing.assert_allclose(outputs["emissions_df"]["industrial"], 100 * intensity, rtol=1e-14)
    assert intensity.iloc[1] / intensity.iloc[0] == pytest.approx(np.exp(5 * -0.0152))


def test_cumulative_emissions_add_up_industrial_carbon():
    emitted = run(Emissions, **EXAMPLES[Emissions])["emissions_df"]
    summed = 500 + EMITTED_CARBON * emitted["industrial"].cumsum().shift(fill_value=0.0)
    np.testing.assert_allclose(emitted["cumulative"], summed, rtol=1e-13)


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.floats(-2.0, 100.0), min_size=100, max_size=100), st.floats(0.01, 0.3), st.floats(0.001, 0.05)
)
def test_no_carbon_is_lost_or_made(total, b12, b23):
    carbon = run(CarbonCycle, emissions_df=emissions(np.array(total)), b12=b12, b23=b23)["carbon_df"]
    held = carbon[["atmosphere", "upper_ocean", "deep_ocean"]].sum(axis=1)
    emitted = np.concatenate([[0.0], np.cumsum(np.array(total) * EMITTED_CARBON)[:-1]])
    np.testing.assert_allclose(held, held.iloc[0] + emitted, rtol=1e-12)


def test_the_carbon_of_the_equilibrium_stays_where_it_is():
    start = {"mat0": 588.0, "mu0": 360.0, "ml0": 1720.0}
    carbon = run(CarbonCycle, emissions_df=emissions(0.0), **start)["carbon_df"]
    np.testing.assert_allclose(carbon.iloc[-1, 1:].astype(float), list(start.values()), rtol=1e-12)


def test_transfers_between_reservoirs_are_shares_of_a_whole():
    transfer = transfer_matrix(published_parameters())
    np.testing.assert_allclose(transfer.sum(axis=0), 1.0, rtol=1e-15)
    assert (transfer >= 0).all()


def test_a_doubling_of_co2_forces_by_fco22x():
    carbon = by_year(atmosphere=2 * 588.0, upper_ocean=360.0, deep_ocean=1720.0)
    forcing = run(RadiativeForcing, carbon_df=carbon, fco22x=4.0)["forcing_df"]
    np.testing.assert_allclose(forcing["co2"], 4.0, rtol=1e-15)


def test_other_forcing_goes_straight_from_2015_to_2100_and_stays():
    other = run(RadiativeForcing, **EXAMPLES[RadiativeForcing], fex0=0.0, fex1=1.7)["forcing_df"]
    shown = other.set_index("year")["other"]
    assert shown.loc[2015] == 0.0
    assert shown.loc[2060] == pytest.approx(1.7 * 45 / 85)
    assert (shown.loc[2100:] == 1.7).all()


def test_the_climate_ends_at_its_sensitivity_when_co2_stays_doubled():
    forcing = by_year(co2=3.6813, other=0.0, total=3.6813)
    warming = run(Temperature, forcing_df=forcing, c4=0.5)["temperature_df"]
    assert warming["atmosphere"].iloc[-1] == pytest.approx(3.1, rel=1e-4)
    assert warming["ocean"].iloc[-1] == pytest.approx(3.1, rel=1e-4)


def test_damages_are_the_published_share_of_output():
    damages = run(Damages, **EXAMPLES[Damages])["damages_df"]
    np.testing.assert_allclose(damages["damage_share"], 0.00236 * 4, rtol=1e-15)
    np.testing.assert_allclose(damages["damages"], 0.944, rtol=1e-14)


def test_cooling_below_1900_damages_too_when_the_exponent_is_whole():
    colder = by_year(atmosphere=-1.0, ocean=0.0)
    share = run(Damages, **{**EXAMPLES[Damages], "temperature_df": colder})["damages_df"]["damage_share"]
    np.testing.assert_allclose(share, 0.00236, rtol=1e-15)


def test_full_mitigation_costs_the_backstop_price_and_sets_the_carbon_price_to_it():
    outputs = run(NetEconomy, **EXAMPLES[NetEconomy], mitigation_df=by_year(mitigation_rate=1.0))
    prices = outputs["carbon_price_df"]
    assert prices["carbon_price"].tolist() == prices["backstop_price"].tolist()
    assert prices["backstop_price"].iloc[0] == 550.0
    assert outputs["net_output_df"]["abatement_share"].iloc[0] == pytest.approx(550 * 0.3 / 2.6 / 1000)


def test_investment_and_consumption_are_all_of_net_output():
    outputs = run(NetEconomy, **EXAMPLES[NetEconomy])
    used = outputs["investment_df"]["investment"] + outputs["consumption_df"]["consumption"]
    np.testing.assert_allclose(used, outputs["net_output_df"]["net_output"], rtol=1e-15)


def test_consumption_per_head_is_in_dollars():
    outputs = run(Welfare, **EXAMPLES[Welfare])
    np.testing.assert_allclose(outputs["welfare_df"]["consumption_a_head"], 10_000.0, rtol=1e-15)


def test_welfare_grows_with_consumption():
    base = run(Welfare, **EXAMPLES[Welfare])["welfare"]
    assert (
        run(Welfare, **{**EXAMPLES[Welfare], "consumption_df": by_year(consumption=76.0)})["welfare"] > base
    )
