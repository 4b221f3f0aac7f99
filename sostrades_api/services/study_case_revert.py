"""Revert the parameters of a study case to what they were at an earlier revision; the history only grows."""

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from sostrades_api.access import Actor
from sostrades_api.errors import FaultyItem, InvalidValuesError
from sostrades_api.models import ParameterChange, StudyCase
from sostrades_api.services.stored_values import StoredValues
from sostrades_api.services.study_case_get import study_case_lock
from sostrades_api.services.study_case_load import show_stored, study_case_load
from sostrades_api.services.study_case_names import full_name
from sostrades_api.services.study_case_update import UpdatedStudy, require_revision, write_parameters
from sostrades_api.services.study_plan import study_plan
from sostrades_api.services.unit_of_work import unit_of_work
from sostrades_api.storage import ValueStore


def study_case_revert(
    session: Session,
    study: StudyCase,
    *,
    actor: Actor,
    values: ValueStore,
    revision: int,
    if_match_revisions: Collection[int] | None = None,
) -> UpdatedStudy:
    """Give every parameter the value it had at ``revision``: a new change, which can itself be reverted.

    Raises:
        InvalidValuesError: the study case never was at that revision.
        PreconditionFailedError: the study case is at none of ``if_match_revisions``.
        StudyNotLoadableError: its process is not installed any more, or cannot be built.
    """
    require_revision(study, if_match_revisions)
    study_case_id, study_name, process_name = study.id, study.name, study.process_name
    before = study_plan(process_name, StoredValues(session, study_case_id, values=values))
    with unit_of_work(session):
        locked = study_case_lock(session, study_case_id)
        require_revision(locked, if_match_revisions)
        if not 1 <= revision <= locked.revision:
            msg = f"the study case has the revisions 1 to {locked.revision}"
            raise InvalidValuesError([FaultyItem(msg, pointer="/revision")])
        digests = _digests_at(session, study_case_id, revision=revision)
        note = f"reverted to revision {revision}"
        write_parameters(session, locked, digests=digests, actor=actor, note=note)
        reached = locked.revision
    plan = study_plan(process_name, StoredValues(session, study_case_id, values=values))
    stored = {digest for digest in digests.values() if digest is not None}
    shown = show_stored(session, stored, values=values, tables=False)
    variables = {}
    if plan is not before:
        variables = study_case_load(session, study_case_id, values=values).variables
    for name, digest in digests.items():
        if name not in plan.descriptions:  # another structure or an older version of the process had it
            continue
        entry = plan.defaults[name] if digest is None else {**plan.descriptions[name], **shown[digest]}
        variables[full_name(study_name, relative=name)] = entry
    return UpdatedStudy(revision=reached, fingerprint=plan.fingerprint, variables=variables)


def _digests_at(session: Session, study_case_id: int, *, revision: int) -> dict[str, str | None]:
    """What each parameter changed since held before its first later change."""
    query = (
        select(ParameterChange.name, ParameterChange.old_digest)
        .where(ParameterChange.study_case_id == study_case_id, ParameterChange.revision > revision)
        .order_by(ParameterChange.id.desc())
    )
    return dict(session.execute(query).all())
