"""Draw the charts of every discipline of an execution, with all their filters may show."""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy.orm import Session

from sostrades_api.charts import ChartFilter
from sostrades_api.engine import Discipline
from sostrades_api.models import StudyCase
from sostrades_api.reporting.document import DisciplineCharts
from sostrades_api.reporting.selection import FilterableCharts, filterable_charts
from sostrades_api.services.execution_result_read import (
    ExecutionOutcome,
    execution_find_result,
    execution_result_read,
)
from sostrades_api.services.post_processing_cache import cache_of
from sostrades_api.services.study_case_names import full_name
from sostrades_api.storage import ValueStore

NOTHING = FilterableCharts(filters=[], figures=())

Drawn = TypeVar("Drawn")
logger = logging.getLogger(__name__)


def discipline_charts_read(
    session: Session, study: StudyCase, *, values: ValueStore
) -> tuple[DisciplineCharts, ...]:
    """The charts of the latest finished execution, in the order of execution; none before the first one.

    Raises:
        StudyNotLoadableError: The process is not installed any more, or cannot be built.
    """
    execution = execution_find_result(session, study_case_id=study.id)
    if execution is None:
        return ()

    def draw() -> tuple[DisciplineCharts, ...]:
        outcome = execution_result_read(session, study, values=values)
        return tuple(_charts(outcome, study=study)) if outcome else ()

    return cache_of(values).get(execution, ("filterable", study.name), draw)


def drawing_disciplines(outcome: ExecutionOutcome) -> Iterator[tuple[str, Discipline]]:
    """Path and discipline of those that have charts."""
    for path in outcome.plan.disciplines:
        discipline = outcome.plan.discipline(path)
        if type(discipline).charts is not Discipline.charts:
            yield path, discipline


def drawn_or_error(draw: Callable[[], Drawn], *, fallback: Drawn, path: str) -> tuple[Drawn, str | None]:
    """What ``draw`` makes; a model whose charts fail costs its own charts, not those of the others."""
    try:
        return draw(), None
    except (Exception, SystemExit) as error:
        logger.exception("The charts of the discipline %r cannot be drawn", path)
        kind = type(error).__name__
        return fallback, f"The charts of this discipline cannot be drawn ({kind}); the log has the details."


def _charts(outcome: ExecutionOutcome, *, study: StudyCase) -> Iterator[DisciplineCharts]:
    for path, discipline in drawing_disciplines(outcome):
        short = outcome.plan.short_values(path, outcome.values)
        charts, error = drawn_or_error(
            lambda discipline=discipline, short=short: _filterable(discipline, short),
            fallback=NOTHING,
            path=path,
        )
        label = type(discipline).label()
        yield DisciplineCharts(
            name=full_name(study.name, relative=path),
            label=label,
            charts=charts,
            error=error,
            converged=not outcome.unconverged.has_discipline(path),
        )


def _filterable(discipline: Discipline, short: Mapping[str, Any]) -> FilterableCharts:
    filters: Sequence[ChartFilter] = discipline.chart_filters(short)
    return filterable_charts(filters, lambda selection: discipline.charts(short, selection))
