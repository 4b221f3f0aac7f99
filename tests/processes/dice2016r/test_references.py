"""The references that a study can start from."""

import numpy as np
import pytest

from sostrades_api.processes.catalogue import get, plan_of

REFERENCES = {reference.name: reference for reference in get("dice2016r").references}


def results(name):
    return plan_of("dice2016r").execute(REFERENCES[name].values).values


@pytest.mark.parametrize("name", REFERENCES)
def test_every_reference_executes_and_says_what_it_is(name):
    assert REFERENCES[name].label
    assert REFERENCES[name].description
    assert results(name)["Economy.net_output_df"]["net_output"].min() > 0


def test_the_base_reference_is_the_process_with_its_defaults():
    base, defaults = results("base"), plan_of("dice2016r").execute({}).values
    assert base["Economy.Welfare.welfare"] == defaults["Economy.Welfare.welfare"]


def test_the_mitigation_ramp_ends_industrial_emissions_in_2100_and_cools_the_climate():
    ramp, base = results("mitigation_ramp"), results("base")
    emissions = ramp["Emissions.emissions_df"].set_index("year")["industrial"]
    assert np.allclose(emissions.loc[2100:], 0.0, atol=1e-12)
    assert (
        ramp["Climate.temperature_df"]["atmosphere"].max()
        < base["Climate.temperature_df"]["atmosphere"].max()
    )


def test_a_high_climate_sensitivity_warms_more_and_costs_more():
    high, base = results("high_climate_sensitivity"), results("base")
    assert (
        high["Climate.temperature_df"]["atmosphere"] >= base["Climate.temperature_df"]["atmosphere"]
    ).all()
    assert high["Economy.Welfare.welfare"] < base["Economy.Welfare.welfare"]


def test_without_damages_net_output_is_gross_output_less_abatement():
    values = results("no_damages")
    assert (values["Economy.damages_df"]["damages"] == 0.0).all()
    left = (
        values["Economy.gross_output_df"]["gross_output"] - values["Economy.net_output_df"]["abatement_cost"]
    )
    np.testing.assert_allclose(values["Economy.net_output_df"]["net_output"], left, rtol=1e-13)
