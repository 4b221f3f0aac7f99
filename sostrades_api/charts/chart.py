"""Charts and tables as frozen data."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class SeriesKind(StrEnum):
    """How a series is drawn."""

    LINES = "lines"  # a line through the points
    SCATTER = "scatter"  # markers only
    LINES_MARKERS = "lines+markers"  # both
    BAR = "bar"  # one bar a point; stacked when the chart says so
    AREA = "area"  # filled down to zero; stacked when the chart says so


class Line(StrEnum):
    """Dash pattern of a line."""

    SOLID = "solid"
    DASH = "dash"
    DOT = "dot"
    DASH_DOT = "dashdot"


@dataclass(frozen=True, kw_only=True)
class Axis:
    """An axis; its title is drawn as ``label [unit]``."""

    label: str
    unit: str | None = None
    range: tuple[float, float] | None = None
    log: bool = False
    from_zero: bool = False

    @property
    def title(self) -> str:
        """Label and unit as readers see them."""
        return f"{self.label} [{self.unit}]" if self.unit else self.label


@dataclass(frozen=True, kw_only=True)
class Series:
    """One named set of points; ``x`` and ``y`` have the same length."""

    name: str
    x: Sequence[Any]
    y: Sequence[Any]
    kind: SeriesKind = SeriesKind.LINES
    line: Line = Line.SOLID
    secondary: bool = False
    visible: bool = True

    def __post_init__(self) -> None:
        if len(self.x) != len(self.y):
            msg = f"series {self.name!r} has {len(self.x)} abscissas and {len(self.y)} ordinates"
            raise ValueError(msg)


@dataclass(frozen=True, kw_only=True)
class _Placed:
    """What every picture has in common: its title and its place in the report."""

    title: str
    section: str | None = None
    section_opened: bool = True
    key_chart: bool = False
    description: str | None = None


@dataclass(frozen=True, kw_only=True)
class Chart(_Placed):
    """Series over two (or three) axes."""

    x_axis: Axis
    y_axis: Axis
    series: tuple[Series, ...]
    secondary_y_axis: Axis | None = None
    stacked: bool = False
    horizontal: bool = False
    show_legend: bool = True


@dataclass(frozen=True, kw_only=True)
class TableColumn:
    """A column of a table; its header is drawn as ``label [unit]``."""

    label: str
    values: Sequence[Any]
    unit: str | None = None

    @property
    def title(self) -> str:
        """Label and unit as readers see them."""
        return f"{self.label} [{self.unit}]" if self.unit else self.label


@dataclass(frozen=True, kw_only=True)
class Table(_Placed):
    """Columns side by side, all of one length."""

    columns: tuple[TableColumn, ...]


@dataclass(frozen=True, kw_only=True)
class Figure(_Placed):
    """A native Plotly figure, for what the kinds above cannot say."""

    data: Sequence[Mapping[str, Any]]
    layout: Mapping[str, Any] = field(default_factory=dict)
