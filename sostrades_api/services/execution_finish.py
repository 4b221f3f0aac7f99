"""End an attempt with results: outputs, statuses, usage, state and history in one fenced transaction."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from sostrades_api.models import ExecutionState, ExecutionValue
from sostrades_api.services.execution_end import (
    AttemptEnd,
    AttemptKey,
    end_attempt,
    find_attempt,
    lock_attempt,
)
from sostrades_api.services.unit_of_work import unit_of_work
from sostrades_api.storage import ValueStore

_VALUES = insert(ExecutionValue)


def execution_finish(
    session: Session,
    key: AttemptKey,
    *,
    outputs: Mapping[str, Any],
    values: ValueStore,
    end: AttemptEnd,
    known: Mapping[str, str] | None = None,
) -> bool:
    """FINISHED with these outputs, by name relative to the study; False when the attempt is lost.

    Args:
        session: Free of changes.
        key: Which attempt.
        outputs: Values by name.
        values: Where they are stored.
        end: What else it leaves behind.
        known: Digests of outputs, by name, that were stored before; none of them is written again.

    Raises:
        UnstorableValueError: An output is of a kind that is not stored; nothing was written.
    """
    known = known or {}
    staged = values.stage({name: outputs[name] for name in outputs if name not in known})
    with unit_of_work(session):
        execution = find_attempt(session, key)
        if execution is None:
            return False
        digests = values.put_many(session, staged) | values.keep(session, known, outputs=outputs)
        if digests:
            rows = [
                {"execution_id": key.execution_id, "io": "out", "name": name, "digest": digest}
                for name, digest in digests.items()
            ]
            session.execute(_VALUES, rows)
        done = dict.fromkeys(execution.disciplines, "DONE")
        whole = replace(end, disciplines=done, progress=1.0)
        ended = end_attempt(session, execution, to_state=ExecutionState.FINISHED, end=whole)
        if not ended:  # somebody asked it to stop while its values were stored, or it is lost
            locked = lock_attempt(session, key)
            ended = locked is not None and end_attempt(
                session, locked, to_state=ExecutionState.FINISHED, end=whole
            )
        if not ended:
            session.rollback()
        return ended
