"""The base run against the published series, through the engine, at full precision."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from sostrades_api.engine import ExecutionResult
from sostrades_api.processes.catalogue import plan_of
from tests.disciplines.dice2016r.direct_stepping import OUTPUTS, published, step

PUBLISHED = {
    "gross_output_trillion_usd": ("Economy.gross_output_df", "gross_output"),
    "total_emissions_gtco2_per_year": ("Emissions.emissions_df", "total"),
    "atmospheric_temperature_degc": ("Climate.temperature_df", "atmosphere"),
    "atmospheric_carbon_gtc": ("Climate.carbon_df", "atmosphere"),
}
COMPUTED_EXOGENOUS = {
    "population": ("Economy.population_df", "population"),
    "tfp": ("Economy.productivity_df", "productivity"),
    "land_emissions": ("Emissions.emissions_df", "land"),
    "exogenous_forcing": ("Climate.forcing_df", "other"),
}


def execute(values: Mapping[str, Any] | None = None) -> ExecutionResult:
    return plan_of("dice2016r").execute(values)


@pytest.mark.parametrize("solver", ["MDAGaussSeidel", "MDAJacobi"])
def test_all_100_periods_agree_with_the_published_base_run(solver):
    reference = published("reference_base")
    result = execute({"sub_mda_class": solver})
    assert result.converged
    for name, (output, column) in PUBLISHED.items():
        table = result.values[output]
        assert table["year"].tolist() == list(range(2015, 2511, 5))
        np.testing.assert_allclose(table[column], reference[name], rtol=1e-12, atol=0, err_msg=name)


def test_computed_exogenous_series_agree_with_the_published_ones():
    exogenous = published("exogenous")
    result = execute()
    for name, (output, column) in COMPUTED_EXOGENOUS.items():
        np.testing.assert_allclose(result.values[output][column], exogenous[name], rtol=1e-14, atol=0)


def test_every_series_agrees_with_a_direct_time_stepping():
    direct = step()
    result = execute()
    for name, (output, column) in OUTPUTS.items():
        np.testing.assert_allclose(result.values[output][column], direct[name], rtol=1e-12, err_msg=name)
    assert result.values["Economy.Welfare.welfare"] == pytest.approx(direct.attrs["welfare"], rel=1e-13)


def test_both_solvers_converge_in_the_iterations_that_the_documentation_promises():
    sweeps = {
        solver: len(execute({"sub_mda_class": solver}).residuals)
        for solver in ("MDAGaussSeidel", "MDAJacobi")
    }
    assert sweeps["MDAGaussSeidel"] <= 35
    assert sweeps["MDAJacobi"] <= 70


def test_the_economy_and_the_climate_are_one_loop():
    assert plan_of("dice2016r").loops == (
        (
            "Economy.GrossEconomy",
            "Emissions",
            "Climate.CarbonCycle",
            "Climate.RadiativeForcing",
            "Climate.Temperature",
            "Economy.Damages",
            "Economy.NetEconomy",
        ),
    )


def test_an_unconverged_loop_fails_the_execution():
    with pytest.raises(Exception, match="did not converge"):
        execute({"max_mda_iter": 5})
