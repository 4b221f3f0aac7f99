"""A chart as a Plotly figure: a plain dict of lists, never a ``go.Figure`` (44 ms for fifty against 0.5).

The keys beside ``data`` and ``layout`` are those that SoSTrades clients read.
"""

import textwrap
from math import log10
from typing import Any

from sostrades_api.charts import Axis, Chart, Figure, Line, Series, SeriesKind, Table
from sostrades_api.reporting.csv_lines import chart_csv, native_csv, table_csv
from sostrades_api.reporting.palette import SERIES_COLOURS, colour, dash, translucent
from sostrades_api.reporting.plain import plain_list, plain_tree

MANY_SERIES = 8
TITLE_WIDTH = 72
_MODES = {
    SeriesKind.LINES: "lines",
    SeriesKind.SCATTER: "markers",
    SeriesKind.LINES_MARKERS: "lines+markers",
    SeriesKind.AREA: "lines",
}
_UNCONVERGED = {
    "text": "not converged",
    "xref": "paper",
    "yref": "paper",
    "x": 1,
    "y": 1,
    "xanchor": "right",
    "yanchor": "top",
    "showarrow": False,
    "font": {"color": "#7a4f00", "size": 12},
    "bgcolor": "#fdf2d9",
    "borderpad": 3,
}


def figure_dict(picture: Chart | Table | Figure) -> dict[str, Any]:
    """Turn a chart, a table or a native figure into Plotly JSON.

    Args:
        picture: What a discipline returned from ``charts``.

    Returns:
        ``data``, ``layout`` (no template), ``csv_data`` (lines of text), the section and the key-chart flag.

    Raises:
        TypeError: It is none of the three.
    """
    data = traces(picture)
    return {
        "data": data,
        "layout": _layout(picture),
        "csv_data": _csv(picture, data),
        "title": picture.title,
        "description": picture.description,
        "logo_official": None,
        "logo_notofficial": None,
        "logo_work_in_progress": None,
        "post_processing_section_name": picture.section,
        "post_processing_section_is_opened": picture.section_opened,
        "post_processing_is_key_chart": picture.key_chart,
        "is_pareto_trade_chart": False,
    }


def marked_unconverged(figure: dict[str, Any]) -> dict[str, Any]:
    """A figure that says, wherever it is drawn, that it depends on a loop that did not converge."""
    layout = figure["layout"]
    annotations = [*layout.get("annotations", ()), _UNCONVERGED]
    return figure | {"layout": layout | {"annotations": annotations}, "converged": False}


