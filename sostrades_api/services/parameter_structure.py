"""Which plan a study case will have once an update is stored: structuring values may change its variables."""

from collections import ChainMap
from collections.abc import Mapping, Sequence
from typing import Any

from sostrades_api.engine import EngineError, InvalidValue
from sostrades_api.errors import FaultyItem, InvalidValuesError
from sostrades_api.services.parameter_check import ScalarUpdate, TableUpdate, checked_update
from sostrades_api.services.public_text import public_text
from sostrades_api.services.study_case_names import find_relative_name
from sostrades_api.services.study_plan import StudyPlan, described_plan

Update = ScalarUpdate | TableUpdate


def parameter_structure(
    updates: Sequence[Update], *, plan: StudyPlan, stored: Mapping[str, Any], study_name: str
) -> StudyPlan:
    """The plan after these updates of a study case that has these values and this plan now.

    One request may change a structuring input and give values to what appears with it. A value that does not
    fit is left aside here: `parameter_check` names it.

    Raises:
        InvalidValuesError: with these values the process cannot be built.
    """
    if not plan.plan.is_dynamic:
        return plan
    by_name = {find_relative_name(study_name, full=update.variable_id): update for update in updates}
    deciding: dict[str, Any] = {}
    reached = plan
    while True:
        added = _deciding(by_name, reached, known=deciding)
        if not added:
            return reached
        deciding |= added
        try:
            reached = described_plan(reached.plan.plan_for(ChainMap(deciding, stored)))  # type: ignore[arg-type]
        except EngineError as error:
            detail = f"with this value the process cannot be built: {public_text(str(error))}"
            raise InvalidValuesError(
                [FaultyItem(detail, variable_id=by_name[name].variable_id) for name in deciding]
            ) from error


def _deciding(
    by_name: Mapping[str | None, Update], plan: StudyPlan, *, known: Mapping[str, Any]
) -> dict[str, Any]:
    """The fitting values among the updates that decide the structure and are not known yet."""
    found: dict[str, Any] = {}
    for name, update in by_name.items():
        planned = plan.plan.variables.get(name) if name is not None else None
        if name is None or planned is None or name in known or not planned.variable.structuring:
            continue
        try:
            found[name] = checked_update(update, planned).value
        except InvalidValue:
            continue
    return found
