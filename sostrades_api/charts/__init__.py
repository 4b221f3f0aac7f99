"""What a discipline says about its pictures: plain data, drawn elsewhere (``sostrades_api.reporting``).

A chart holds numbers, names and units; it knows no Plotly, so that a modeller's charts can be tested
without drawing them.
"""

from sostrades_api.charts.chart import Axis, Chart, Figure, Line, Series, SeriesKind, Table, TableColumn
from sostrades_api.charts.filters import ChartFilter

__all__ = ["Axis", "Chart", "ChartFilter", "Figure", "Line", "Series", "SeriesKind", "Table", "TableColumn"]
