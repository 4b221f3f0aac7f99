"""Filters that a browser can apply without a server."""

from sostrades_api.charts import Axis, Chart, ChartFilter, Series
from sostrades_api.reporting.selection import filterable_charts, requested_selection

AXIS = Axis(label="a")
FUELS = ChartFilter(key="fuels", name="Fuels", values=("coal", "gas", "wind"), selected=("coal", "gas"))


def chart(title, *series):
    return Chart(title=title, x_axis=AXIS, y_axis=AXIS, series=series)


def line(name, height=1):
    return Series(name=name, x=[1, 2], y=[height, height])


def test_each_series_is_tagged_with_the_value_that_shows_it():
    charts = filterable_charts(
        [FUELS], lambda chosen: [chart("Use", line("total"), *(line(f) for f in chosen["fuels"]))]
    )
    assert charts.filters[0]["locked"] is False
    assert charts.filters[0]["selected_values"] == ["coal", "gas"]
    traces = charts.figures[0].traces
    assert traces[0] == {}
    assert traces[3] == {"fuels": ["wind"]}


def test_a_chart_that_only_some_values_show_is_tagged():
    charts = filterable_charts([FUELS], lambda chosen: [chart(f, line("x")) for f in chosen["fuels"]])
    assert [figure.traces for figure in charts.figures] == [
        [{"fuels": ["coal"]}],
        [{"fuels": ["gas"]}],
        [{"fuels": ["wind"]}],
    ]


def test_a_chart_of_the_sum_of_what_is_chosen_locks_its_filter_at_the_default():
    charts = filterable_charts([FUELS], lambda chosen: [chart("Sum", line("sum", len(chosen["fuels"])))])
    assert charts.filters[0]["locked"] is True
    assert charts.figures[0].figure["data"][0]["y"] == [2, 2]
    assert charts.figures[0].traces == []


def test_a_filter_with_one_choice_makes_one_variant_a_value():
    scenario = ChartFilter(key="s", name="Scenario", values=("low", "high"), multiple=False)
    charts = filterable_charts([scenario], lambda chosen: [chart("T", line(chosen["s"][0]))])
    assert [figure.variant for figure in charts.figures] == [{"s": "low"}, {"s": "high"}]
    assert charts.filters[0]["selected_values"] == ["low"]


def test_a_filter_whose_single_values_make_the_charts_fail_is_locked():
    def draw(chosen):
        if len(chosen["fuels"]) == 1:
            raise ZeroDivisionError
        return [chart("Use", line("x"))]

    assert filterable_charts([FUELS], draw).filters[0]["locked"] is True


def test_filters_with_too_many_combinations_are_locked_instead_of_drawn_for_ever():
    filters = [
        ChartFilter(key=str(i), name=str(i), values=tuple(map(str, range(20))), multiple=False)
        for i in range(6)
    ]
    drawings = []
    charts = filterable_charts(filters, lambda chosen: drawings.append(chosen) or [chart("T", line("x"))])
    assert len(drawings) <= 200
    assert sum(each["locked"] for each in charts.filters) == 5


def test_unknown_choices_are_left_out_and_missing_ones_are_the_defaults():
    assert requested_selection([FUELS], {"fuels": ["wind", "oil"], "other": ["x"]}) == {"fuels": ("wind",)}
    assert requested_selection([FUELS], {}) == {"fuels": ("coal", "gas")}
