"""Figures: what every client reads, checked by Plotly's own validators."""

import json

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sostrades_api.charts import Axis, Chart, Figure, Line, Series, SeriesKind, Table, TableColumn
from sostrades_api.reporting.figures import figure_dict

YEARS = Axis(label="Year")
POWER = Axis(label="Power", unit="TWh")


def a_chart(*series, **changes):
    return Chart(**({"title": "Power", "x_axis": YEARS, "y_axis": POWER, "series": series} | changes))


def validated(figure):
    return go.Figure({"data": figure["data"], "layout": figure["layout"]})


@pytest.mark.parametrize("kind", list(SeriesKind))
@pytest.mark.parametrize("stacked", [True, False])
@pytest.mark.parametrize("horizontal", [True, False])
def test_plotly_accepts_every_kind_of_series(kind, stacked, horizontal):
    figure = figure_dict(
        a_chart(
            Series(name="a", x=[1, 2], y=[3.0, 4.0], kind=kind, line=Line.DASH),
            Series(name="b", x=[1, 2], y=[3.0, -4.0], kind=kind, secondary=True, visible=False),
            stacked=stacked,
            horizontal=horizontal,
            secondary_y_axis=Axis(label="Share", unit="%", range=(0, 100)),
        )
    )
    assert len(validated(figure).data) == 2


def test_axes_print_their_units():
    layout = figure_dict(a_chart(Series(name="a", x=[1], y=[2])))["layout"]
    assert layout["yaxis"]["title"]["text"] == "Power [TWh]"
    assert layout["xaxis"]["title"]["text"] == "Year"


def test_a_horizontal_chart_swaps_its_axes_and_its_points():
    figure = figure_dict(a_chart(Series(name="a", x=["p"], y=[2], kind=SeriesKind.BAR), horizontal=True))
    assert figure["data"][0]["x"] == [2]
    assert figure["data"][0]["y"] == ["p"]
    assert figure["layout"]["xaxis"]["title"]["text"] == "Power [TWh]"


def test_a_series_of_the_secondary_axis_uses_it():
    figure = figure_dict(
        a_chart(Series(name="a", x=[1], y=[2], secondary=True), secondary_y_axis=Axis(label="T", unit="K"))
    )
    assert figure["data"][0]["yaxis"] == "y2"
    assert figure["layout"]["yaxis2"]["title"]["text"] == "T [K]"


def test_the_range_of_a_logarithmic_axis_is_given_in_decades():
    layout = figure_dict(
        a_chart(Series(name="a", x=[1], y=[2]), y_axis=Axis(label="r", log=True, range=(1e-3, 10.0)))
    )["layout"]
    assert layout["yaxis"]["range"] == [-3.0, 1.0]


@pytest.mark.parametrize(
    "values",
    [
        np.array([1.0, np.nan, np.inf]),
        [1.0, float("nan"), float("-inf")],
        pd.Series([1.0, None, np.inf]),
        (np.float64(1.0), None, pd.NaT),
    ],
)
def test_numbers_that_json_lacks_become_null(values):
    figure = figure_dict(a_chart(Series(name="a", x=[1, 2, 3], y=values)))
    assert figure["data"][0]["y"] == [1.0, None, None]
    assert figure["csv_data"] == ["Year,a [TWh]", "1,1.0", "2,", "3,"]


def test_integers_dates_and_strings_keep_their_meaning():
    dates = pd.Series(pd.to_datetime(["2020-01-01", None]))
    table = Table(
        title="t",
        columns=(
            TableColumn(label="n", values=np.array([1, 2]), unit="kg"),
            TableColumn(label="d", values=dates),
            TableColumn(label="s", values=pd.Series(["x", None])),
        ),
    )
    cells = figure_dict(table)["data"][0]["cells"]["values"]
    assert cells[0] == [1, 2]
    assert cells[1][0].startswith("2020-01-01")
    assert cells[1][1] is None
    assert cells[2] == ["x", None]
    assert figure_dict(table)["data"][0]["header"]["values"][0] == "n [kg]"


def test_markup_in_names_is_shown_and_not_obeyed():
    figure = figure_dict(a_chart(Series(name="<a href='x'>&", x=[1], y=[2]), title="</script><b>"))
    assert figure["data"][0]["name"] == "&lt;a href='x'&gt;&amp;"
    assert "<b>" not in figure["layout"]["title"]["text"]
    assert figure["csv_data"][0] == "Year,<a href='x'>& [TWh]"


def test_a_long_title_is_broken_into_lines():
    layout = figure_dict(a_chart(Series(name="a", x=[1], y=[2]), title="long word " * 20))["layout"]
    assert layout["title"]["text"].count("<br>") == 2
    assert layout["margin"]["t"] == 100


def test_series_with_different_abscissas_share_one_table():
    figure = figure_dict(
        a_chart(Series(name="a", x=[1, 2], y=[10, 20]), Series(name="b", x=[2, 3, 3], y=[200, 300, 301]))
    )
    assert figure["csv_data"] == ["Year,a [TWh],b [TWh]", "1,10,", "2,20,200", "3,,300", "3,,301"]


def test_a_quoted_cell_follows_rfc_4180():
    table = Table(title="t", columns=(TableColumn(label='a,"b"', values=["x\ny"]),))
    assert figure_dict(table)["csv_data"] == ['"a,""b"""', '"x\ny"']


def test_a_native_figure_is_made_of_plain_json_without_a_template():
    figure = figure_dict(
        Figure(
            title="Shares",
            data=[{"type": "pie", "labels": ("a", "b"), "values": np.array([1.0, np.nan])}],
            layout={"template": {"layout": {}}, "height": np.int64(3)},
            section="s",
            key_chart=True,
        )
    )
    assert json.loads(json.dumps(figure, allow_nan=False))["data"][0]["values"] == [1.0, None]
    assert "template" not in figure["layout"]
    assert figure["layout"]["height"] == 3
    assert figure["csv_data"] == ["series,x,y", ",a,1.0", ",b,"]


def test_the_keys_of_sostrades_clients_are_there():
    figure = figure_dict(
        a_chart(Series(name="a", x=[1], y=[2]), section="Energy", section_opened=False, key_chart=True)
    )
    assert figure["post_processing_section_name"] == "Energy"
    assert figure["post_processing_section_is_opened"] is False
    assert figure["post_processing_is_key_chart"] is True
    assert figure["is_pareto_trade_chart"] is False
    assert figure["logo_official"] is figure["logo_notofficial"] is figure["logo_work_in_progress"] is None


def test_something_else_than_a_picture_is_refused():
    with pytest.raises(TypeError, match="not int"):
        figure_dict(3)


def test_no_two_of_twenty_series_look_the_same():
    series = [Series(name=str(i), x=[1], y=[2]) for i in range(20)]
    strokes = {tuple(t["line"].items()) for t in figure_dict(a_chart(*series))["data"]}
    assert len(strokes) == 20


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.tuples(st.floats(), st.one_of(st.none(), st.floats(), st.text())), max_size=20),
    st.text(),
    st.text(),
)
def test_any_chart_is_strict_json_with_one_csv_row_a_point(points, name, title):
    x = list(range(len(points)))
    figure = figure_dict(
        a_chart(
            Series(name=name, x=x, y=[p[0] for p in points]),
            Series(name=name, x=x, y=[p[1] for p in points]),
            title=title,
        )
    )
    json.dumps(figure, allow_nan=False)
    assert len(figure["csv_data"]) == len(points) + 1
