"""Where the loops of an execution may start: the couplings of the study case's latest finished execution."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from sostrades_api.models import Execution, ExecutionValue
from sostrades_api.services.study_case_load import execution_find_finished
from sostrades_api.storage import ValueStore


def execution_warm_start(
    session: Session, *, execution_id: int, names: Collection[str], values: ValueStore
) -> dict[str, Any]:
    """Outputs of these names that the study case computed last; empty before its first finished execution."""
    execution = session.get_one(Execution, execution_id)
    finished = execution_find_finished(session, execution.study_case_id)
    if finished is None or not names:
        return {}
    query = select(ExecutionValue.name, ExecutionValue.digest).where(
        ExecutionValue.execution_id == finished, ExecutionValue.io == "out", ExecutionValue.name.in_(names)
    )
    digests = {name: digest for name, digest in session.execute(query)}  # noqa: C416 - rows, not pairs
    found = values.get_many(session, digests.values())
    return {name: found[digest] for name, digest in digests.items()}