def escaped(text: str) -> str:
    """Text that Plotly shows as it is: it would read ``<b>`` and ``<a>`` as markup."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def traces(picture: Chart | Table | Figure) -> list[dict[str, Any]]:
    """What is drawn, without anything around it.

    Raises:
        TypeError: It is neither a chart nor a table nor a native figure.
    """
    if isinstance(picture, Chart):
        return [_trace(picture, series, index) for index, series in enumerate(picture.series)]
    if isinstance(picture, Table):
        return [_table_trace(picture)]
    if isinstance(picture, Figure):
        return plain_tree(picture.data)
    msg = f"a chart, a table or a figure is expected, not {type(picture).__name__}"
    raise TypeError(msg)


def _trace(chart: Chart, series: Series, index: int) -> dict[str, Any]:
    abscissa, ordinate = plain_list(series.x), plain_list(series.y)
    trace: dict[str, Any] = {
        "type": "bar" if series.kind is SeriesKind.BAR else "scatter",
        "name": escaped(series.name),
        "x": ordinate if chart.horizontal else abscissa,
        "y": abscissa if chart.horizontal else ordinate,
        "visible": True if series.visible else "legendonly",
    }
    if chart.horizontal:
        trace["orientation"] = "h"
    if series.secondary and chart.secondary_y_axis:
        trace["yaxis"] = "y2"
    if series.kind is SeriesKind.BAR:
        hatching = {"pattern": {"shape": "/"}} if index >= len(SERIES_COLOURS) else {}
        trace["marker"] = {"color": colour(index)} | hatching
    else:
        trace |= _stroke(chart, series, index)
    return trace


def _stroke(chart: Chart, series: Series, index: int) -> dict[str, Any]:
    pattern = series.line.value if series.line is not Line.SOLID else dash(index)
    stroke: dict[str, Any] = {"mode": _MODES[series.kind]}
    if series.kind is not SeriesKind.SCATTER:
        stroke["line"] = {"color": colour(index), "dash": pattern, "width": 2}
    if series.kind in (SeriesKind.SCATTER, SeriesKind.LINES_MARKERS):
        stroke["marker"] = {"color": colour(index), "size": 7}
    if series.kind is SeriesKind.AREA:
        stroke["fillcolor"] = translucent(colour(index), 0.45 if chart.stacked else 0.25)
        stroke |= {"stackgroup": "stack"} if chart.stacked else {"fill": "tozeroy"}
    return stroke


def _layout(picture: Chart | Table | Figure) -> dict[str, Any]:
    if isinstance(picture, Chart):
        return _chart_layout(picture)
    own = plain_tree(picture.layout) if isinstance(picture, Figure) else {}
    return _bare_layout(picture) | {key: value for key, value in own.items() if key != "template"}


def _csv(picture: Chart | Table | Figure, data: list[dict[str, Any]]) -> list[str]:
    if isinstance(picture, Chart):
        return chart_csv(picture)
    return table_csv(picture) if isinstance(picture, Table) else native_csv(data)


def _chart_layout(chart: Chart) -> dict[str, Any]:
    across, up = (chart.y_axis, chart.x_axis) if chart.horizontal else (chart.x_axis, chart.y_axis)
    layout = _bare_layout(chart) | {
        "xaxis": _axis(across) | {"automargin": True},
        "yaxis": _axis(up) | {"automargin": True},
        "showlegend": chart.show_legend and len(chart.series) > 1,
        "legend": {
            "orientation": "h",
            "xref": "container",
            "yref": "container",
            "x": 0,
            "y": 0,
            "yanchor": "bottom",
        },
        "hovermode": "closest" if chart.horizontal or len(chart.series) > MANY_SERIES else "x unified",
    }
    if chart.secondary_y_axis:
        second = _axis(chart.secondary_y_axis) | {"automargin": True, "overlaying": "y", "side": "right"}
        layout["yaxis2"] = second | {"showgrid": False}
    if any(series.kind is SeriesKind.BAR for series in chart.series):
        # "relative" stacks negative bars downwards, where "stack" would draw them over the others.
        layout["barmode"] = "relative" if chart.stacked else "group"
    return layout


def _bare_layout(picture: Chart | Table | Figure) -> dict[str, Any]:
    title = picture.title
    lines = [title] if len(title) <= TITLE_WIDTH else textwrap.wrap(title, TITLE_WIDTH)
    return {
        "title": {
            "text": "<br>".join(escaped(line) for line in lines),
            "x": 0,
            "xref": "paper",
            "xanchor": "left",
        },
        "margin": {"t": 40 + 20 * len(lines), "r": 24, "b": 56, "l": 64},
        "autosize": True,
    }


def _axis(axis: Axis) -> dict[str, Any]:
    described: dict[str, Any] = {"title": {"text": escaped(axis.title)}}
    if axis.log:
        described |= {"type": "log", "exponentformat": "power"}
    if axis.range:
        described["range"] = list(axis.range) if not axis.log else _decades(axis.range)
    elif axis.from_zero:
        described["rangemode"] = "tozero"
    return {key: value for key, value in described.items() if value is not None}


def _decades(limits: tuple[float, float]) -> list[float] | None:
    return [log10(limits[0]), log10(limits[1])] if min(limits) > 0 else None


def _table_trace(table: Table) -> dict[str, Any]:
    return {
        "type": "table",
        "header": {"values": [escaped(column.title) for column in table.columns], "align": "left"},
        "cells": {"values": [_cells(column.values) for column in table.columns], "align": "left"},
    }


def _cells(values: Any) -> list[Any]:
    return [escaped(cell) if isinstance(cell, str) else cell for cell in plain_list(values)]
