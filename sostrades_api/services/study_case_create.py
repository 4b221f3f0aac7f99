"""Create a study case of a process, filled with one of its references."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from sostrades_api.access import Actor, Permission, Role, can
from sostrades_api.engine import InvalidValue
from sostrades_api.errors import FaultyItem, ForbiddenError, InvalidValuesError
from sostrades_api.models import Group, StudyCase, StudyParameter
from sostrades_api.processes import catalogue
from sostrades_api.services.study_case_names import checked_study_name
from sostrades_api.services.study_plan import StudyPlan, study_plan
from sostrades_api.services.unit_of_work import unit_of_work
from sostrades_api.storage import ValueStore


def study_case_create(
    session: Session,
    *,
    actor: Actor,
    process_name: str,
    name: str,
    group: Group,
    values: ValueStore,
    reference: str | None = None,
) -> StudyCase:
    """The new study case, owned by ``group``.

    Args:
        session: Written to.
        actor: Must belong to the group, or be an administrator.
        process_name: An installed process.
        name: 1 to 200 characters; need not be unique.
        group: Its members manage the study case.
        values: Where the reference's values are kept.
        reference: Name of one of the process's references; None takes its first, "" none at all.

    Raises:
        UnknownProcess: no such process is installed.
        InvalidValuesError: the name, the reference or one of its values is wrong.
        ForbiddenError: the actor may not create in this group.
        StudyNotLoadableError: the process cannot be built.
    """
    role = Role.MANAGER if group.id in actor.group_ids else None
    if not can(actor, Permission.UPDATE, role=role):
        msg = f"you may not create study cases in the group {group.name!r}"
        raise ForbiddenError(msg)
    checked_name = checked_study_name(name, pointer="/name")
    reference_name, reference_values = _reference(process_name, reference)
    checked = _checked(study_plan(process_name, reference_values), reference_values)
    staged = values.stage(checked)
    with unit_of_work(session):
        digests = values.put_many(session, staged)
        study = StudyCase(
            name=checked_name,
            process_name=process_name,
            reference_name=reference_name,
            group_id=group.id,
            created_by=actor.label,
        )
        session.add(study)
        session.flush()
        session.add_all(
            StudyParameter(study_case_id=study.id, name=variable, digest=digest)
            for variable, digest in digests.items()
        )
    return study


def _reference(process_name: str, name: str | None) -> tuple[str | None, Mapping[str, Any]]:
    references = catalogue.get(process_name).references
    if name == "" or (name is None and not references):
        return None, {}
    for reference in references:
        if name is None or reference.name == name:
            return reference.name, reference.values
    known = ", ".join(reference.name for reference in references) or "none"
    msg = f"the process {process_name!r} has no reference {name!r}; it has: {known}"
    raise InvalidValuesError([FaultyItem(msg, pointer="/reference")])


def _checked(plan: StudyPlan, reference_values: Mapping[str, Any]) -> dict[str, Any]:
    checked: dict[str, Any] = {}
    faults: list[FaultyItem] = []
    for name, value in reference_values.items():
        planned = plan.plan.variables.get(name)
        if planned is None:
            faults.append(FaultyItem("the reference names an unknown variable", variable_id=name))
            continue
        try:
            checked[name] = planned.variable.check(value)
        except InvalidValue as error:
            faults.extend(FaultyItem(fault, variable_id=name) for fault in error.faults)
    if faults:
        raise InvalidValuesError(faults)
    return checked
