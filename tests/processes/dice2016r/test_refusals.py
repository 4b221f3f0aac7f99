"""Values beyond the model's sense end in a clear error, never in numbers."""

import numpy as np
import pandas as pd
import pytest

from sostrades_api.engine import ExecutionError, InvalidInputs
from sostrades_api.processes.catalogue import plan_of


def mitigation(rate=0.0, *, years=range(2015, 2511, 5)):
    return pd.DataFrame({"year": list(years), "mitigation_rate": rate})


@pytest.mark.parametrize("solver", ["MDAGaussSeidel", "MDAJacobi"])
def test_damages_beyond_output_are_refused_with_year_and_reason(solver):
    values = {"Economy.Damages.a2": 0.5, "sub_mda_class": solver}
    with pytest.raises(
        ExecutionError, match=r"Economy\.Damages.* in 20\d\d climate damages exceed gross output"
    ):
        plan_of("dice2016r").execute(values)


def test_abatement_that_leaves_nothing_of_output_is_refused():
    with pytest.raises(ExecutionError, match=r"Economy\.NetEconomy.*leave nothing of gross output"):
        plan_of("dice2016r").execute(
            {"Economy.NetEconomy.pback": 20_000.0, "Policy.mitigation_df": mitigation(0.9)}
        )


def test_saving_everything_leaves_nothing_to_consume_and_is_refused():
    table = pd.DataFrame({"year": range(2015, 2511, 5), "savings_rate": 0.25})
    table.loc[7, "savings_rate"] = 1.0
    with pytest.raises(ExecutionError, match=r"Economy\.Welfare.*in 2050 there is nothing to consume"):
        plan_of("dice2016r").execute({"Policy.savings_df": table})


def test_emissions_that_empty_the_atmosphere_are_refused():
    years = range(2015, 2511, 5)
    land = pd.DataFrame({"year": years, "land": -100.0})
    with pytest.raises(
        ExecutionError, match=r"Climate\.CarbonCycle.*more carbon has left a reservoir than it held"
    ):
        plan_of("dice2016r").execute({"Emissions.own_land_emissions": land})


def test_full_mitigation_of_the_calibration_year_is_refused():
    with pytest.raises(ExecutionError, match=r"Emissions.*in 2015 the mitigation rate must be below 1"):
        plan_of("dice2016r").execute({"Policy.mitigation_df": mitigation(1.0)})


def test_a_fractional_damage_exponent_below_the_temperature_of_1900_is_refused():
    values = {"Economy.Damages.a3": 2.5, "Climate.Temperature.tatm0": -0.5}
    with pytest.raises(ExecutionError, match=r"Economy\.Damages.*in 2015 it is colder than in 1900"):
        plan_of("dice2016r").execute(values)


def test_a_policy_table_without_some_years_is_refused_by_naming_them():
    table = mitigation(years=[*range(2015, 2100, 5), *range(2105, 2511, 5)])
    with pytest.raises(ExecutionError, match="table of mitigation_rate has no row for 2100"):
        plan_of("dice2016r").execute({"Policy.mitigation_df": table})


def test_a_policy_table_with_a_year_twice_is_refused_by_naming_it():
    table = mitigation(years=[*range(2015, 2511, 5), 2030])
    with pytest.raises(ExecutionError, match="table of mitigation_rate has more than one row for 2030"):
        plan_of("dice2016r").execute({"Policy.mitigation_df": table})


@pytest.mark.parametrize("cell", [1.21, -0.01, np.nan, np.inf])
def test_a_mitigation_rate_out_of_range_is_refused_before_anything_runs(cell):
    table = mitigation()
    table.loc[3, "mitigation_rate"] = cell
    with pytest.raises(InvalidInputs, match=r"mitigation_rate.*row 4"):
        plan_of("dice2016r").execute({"Policy.mitigation_df": table})


@pytest.mark.parametrize("year", [2015, 2014, 2017, 2515, 0])
def test_a_last_year_that_starts_no_period_is_refused(year):
    with pytest.raises(InvalidInputs, match="year_end"):
        plan_of("dice2016r").execute({"year_end": year})


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -1e9, 1e9, "3.1", None, True])
def test_a_parameter_that_is_no_sensible_number_is_refused(bad):
    with pytest.raises(InvalidInputs, match="t2xco2"):
        plan_of("dice2016r").execute({"Climate.Temperature.t2xco2": bad})
