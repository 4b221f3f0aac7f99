"""Chart filters and chart data."""

import pytest

from sostrades_api.charts import Axis, ChartFilter, Series, TableColumn


def test_an_empty_selection_means_every_value():
    assert ChartFilter(key="k", name="n", values=("a", "b")).default == ("a", "b")


def test_an_empty_selection_means_the_first_value_where_one_may_be_chosen():
    assert ChartFilter(key="k", name="n", values=("a", "b"), multiple=False).default == ("a",)


def test_a_selection_outside_the_values_is_refused():
    with pytest.raises(ValueError, match="selects"):
        ChartFilter(key="k", name="n", values=("a",), selected=("z",))


def test_choices_come_in_the_order_of_the_values():
    choice = ChartFilter(key="k", name="n", values=("a", "b", "c"))
    assert choice.chosen(["c", "z", "a"]) == ("a", "c")
    assert ChartFilter(key="k", name="n", values=("a", "b"), multiple=False).chosen(["b", "a"]) == ("a",)


def test_a_series_needs_as_many_ordinates_as_abscissas():
    with pytest.raises(ValueError, match="2 abscissas and 1 ordinates"):
        Series(name="s", x=[1, 2], y=[1])


def test_titles_carry_units():
    assert Axis(label="Power", unit="TWh").title == "Power [TWh]"
    assert TableColumn(label="Share", values=[]).title == "Share"
