"""Series by period: years, and the columns of users' tables."""

import numpy as np
import pandas as pd
import pytest

from sostrades_api.disciplines.dice2016r.series import column, given_or, periods_to, require


def table(years, values):
    return pd.DataFrame({"year": years, "rate": values})


def test_periods_start_in_2015_and_last_five_years():
    assert periods_to(2030).tolist() == [2015, 2020, 2025, 2030]


@pytest.mark.parametrize("year_end", [2016, 2015, 2010, -5])
def test_a_last_year_that_starts_no_period_is_refused(year_end):
    with pytest.raises(ValueError, match=f"the last year is {year_end}"):
        periods_to(year_end)


def test_a_column_is_read_by_year_not_by_row():
    found = column(table([2030, 2015, 2020, 2025], [4.0, 1.0, 2.0, 3.0]), "rate", periods_to(2025))
    assert found.tolist() == [1.0, 2.0, 3.0]


def test_missing_years_are_named_the_first_three_of_them():
    with pytest.raises(ValueError, match="rate has no row for 2020, 2025, 2030 and 2 more years"):
        column(table([2015], [1.0]), "rate", periods_to(2040))


def test_repeated_years_are_named():
    with pytest.raises(ValueError, match="rate has more than one row for 2020"):
        column(table([2015, 2020, 2020], [1.0, 2.0, 2.0]), "rate", periods_to(2020))


def test_a_year_repeated_often_is_named_once():
    with pytest.raises(ValueError, match="rate has more than one row for 2020$"):
        column(table([2015, 2020, 2020, 2020, 2020, 2020], [1.0] * 6), "rate", periods_to(2020))


def test_an_empty_own_series_leaves_the_computed_one():
    years = periods_to(2020)
    computed = np.array([1.0, 2.0])
    empty = table(pd.Series(dtype="int64"), pd.Series(dtype="float64"))
    assert given_or(empty, name="rate", years=years, computed=lambda: computed) is computed


def test_a_requirement_names_the_first_year_in_which_it_fails():
    years = periods_to(2030)
    require(np.array([True] * 4), years, "all is well")
    with pytest.raises(ValueError, match="in 2025 nothing is left"):
        require(np.array([True, True, False, False]), years, "nothing is left")
