"""Filters that work in a file: every figure drawn once, tagged with the choices that show it.

A reader of the one-file report has no server to ask, so the charts are drawn for the whole selection and for
each value alone. Where the whole is the sum of its parts (a series or a chart belongs to some of the values),
the browser can filter by itself; where it is not (a chart of the sum of what is chosen), it is ``locked``.
"""

import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from sostrades_api.charts import Chart, ChartFilter, Figure, Table
from sostrades_api.reporting.figures import figure_dict, traces

MAX_DRAWINGS = 200
_CONTENT = ("type", "name", "x", "y", "z", "labels", "values", "header", "cells", "yaxis")

Selection = Mapping[str, tuple[str, ...]]
Picture = Chart | Table | Figure
Draw = Callable[[Selection], Sequence[Picture]]
_TraceKey = tuple[str, int, str]

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class FilterableFigure:
    """A figure and the choices under which it, and each of its traces, is shown (absent filter: always)."""

    figure: dict[str, Any]
    variant: dict[str, str]
    traces: list[dict[str, list[str]]]


@dataclass(frozen=True, kw_only=True)
class FilterableCharts:
    """The charts of one discipline with all their filters."""

    filters: list[dict[str, Any]]
    figures: tuple[FilterableFigure, ...]


def default_selection(filters: Sequence[ChartFilter]) -> dict[str, tuple[str, ...]]:
    """What a reader sees first."""
    return {each.key: each.default for each in filters}


def requested_selection(
    filters: Sequence[ChartFilter], wanted: Mapping[str, Sequence[str]]
) -> dict[str, tuple[str, ...]]:
    """The reader's choices, the defaults where there are none; unknown filters and values are left out."""
    return {
        each.key: each.chosen(wanted[each.key]) if each.key in wanted else each.default for each in filters
    }


def filter_dict(each: ChartFilter, selected: Sequence[str], *, locked: bool = False) -> dict[str, Any]:
    """A filter as SoSTrades clients read it."""
    return {
        "filter_key": each.key,
        "filter_name": each.name,
        "filter_values": list(each.values),
        "selected_values": list(selected),
        "multiple_selection": each.multiple,
        "locked": locked,
    }


def filterable_charts(filters: Sequence[ChartFilter], draw: Draw) -> FilterableCharts:
    """Draw everything that the filters may show.

    Args:
        filters: The filters of the discipline.
        draw: Its charts for a selection.

    Returns:
        The filters, each marked with whether a browser can apply it alone, and the tagged figures.
    """
    free = [each for each in filters if each.multiple]
    lone = [each for each in filters if not each.multiple]
    locked = _too_many(lone, free)
    free = [each for each in free if each.key not in locked]
    lone = [each for each in lone if each.key not in locked]
    held = {each.key: each.default for each in filters if each.key in locked}
    locked |= {each.key for each in free if not _adds_up(each, _whole(filters, free, held), draw)}
    free = [each for each in free if each.key not in locked]
    held = {each.key: each.default for each in filters if each.key in locked}
    figures: list[FilterableFigure] = []
    for values in product(*(each.values for each in lone)):
        variant = dict(zip((each.key for each in lone), values, strict=True))
        whole = _whole(filters, free, held) | {key: (value,) for key, value in variant.items()}
        figures += _variant(free, whole, variant, draw)
    return FilterableCharts(
        filters=[filter_dict(each, each.default, locked=each.key in locked) for each in filters],
        figures=tuple(figures),
    )


def _too_many(lone: Sequence[ChartFilter], free: Sequence[ChartFilter]) -> set[str]:
    """Filters given up, the longest first, until the number of drawings is bearable."""
    kept, given_up = [*lone, *free], set[str]()
    while _drawings(kept) > MAX_DRAWINGS:
        longest = max(kept, key=lambda each: len(each.values))
        kept.remove(longest)
        given_up.add(longest.key)
    return given_up


def _drawings(filters: Sequence[ChartFilter]) -> int:
    variants = 1
    for each in filters:
        variants *= 1 if each.multiple else max(1, len(each.values))
    return variants * (1 + sum(len(each.values) for each in filters if each.multiple))


def _whole(
    filters: Sequence[ChartFilter], free: Sequence[ChartFilter], held: Selection
) -> dict[str, tuple[str, ...]]:
    return default_selection(filters) | {each.key: each.values for each in free} | dict(held)


def _adds_up(each: ChartFilter, whole: Selection, draw: Draw) -> bool:
    """Whether the charts of every value alone, put together, are the charts of all values."""
    try:
        together = _contents(draw(whole))
        parts = [_contents(draw({**whole, each.key: (value,)})) for value in each.values]
    except Exception:
        logger.exception("charts fail for some values of the filter %r", each.key)
        return False
    united: dict[_TraceKey, Any] = {}
    for part in parts:
        if any(key not in together or together[key] != content for key, content in part.items()):
            return False
        united |= part
    return united.keys() == together.keys()


def _variant(
    free: Sequence[ChartFilter], whole: Selection, variant: dict[str, str], draw: Draw
) -> list[FilterableFigure]:
    shown: dict[str, dict[str, set[_TraceKey]]] = {
        each.key: {value: set(_contents(draw({**whole, each.key: (value,)}))) for value in each.values}
        for each in free
    }
    pictures = draw(whole)
    if not free:
        return [FilterableFigure(figure=figure_dict(each), variant=variant, traces=[]) for each in pictures]
    return [
        FilterableFigure(
            figure=figure_dict(picture), variant=variant, traces=[_tags(key, shown) for key in keys]
        )
        for picture, (_, keys) in zip(pictures, _keyed_traces(pictures), strict=True)
    ]


def _tags(trace: _TraceKey, shown: Mapping[str, Mapping[str, set[_TraceKey]]]) -> dict[str, list[str]]:
    tags = {
        key: [value for value, traces in values.items() if trace in traces] for key, values in shown.items()
    }
    return {key: values for key, values in tags.items() if len(values) < len(shown[key])}


def _contents(pictures: Sequence[Picture]) -> dict[_TraceKey, Any]:
    """What each trace says, without its colour, which depends on its neighbours."""
    return {
        key: {name: trace[name] for name in _CONTENT if name in trace}
        for data, keys in _keyed_traces(pictures)
        for key, trace in zip(keys, data, strict=True)
    }


def _keyed_traces(pictures: Sequence[Picture]) -> list[tuple[list[dict[str, Any]], list[_TraceKey]]]:
    titles: Counter[str] = Counter()
    keyed = []
    for picture in pictures:
        place = f"{picture.section}\n{picture.title}"
        titles[place] += 1
        names: Counter[str] = Counter()
        keys: list[_TraceKey] = []
        data = traces(picture)
        for trace in data:
            name = str(trace.get("name"))
            names[name] += 1
            keys.append((place, titles[place], f"{name}\n{names[name]}"))
        keyed.append((data, keys))
    return keyed
