"""Tables and numbers as text."""

import statistics
from collections.abc import Iterable, Sequence


def markdown(head: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """A table whose columns line up in plain text too."""
    rows = [list(head), *map(list, lines)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(head))]
    padded = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
        for row in rows
    ]
    return "\n".join([padded[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *padded[1:]])


def number(value: float | None) -> str:
    """Three digits that count."""
    if value is None:
        return "-"
    if value == 0 or 0.0001 <= abs(value) < 1000:
        return f"{value:.3g}"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.1e}"


def spread(values: Sequence[float]) -> float:
    """Half of how far the middle half of these lies apart, relative to their median; of few, all of them."""
    ordered = sorted(values)
    cut = len(ordered) // 4
    middle = ordered[cut : len(ordered) - cut]
    return (middle[-1] - middle[0]) / 2.0 / statistics.median(ordered)


def with_spread(values: Sequence[float]) -> str:
    """The median, and how far it is to be trusted."""
    shown = number(statistics.median(values))
    return f"{shown} ± {spread(values):.0%}" if len(values) > 1 else shown
