"""Check what a client wants to give to variables: everything that is wrong is named, nothing is stored."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sostrades_api.engine import InvalidValue, PlanVariable
from sostrades_api.errors import FaultyItem, InvalidValuesError
from sostrades_api.services.fixed_columns import fixed_columns, require_fixed_columns
from sostrades_api.services.parameter_json import from_json, is_editable, json_value, number_from_text
from sostrades_api.services.parameter_units import convert_unit
from sostrades_api.services.study_case_names import find_relative_name
from sostrades_api.services.study_plan import StudyPlan
from sostrades_api.storage.csv_format import parse


@dataclass(frozen=True, kw_only=True)
class ScalarUpdate:
    """A value as JSON; ``unit`` None means the declared one."""

    variable_id: str
    value: Any
    unit: str | None = None


@dataclass(frozen=True, kw_only=True)
class TableUpdate:
    """A value as CSV."""

    variable_id: str
    content: bytes


@dataclass(frozen=True, kw_only=True)
class CheckedUpdate:
    """A value that fits its variable; ``converted_from`` is the unit and the value it came in."""

    value: Any
    converted_from: dict[str, Any] | None = None


def parameter_check(
    updates: Sequence[ScalarUpdate | TableUpdate],
    *,
    plan: StudyPlan,
    study_name: str,
    present: Callable[[str], Any],
) -> dict[str, CheckedUpdate]:
    """The checked values by name relative to the study.

    ``present`` gives the value that a variable has now; asked for where not all columns are editable.

    Raises:
        InvalidValuesError: every fault of every update.
    """
    if not updates:
        raise InvalidValuesError([FaultyItem("the request names no variable", pointer="")])
    times = Counter(update.variable_id for update in updates)
    faults = [
        FaultyItem("this variable is named more than once in one request", variable_id=name)
        for name, count in times.items()
        if count > 1
    ]
    checked: dict[str, CheckedUpdate] = {}
    for update in updates:
        try:
            name, planned = _editable(update.variable_id, plan=plan, study_name=study_name)
            checked[name] = checked_update(update, planned)
            if fixed_columns(planned.variable):
                require_fixed_columns(planned.variable, checked[name].value, present=present(name))
        except InvalidValue as error:
            faults.extend(FaultyItem(fault, variable_id=update.variable_id) for fault in error.faults)
    if faults:
        raise InvalidValuesError(faults)
    return checked


def _editable(variable_id: str, *, plan: StudyPlan, study_name: str) -> tuple[str, PlanVariable]:
    name = find_relative_name(study_name, full=variable_id)
    planned = plan.plan.variables.get(name) if name is not None else None
    if name is None or planned is None:
        raise InvalidValue(["this study case has no variable of this name"])
    if not is_editable(planned):
        reason = f"it is computed by {planned.owner!r}" if planned.io == "out" else "it is not editable"
        raise InvalidValue([reason])
    return name, planned


def checked_update(update: ScalarUpdate | TableUpdate, planned: PlanVariable) -> CheckedUpdate:
    """The value of one update.

    Raises:
        InvalidValue: with every fault.
    """
    variable = planned.variable
    if isinstance(update, TableUpdate):
        return CheckedUpdate(value=variable.check(parse(variable, update.content)))
    given = number_from_text(update.value, value_type=variable.value_type)
    if given is not None:
        given = from_json(given, value_type=variable.value_type)
    value, is_converted = convert_unit(
        given, value_type=variable.value_type, source=update.unit, target=variable.unit
    )
    is_converted |= isinstance(update.value, str) and not isinstance(given, str)
    origin = {"unit": update.unit, "value": json_value(update.value)} if is_converted else None
    return CheckedUpdate(value=variable.check(value), converted_from=origin)
