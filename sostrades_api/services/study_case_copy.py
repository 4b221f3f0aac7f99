"""Copy a study case: a new one with the same process and the same values; no data is copied."""

from sqlalchemy import insert, literal, select
from sqlalchemy.orm import Session

from sostrades_api.access import Actor, Role
from sostrades_api.models import StudyCase, StudyCaseRight, StudyParameter
from sostrades_api.services.study_case_get import study_case_lock
from sostrades_api.services.study_case_names import checked_study_name
from sostrades_api.services.unit_of_work import unit_of_work


def study_case_copy(session: Session, study: StudyCase, *, actor: Actor, new_name: str) -> StudyCase:
    """The copy, which the actor manages: owned by the source's group if the actor is in it, else by its own.

    A user without any group copies into the source's group, and gets the role Manager. The history of the
    parameters and the executions stay with the source.

    Raises:
        InvalidValuesError: the new name is wrong.
    """
    name = checked_study_name(new_name)
    study_case_id = study.id
    with unit_of_work(session):
        source = study_case_lock(session, study_case_id)
        copy = StudyCase(
            name=name,
            process_name=source.process_name,
            reference_name=source.reference_name,
            group_id=_owning_group(source, actor),
            copied_from_id=source.id,
            created_by=actor.label,
        )
        session.add(copy)
        session.flush()
        rows = select(literal(copy.id), StudyParameter.name, StudyParameter.digest)
        session.execute(
            insert(StudyParameter).from_select(
                ["study_case_id", "name", "digest"], rows.where(StudyParameter.study_case_id == source.id)
            )
        )
        if copy.group_id not in actor.group_ids and actor.user_id is not None:
            session.add(StudyCaseRight(study_case_id=copy.id, user_id=actor.user_id, role=Role.MANAGER))
    return copy


def _owning_group(source: StudyCase, actor: Actor) -> int:
    if source.group_id in actor.group_ids or actor.is_admin or not actor.group_ids:
        return source.group_id
    return min(actor.group_ids)
