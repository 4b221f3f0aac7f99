"""The figures of a page as the JSON its script reads, and the places where they stand."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import orjson

from sostrades_api.reporting.document import DisciplineCharts
from sostrades_api.reporting.figures import marked_unconverged


@dataclass(frozen=True, kw_only=True)
class PlacedFigure:
    """Where a figure stands: its number in the payload and what is written around it.

    ``origin`` is the discipline of a key chart that has its title in common with another one.
    """

    index: int
    title: str
    description: str | None
    key_chart: bool
    shown: bool
    converged: bool
    origin: str | None = None


@dataclass(frozen=True, kw_only=True)
class PlacedSection:
    """Figures under one heading of a discipline; no name for those without a section."""

    name: str | None
    opened: bool
    figures: list[PlacedFigure]


@dataclass(frozen=True, kw_only=True)
class PlacedDiscipline:
    """A discipline's heading and sections."""

    index: int
    name: str
    label: str
    error: str | None
    converged: bool
    sections: tuple[PlacedSection, ...]


@dataclass(frozen=True, kw_only=True)
class ChartPage:
    """The JSON for the script, the key charts and the disciplines that have something to show."""

    json: str
    key_charts: tuple[PlacedFigure, ...]
    disciplines: tuple[PlacedDiscipline, ...]
    convergence: PlacedFigure | None


def chart_page(
    disciplines: Sequence[DisciplineCharts], *, convergence: dict[str, Any] | None = None
) -> ChartPage:
    """Number the figures of all disciplines and place each under its heading."""
    figures: list[dict[str, Any]] = []
    filters: list[dict[str, Any]] = []
    placed = [_place(index, each, figures, filters) for index, each in enumerate(disciplines)]
    residuals = None
    if convergence is not None:
        residuals = _numbered(figures, convergence | {"discipline": len(filters)}, shown=True)
        filters.append({"name": "", "filters": []})
    return ChartPage(
        json=_inert_json({"figures": figures, "disciplines": filters}),
        key_charts=_told_apart(placed),
        disciplines=tuple(each for each in placed if each.sections or each.error),
        convergence=residuals,
    )


def _told_apart(disciplines: Iterable[PlacedDiscipline]) -> tuple[PlacedFigure, ...]:
    """The key charts; where titles repeat, with the name of the discipline."""
    found = [
        (figure, each.name)
        for each in disciplines
        for section in each.sections
        for figure in section.figures
        if figure.key_chart and figure.shown
    ]
    titles = Counter(figure.title for figure, _ in found)
    return tuple(
        replace(figure, origin=name) if titles[figure.title] > 1 else figure for figure, name in found
    )


def _place(
    index: int, discipline: DisciplineCharts, figures: list[dict[str, Any]], filters: list[dict[str, Any]]
) -> PlacedDiscipline:
    charts = discipline.charts
    filters.append({"name": discipline.name, "filters": charts.filters})
    selected = {each["filter_key"]: set(each["selected_values"]) for each in charts.filters}
    sections: dict[str | None, PlacedSection] = {}
    for each in charts.figures:
        figure = each.figure
        name = figure["post_processing_section_name"]
        if name not in sections:
            sections[name] = PlacedSection(
                name=name, opened=figure["post_processing_section_is_opened"], figures=[]
            )
        shown = all(value in selected[key] for key, value in each.variant.items())
        marked = figure if discipline.converged else marked_unconverged(figure)
        tagged = marked | {"variant": each.variant, "traces": each.traces, "discipline": index}
        placed = _numbered(figures, tagged, shown=shown, converged=discipline.converged)
        sections[name].figures.append(placed)
    return PlacedDiscipline(
        index=index,
        name=discipline.name,
        label=discipline.label,
        error=discipline.error,
        converged=discipline.converged,
        sections=tuple(sections.values()),
    )


def _numbered(
    figures: list[dict[str, Any]], figure: dict[str, Any], *, shown: bool, converged: bool = True
) -> PlacedFigure:
    figures.append(figure)
    return PlacedFigure(
        index=len(figures) - 1,
        title=figure["title"],
        description=figure["description"],
        key_chart=figure["post_processing_is_key_chart"],
        shown=shown,
        converged=converged,
    )


def _inert_json(value: Any) -> str:
    """JSON that no HTML parser can leave: without ``<`` there is neither an end tag nor a comment."""
    return orjson.dumps(value).replace(b"<", b"\\u003c").decode()
