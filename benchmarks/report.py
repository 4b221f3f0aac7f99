"""A report of 50 figures of 3 series of 100 points: server time, against dumping plain dicts with orjson.

Run: ``python -m benchmarks.report``. Ratios within one run are what counts.
"""

import datetime as dt
from collections.abc import Sequence

import numpy as np
import orjson

from benchmarks._timing import median_ms
from sostrades_api.charts import Axis, Chart, ChartFilter, Series
from sostrades_api.reporting.document import DisciplineCharts, Report
from sostrades_api.reporting.figures import figure_dict
from sostrades_api.reporting.report import render
from sostrades_api.reporting.selection import filterable_charts

FIGURES, SERIES, POINTS, REPEATS = 50, 3, 100, 15
YEARS = np.arange(2000, 2000 + POINTS)
NOISE = np.random.default_rng(1).normal(size=(FIGURES, SERIES, POINTS))


def charts() -> list[Chart]:
    return [
        Chart(
            title=f"Chart {figure}",
            x_axis=Axis(label="Year"),
            y_axis=Axis(label="Power", unit="TWh"),
            series=tuple(Series(name=f"Series {s}", x=YEARS, y=NOISE[figure, s]) for s in range(SERIES)),
        )
        for figure in range(FIGURES)
    ]


def report(filters: Sequence[ChartFilter] = ()) -> Report:
    return Report(
        study_name="benchmark",
        process_name="none",
        process_label="None",
        status="FINISHED",
        executed_at=dt.datetime.now(dt.UTC),
        seconds=1.0,
        requested_by="benchmark",
        changed_since=False,
        loops=(),
        inputs=(),
        disciplines=(
            DisciplineCharts(name="b", label="b", charts=filterable_charts(filters, lambda _: charts())),
        ),
    )


def plain_dicts() -> bytes:
    data = [
        [{"type": "scatter", "x": YEARS.tolist(), "y": NOISE[f, s].tolist()} for s in range(SERIES)]
        for f in range(FIGURES)
    ]
    return orjson.dumps([{"data": traces, "layout": {}} for traces in data])


def main() -> None:
    two = ChartFilter(key="k", name="k", values=("a", "b"))
    rows = {
        "plain dicts and orjson (floor)": plain_dicts,
        "charts to Plotly dicts": lambda: [figure_dict(chart) for chart in charts()],
        "the same, dumped": lambda: orjson.dumps([figure_dict(chart) for chart in charts()]),
        "whole HTML report": lambda: render(report()).encode(),
        "whole HTML report with a filter": lambda: render(report([two])).encode(),
    }
    floor = None
    for name, action in rows.items():
        took = median_ms(action, repeats=REPEATS)
        floor = floor or took
        print(f"{name:36} {took:8.2f} ms {took / floor:8.1f} x floor")


if __name__ == "__main__":
    main()
