"""The history of the parameters of a study case: who changed what, when, from which value to which."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from sostrades_api.models import ParameterChange, StudyCase
from sostrades_api.services.study_case_load import show_stored
from sostrades_api.services.study_case_names import find_relative_name, full_name
from sostrades_api.storage import ValueStore


@dataclass(frozen=True, kw_only=True)
class ShownChange:
    """One change of one variable; a value of None with no digest is the default."""

    id: int
    revision: int
    variable_id: str
    at: dt.datetime
    actor: str
    note: str | None
    old_value: Any
    new_value: Any
    old_digest: str | None
    new_digest: str | None


def parameter_history(
    session: Session,
    study: StudyCase,
    *,
    values: ValueStore,
    variable_id: str | None = None,
    before: int | None = None,
    limit: int = 100,
) -> list[ShownChange]:
    """The latest changes, the latest first; tables are shown by placeholders.

    Args:
        session: Read from.
        study: The study case.
        values: The value store.
        variable_id: Only this variable's, by full name.
        before: Only changes with a smaller id: the next page.
        limit: At most so many.
    """
    query = select(ParameterChange).where(ParameterChange.study_case_id == study.id)
    if variable_id is not None:
        name = find_relative_name(study.name, full=variable_id)
        if name is None:
            return []
        query = query.where(ParameterChange.name == name)
    if before is not None:
        query = query.where(ParameterChange.id < before)
    changes = session.scalars(query.order_by(ParameterChange.id.desc()).limit(limit)).all()
    digests = {digest for change in changes for digest in (change.old_digest, change.new_digest) if digest}
    shown = show_stored(session, digests, values=values, tables=False)
    return [
        ShownChange(
            id=change.id,
            revision=change.revision,
            variable_id=full_name(study.name, relative=change.name),
            at=change.at,
            actor=change.actor,
            note=change.note,
            old_value=shown[change.old_digest]["value"] if change.old_digest else None,
            new_value=shown[change.new_digest]["value"] if change.new_digest else None,
            old_digest=change.old_digest,
            new_digest=change.new_digest,
        )
        for change in changes
    ]
