"""Update parameters of a study case: all of them or none, with history."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from sostrades_api.access import Actor
from sostrades_api.errors import PreconditionFailedError, RevisionConflictError
from sostrades_api.models import ParameterChange, StudyCase, StudyParameter, utc_now
from sostrades_api.services.parameter_check import ScalarUpdate, TableUpdate, parameter_check
from sostrades_api.services.parameter_json import default_of, show
from sostrades_api.services.parameter_structure import parameter_structure
from sostrades_api.services.stored_values import StoredValues
from sostrades_api.services.study_case_get import study_case_lock
from sostrades_api.services.study_case_load import study_case_load
from sostrades_api.services.study_case_names import full_name
from sostrades_api.services.study_plan import StudyPlan, study_plan
from sostrades_api.services.unit_of_work import unit_of_work
from sostrades_api.storage import ValueStore

_MOST_NAMES = 1000


@dataclass(frozen=True, kw_only=True)
class UpdatedStudy:
    """The revision an update led to, and its variables as a load shows them, with what was converted.

    When the update changed which variables there are, all those that a load lists are in ``variables``.
    """

    revision: int
    fingerprint: str
    variables: dict[str, dict[str, Any]]


def study_case_update(
    session: Session,
    study: StudyCase,
    *,
    actor: Actor,
    values: ValueStore,
    scalars: Sequence[ScalarUpdate] = (),
    tables: Sequence[TableUpdate] = (),
    if_match_revisions: Collection[int] | None = None,
) -> UpdatedStudy:
    """Give new values to some variables; a running execution is not touched.

    The revision grows by one, unless every variable already has exactly this value. A new value of a
    structuring input may make variables appear and disappear; the values of those that disappear stay stored,
    and are theirs again when they reappear.

    Raises:
        InvalidValuesError: every faulty item; nothing was stored.
        PreconditionFailedError: the study case is at none of ``if_match_revisions``; nothing was stored.
        RevisionConflictError: a table whose columns are not all editable was changed meanwhile.
        StudyNotLoadableError: its process is not installed any more, or cannot be built.
    """
    require_revision(study, if_match_revisions)
    study_case_id, study_name, process_name = study.id, study.name, study.process_name
    updates = [*scalars, *tables]
    while True:
        stored = StoredValues(session, study_case_id, values=values)
        before = study_plan(process_name, stored)
        plan = parameter_structure(updates, plan=before, stored=stored, study_name=study_name)
        present = _Present(session, study_case_id, values=values, plan=plan)
        checked = parameter_check(updates, plan=plan, study_name=study_name, present=present.value)
        staged = values.stage({name: update.value for name, update in checked.items()})
        with unit_of_work(session):
            locked = study_case_lock(session, study_case_id)
            require_revision(locked, if_match_revisions)
            if study_plan(process_name, StoredValues(session, study_case_id, values=values)) is not before:
                continue  # another update changed the structure meanwhile: check against what there is now
            present.require_unchanged()
            digests = values.put_many(session, staged)
            write_parameters(session, locked, digests=digests, actor=actor)
            revision = locked.revision
        break
    variables = {}
    if plan is not before:
        variables = study_case_load(session, study_case_id, values=values).variables
    for name, update in checked.items():
        shown = {**plan.descriptions[name], **show(update.value)}
        if update.converted_from is not None:
            shown["converted_from"] = update.converted_from
        variables[full_name(study_name, relative=name)] = shown
    return UpdatedStudy(revision=revision, fingerprint=plan.fingerprint, variables=variables)


class _Present:
    """Values that an update was compared with; they must still be there when it is stored."""

    def __init__(self, session: Session, study_case_id: int, *, values: ValueStore, plan: StudyPlan) -> None:
        self._session = session
        self._study_case_id = study_case_id
        self._values = values
        self._plan = plan
        self._seen: dict[str, str | None] = {}

    def value(self, name: str) -> Any:
        """The value of a parameter now: stored, or the default of the process."""
        digest = self._seen[name] = self._digests([name]).get(name)
        if digest is None:
            return default_of(self._plan.plan.variables[name])
        return self._values.get(self._session, digest)

    def require_unchanged(self) -> None:
        """Raise `RevisionConflictError` when one of the values asked for is another one by now."""
        now = self._digests(list(self._seen)) if self._seen else {}
        changed = [name for name, digest in self._seen.items() if now.get(name) != digest]
        if changed:
            msg = f"somebody else changed {', '.join(changed)} meanwhile; load the study case and try again"
            raise RevisionConflictError(msg)

    def _digests(self, names: Sequence[str]) -> dict[str, str]:
        query = select(StudyParameter.name, StudyParameter.digest).where(
            StudyParameter.study_case_id == self._study_case_id, StudyParameter.name.in_(names)
        )
        return dict(self._session.execute(query).all())


def require_revision(study: StudyCase, revisions: Collection[int] | None) -> None:
    """Raise `PreconditionFailedError` unless the study case is at one of these, or none is asked for."""
    if revisions is not None and study.revision not in revisions:
        asked = " or ".join(map(str, sorted(revisions)))
        msg = f"the study case is at revision {study.revision}, the request was made for {asked}"
        raise PreconditionFailedError(msg)


def write_parameters(
    session: Session,
    study: StudyCase,
    *,
    digests: Mapping[str, str | None],
    actor: Actor,
    note: str | None = None,
) -> None:
    """Point parameters of a locked study case to these values (None: the default), and write the history."""
    query = select(StudyParameter).where(StudyParameter.study_case_id == study.id)
    if len(digests) <= _MOST_NAMES:  # else reading every parameter is the smaller statement
        query = query.where(StudyParameter.name.in_(digests))
    rows = {row.name: row for row in session.scalars(query)}
    old = {name: rows[name].digest if name in rows else None for name in digests}
    changed = {name: digest for name, digest in digests.items() if digest != old[name]}
    if not changed:
        return
    study.revision += 1
    study.updated_at = utc_now()
    for name, digest in changed.items():
        if digest is None:
            session.execute(
                delete(StudyParameter).where(
                    StudyParameter.study_case_id == study.id, StudyParameter.name == name
                )
            )
        elif name in rows:
            rows[name].digest = digest
        else:
            session.add(StudyParameter(study_case_id=study.id, name=name, digest=digest))
        session.add(
            ParameterChange(
                study_case_id=study.id,
                revision=study.revision,
                name=name,
                old_digest=old[name],
                new_digest=digest,
                actor=actor.label,
                note=note,
            )
        )
