"""Read the charts of a study case's latest finished execution as Plotly JSON."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from sostrades_api.engine import Discipline
from sostrades_api.models import StudyCase
from sostrades_api.reporting.figures import figure_dict, marked_unconverged
from sostrades_api.reporting.selection import filter_dict, requested_selection
from sostrades_api.services.discipline_charts_read import drawing_disciplines, drawn_or_error
from sostrades_api.services.execution_result_read import (
    ExecutionOutcome,
    execution_find_result,
    execution_result_read,
)
from sostrades_api.services.post_processing_cache import cache_of
from sostrades_api.services.study_case_names import full_name
from sostrades_api.storage import ValueStore

Filters = Mapping[str, Mapping[str, Sequence[str]]]


def post_processing_read(
    session: Session, study: StudyCase, *, values: ValueStore, filters: Filters | None = None
) -> dict[str, dict[str, Any]]:
    """The charts of every discipline that has some.

    Args:
        session: Read from.
        study: One that the caller may view.
        values: The value store.
        filters: What to show, by full name of the discipline and key of the filter; the defaults elsewhere.

    Returns:
        Per full name of a discipline ``filters`` and ``post_processings`` (Plotly, not to be changed),
        and ``error`` where its charts cannot be drawn; ``converged`` false where they depend on a loop that
        did not converge, which each figure says too. Empty before the first finished execution.

    Raises:
        StudyNotLoadableError: The process is not installed any more, or cannot be built.
    """
    execution = execution_find_result(session, study_case_id=study.id)
    if execution is None:
        return {}
    wanted = filters or {}

    def draw() -> dict[str, dict[str, Any]]:
        outcome = execution_result_read(session, study, values=values)
        return _all(outcome, wanted=wanted, study=study) if outcome else {}

    return draw() if wanted else cache_of(values).get(execution, ("default", study.name), draw)


def _all(outcome: ExecutionOutcome, *, wanted: Filters, study: StudyCase) -> dict[str, dict[str, Any]]:
    found = {}
    for path, discipline in drawing_disciplines(outcome):
        name = full_name(study.name, relative=path)
        short = outcome.plan.short_values(path, outcome.values)
        drawn, error = drawn_or_error(
            lambda discipline=discipline, short=short, name=name: _one(
                discipline, short, wanted.get(name, {})
            ),
            fallback={"filters": [], "post_processings": []},
            path=path,
        )
        if outcome.unconverged.has_discipline(path):
            figures = [marked_unconverged(figure) for figure in drawn["post_processings"]]
            drawn = drawn | {"post_processings": figures, "converged": False}
        found[name] = drawn | ({"error": error} if error else {})
    return found


def _one(
    discipline: Discipline, short: Mapping[str, Any], wanted: Mapping[str, Sequence[str]]
) -> dict[str, Any]:
    filters = discipline.chart_filters(short)
    selection = requested_selection(filters, wanted)
    pictures = discipline.charts(short, selection)
    return {
        "filters": [filter_dict(each, selection[each.key]) for each in filters],
        "post_processings": [figure_dict(picture) for picture in pictures],
    }
