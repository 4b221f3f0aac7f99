"""Find the study cases somebody may see."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from sostrades_api.access import Actor, Role, highest_role
from sostrades_api.models import Execution, ExecutionState, StudyCase, StudyCaseRight
from sostrades_api.services.study_case_visible import is_holder, is_visible


@dataclass(frozen=True)
class FoundStudyCase:
    """A study case, the actor's role on it, and the state of its latest execution (None: never executed)."""

    study: StudyCase
    role: Role
    state: ExecutionState | None
    converged: bool | None = None  # of the results of the latest execution


def study_case_find(session: Session, *, actor: Actor, deleted: bool = False) -> list[FoundStudyCase]:
    """Every study case the actor has a role on, the one changed last first."""
    query = (
        select(StudyCase)
        .options(joinedload(StudyCase.group))
        .where(StudyCase.deleted_at.is_not(None) if deleted else StudyCase.deleted_at.is_(None))
        .order_by(StudyCase.updated_at.desc(), StudyCase.id.desc())
    )
    studies = session.scalars(query.where(is_visible(actor))).all()
    rights: dict[int, list[Role]] = {}
    for study_case_id, role in session.execute(
        select(StudyCaseRight.study_case_id, StudyCaseRight.role).where(is_holder(actor))
    ):
        rights.setdefault(study_case_id, []).append(Role(role))
    states = _latest_states(session, studies)
    never = (None, None)
    return [
        FoundStudyCase(study, _role(study, actor, rights.get(study.id, [])), *states.get(study.id, never))
        for study in studies
    ]


def _role(study: StudyCase, actor: Actor, rights: Sequence[Role]) -> Role:
    if actor.is_admin or study.group_id in actor.group_ids:
        return Role.MANAGER
    return highest_role(rights) or Role.RESTRICTED_VIEWER


def _latest_states(
    session: Session, studies: Sequence[StudyCase]
) -> dict[int, tuple[ExecutionState, bool | None]]:
    if not studies:
        return {}
    latest = (
        select(func.max(Execution.id))
        .where(Execution.study_case_id.in_([study.id for study in studies]))
        .group_by(Execution.study_case_id)
    )
    rows = session.execute(
        select(Execution.study_case_id, Execution.state, Execution.converged).where(Execution.id.in_(latest))
    )
    return {study_case_id: (state, converged) for study_case_id, state, converged in rows}
