"""What the charts of all DICE-2016R disciplines have in common: the axis of years and the two filters."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from sostrades_api.charts import Axis, Chart, ChartFilter, Line, Series, SeriesKind, Table

CHARTS = "charts"
PERIOD = "period"
ALL_YEARS = "All years"
_LAST_YEARS = {ALL_YEARS: None, "To 2200": 2200, "To 2100": 2100}
MILESTONES = (2015, 2020, 2030, 2050, 2075, 2100, 2150, 2200, 2300, 2400, 2510)

AREA = SeriesKind.AREA
BAR = SeriesKind.BAR

Picture = Chart | Table
Selection = Mapping[str, Sequence[str]]
Draw = Callable[[Mapping[str, Any], "Frame"], Picture]


class Frame:
    """The years that the reader wants to see; cuts tables to them."""

    def __init__(self, selection: Selection) -> None:
        chosen = tuple(selection.get(PERIOD) or (ALL_YEARS,))
        self._last_year = _LAST_YEARS.get(chosen[0])

    def cut(self, table: pd.DataFrame) -> pd.DataFrame:
        """Rows of the shown years."""
        return table if self._last_year is None else table.loc[table["year"] <= self._last_year]

    def milestones(self, table: pd.DataFrame) -> pd.DataFrame:
        """Rows of the shown years that a table prints."""
        return self.cut(table.loc[table["year"].isin(MILESTONES)])

    def line(self, name: str, table: pd.DataFrame, column: str, *, scale: float = 1.0, **more: Any) -> Series:
        """Series of one column over the shown years; ``scale`` turns its unit into the axis's."""
        shown = self.cut(table)
        return Series(name=name, x=shown["year"].tolist(), y=(shown[column] * scale).tolist(), **more)

    def constant(self, name: str, table: pd.DataFrame, value: float) -> Series:
        """Dashed horizontal line over the shown years."""
        years = self.cut(table)["year"].tolist()
        return Series(name=name, x=years, y=[value] * len(years), line=Line.DOT)


def filters(pictures: Mapping[str, Draw]) -> tuple[ChartFilter, ...]:
    """The filters of a discipline with these pictures: which ones, and up to which year."""
    titles = tuple(pictures)
    return (
        ChartFilter(key=CHARTS, name="Charts", values=titles, selected=titles),
        ChartFilter(
            key=PERIOD, name="Years", values=tuple(_LAST_YEARS), selected=(ALL_YEARS,), multiple=False
        ),
    )


def draw(
    pictures: Mapping[str, Draw], values: Mapping[str, Any], selection: Selection
) -> tuple[Picture, ...]:
    """The chosen pictures, in their own order; all of them when the reader has not chosen."""
    chosen = selection.get(CHARTS, tuple(pictures))
    frame = Frame(selection)
    return tuple(make(values, frame) for title, make in pictures.items() if title in chosen)


def over_years(title: str, y_axis: Axis, series: Sequence[Series], **more: Any) -> Chart:
    """Chart of series by year."""
    return Chart(title=title, x_axis=Axis(label="Year"), y_axis=y_axis, series=tuple(series), **more)


def growth(table: pd.DataFrame, column: str) -> pd.DataFrame:
    """Growth in percent a year from each period to the next, by year of the former."""
    values = table[column].to_numpy(dtype=float)
    years = table["year"].to_numpy()
    rates = 100.0 * ((values[1:] / values[:-1]) ** (1.0 / np.diff(years)) - 1.0)
    return pd.DataFrame({"year": years[:-1], "growth": rates})


def points(name: str, x: Sequence[float], y: Sequence[float]) -> Series:
    """Markers of one value against another."""
    return Series(name=name, x=x, y=y, kind=SeriesKind.LINES_MARKERS)
