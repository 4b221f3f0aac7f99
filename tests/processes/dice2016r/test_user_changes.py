"""A study user changes any parameter and any table, and gets what a direct time-stepping of it gives."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sostrades_api.engine import ExecutionResult
from sostrades_api.processes.catalogue import plan_of
from tests.disciplines.dice2016r.direct_stepping import OUTPUTS, published, published_parameters, step

PARAMETERS = published_parameters()
# a1 is 0 in the base run: it is moved, not scaled
MOVED = {**{symbol: value * 1.05 for symbol, value in PARAMETERS.items()}, "a1": 0.001}


def full_name(symbol: str) -> str:
    (name,) = [name for name in plan_of("dice2016r").variables if name.rsplit(".", 1)[-1] == symbol]
    return name


def assert_same(result: ExecutionResult, direct: pd.DataFrame) -> None:
    assert result.converged
    for name, (output, column) in OUTPUTS.items():
        scale = np.abs(direct[name]).max()
        np.testing.assert_allclose(
            result.values[output][column], direct[name], rtol=1e-9, atol=1e-12 * scale, err_msg=name
        )
    assert result.values["Economy.Welfare.welfare"] == pytest.approx(direct.attrs["welfare"], rel=1e-10)


def test_every_published_parameter_is_one_input_with_unit_range_description_and_default():
    for symbol, value in PARAMETERS.items():
        variable = plan_of("dice2016r").variables[full_name(symbol)]
        assert variable.io == "in"
        assert variable.default == value
        assert variable.variable.editable
        assert variable.variable.unit
        assert variable.variable.label
        assert variable.variable.description
        low, high = variable.variable.range
        assert low <= value <= high


@pytest.mark.parametrize("symbol", PARAMETERS)
def test_a_changed_parameter_changes_results_as_in_a_direct_time_stepping(symbol):
    result = plan_of("dice2016r").execute({full_name(symbol): MOVED[symbol]})
    direct = step({symbol: MOVED[symbol]})
    assert_same(result, direct)
    base = step()
    changed = [name for name in OUTPUTS if not np.array_equal(base[name], direct[name])]
    assert changed or base.attrs["welfare"] != direct.attrs["welfare"]


@settings(max_examples=20, deadline=None, derandomize=True)
@given(
    st.fixed_dictionaries(
        {
            "t2xco2": st.floats(1.0, 8.0),
            "a2": st.floats(0.0, 0.008),
            "dk": st.floats(0.02, 0.3),
            "gama": st.floats(0.1, 0.5),
            "k0": st.floats(10, 1000),
            "popasym": st.floats(3000, 20_000),
            "ga0": st.floats(0.0, 0.1),
            "e0": st.floats(5, 80),
            "pback": st.floats(0, 3000),
        }
    ),
    st.sampled_from(["MDAGaussSeidel", "MDAJacobi"]),
)
def test_the_loop_converges_wherever_the_model_has_sense_and_refuses_elsewhere(changed, solver):
    values = {full_name(symbol): value for symbol, value in changed.items()}
    try:
        direct = step(changed)
    except ValueError:
        with pytest.raises(Exception, match=r"NetEconomy|Damages"):
            plan_of("dice2016r").execute({**values, "sub_mda_class": solver})
        return
    assert_same(plan_of("dice2016r").execute({**values, "sub_mda_class": solver}), direct)


def test_jacobi_does_not_take_one_iterations_damages_off_the_output_of_another():
    changed = {"t2xco2": 6.67, "a2": 0.0012, "dk": 0.195, "gama": 0.414, "k0": 65.5, "popasym": 4497.0}
    changed |= {"ga0": 0.0814, "e0": 58.7, "pback": 473.5, "a3": 2.17}
    values = {full_name(symbol): value for symbol, value in changed.items()}
    assert_same(plan_of("dice2016r").execute({**values, "sub_mda_class": "MDAJacobi"}), step(changed))


def test_an_edited_mitigation_table_is_used_row_by_row():
    miu = published("exogenous")["miu"].tolist()
    miu[10], miu[50] = 0.9, 0.0
    table = pd.DataFrame({"year": range(2015, 2511, 5), "mitigation_rate": miu})
    assert_same(plan_of("dice2016r").execute({"Policy.mitigation_df": table}), step(miu=miu))


def test_an_edited_savings_table_is_used_row_by_row():
    savings = published("exogenous")["savings_rate"].tolist()
    savings[0], savings[99] = 0.35, 0.1
    table = pd.DataFrame({"year": range(2015, 2511, 5), "savings_rate": savings})
    assert_same(plan_of("dice2016r").execute({"Policy.savings_df": table}), step(savings=savings))


def test_rows_of_a_table_may_come_in_any_order_and_exceed_the_horizon():
    base = plan_of("dice2016r").execute({})
    table = published("exogenous")[["year", "miu"]].rename(columns={"miu": "mitigation_rate"})
    longer = pd.concat([table, pd.DataFrame({"year": [2515], "mitigation_rate": [0.5]})])
    shuffled = longer.iloc[::-1].reset_index(drop=True)
    result = plan_of("dice2016r").execute({"Policy.mitigation_df": shuffled})
    pd.testing.assert_frame_equal(
        result.values["Emissions.emissions_df"], base.values["Emissions.emissions_df"], check_exact=True
    )


@pytest.mark.parametrize("solver", ["MDAGaussSeidel", "MDAJacobi"])
def test_a_shorter_horizon_gives_the_first_periods_of_the_long_one(solver):
    result = plan_of("dice2016r").execute({"year_end": 2100, "sub_mda_class": solver})
    direct = step()
    for name, (output, column) in OUTPUTS.items():
        table = result.values[output]
        assert table["year"].tolist() == list(range(2015, 2101, 5))
        np.testing.assert_allclose(table[column], direct[name][:18], rtol=1e-9, err_msg=name)


@pytest.mark.parametrize(
    ("own", "column", "output"),
    [
        ("Economy.Population.own_population", "population", "Economy.population_df"),
        ("Economy.Population.own_productivity", "productivity", "Economy.productivity_df"),
        ("Emissions.own_land_emissions", "land", "Emissions.emissions_df"),
        ("Climate.RadiativeForcing.own_other_forcing", "other", "Climate.forcing_df"),
    ],
)
def test_an_own_series_replaces_the_computed_one(own, column, output):
    base = plan_of("dice2016r").execute({})
    halved = base.values[output][["year", column]].assign(**{column: base.values[output][column] * 0.5})
    result = plan_of("dice2016r").execute({own: halved})
    assert result.values[output][column].tolist() == halved[column].tolist()
    warming = [run.values["Climate.temperature_df"]["atmosphere"].iloc[-1] for run in (base, result)]
    assert warming[1] != warming[0]


def test_an_own_series_equal_to_the_computed_one_changes_nothing():
    base = plan_of("dice2016r").execute({})
    same = base.values["Economy.population_df"]
    result = plan_of("dice2016r").execute({"Economy.Population.own_population": same})
    assert result.values["Economy.Welfare.welfare"] == base.values["Economy.Welfare.welfare"]


def test_a_table_may_be_imposed_on_the_loop_to_start_from():
    start = pd.DataFrame({"year": range(2015, 2511, 5), "investment": 25.0})
    result = plan_of("dice2016r").execute({"Economy.investment_df": start})
    assert_same(result, step())
