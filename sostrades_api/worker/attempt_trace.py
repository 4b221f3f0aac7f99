"""The spans of an attempt, sent by its worker when it is over, however that came about."""

import logging
import time

from sqlalchemy.exc import SQLAlchemyError

from sostrades_api import tracing
from sostrades_api.models import Execution, ExecutionState
from sostrades_api.services.execution_profile_read import profile_of
from sostrades_api.tracing import TracedAttempt, TracedDiscipline
from sostrades_api.worker.runtime import ClaimedAttempt, Runtime

logger = logging.getLogger(__name__)

_MOST_DISCIPLINES = 200  # the slowest; collectors refuse messages that are too large
_TAKEN_AWAY = "LOST"  # another attempt has begun, or the execution is gone


def trace_attempt(runtime: Runtime, attempt: ClaimedAttempt, *, begun: int) -> None:
    """Send the spans of an attempt that this worker began at ``begun`` and that is over now."""
    tracer = tracing.current()
    if not tracer.is_on:
        return
    ended = time.time_ns()
    try:
        with runtime.session() as session:
            execution = session.get(Execution, attempt.execution_id)
            tracer.export(_traced(attempt, execution, begun=begun, ended=ended))
    except SQLAlchemyError:
        logger.warning("execution %d leaves no trace: the database does not answer", attempt.execution_id)


def _traced(attempt: ClaimedAttempt, execution: Execution | None, *, begun: int, ended: int) -> TracedAttempt:
    is_ours = execution is not None and execution.attempt == attempt.attempt
    state = str(execution.state.value) if execution is not None and is_ours else _TAKEN_AWAY
    profile = profile_of(execution) if execution is not None and is_ours else None
    rows = profile["disciplines"] if profile else []
    return TracedAttempt(
        name=f"execute {attempt.process_name}",
        traceparent=attempt.traceparent,
        begun=begun,
        ended=max(begun, ended),
        has_failed=state == ExecutionState.FAILED.value,
        attributes={
            **attempt.log_fields,
            "process": attempt.process_name,
            "worker_profile": attempt.worker_profile,
            "state": state,
            "disciplines": len(rows) if profile else None,
            "engine_share": profile["engine_share"] if profile else None,
        },
        disciplines=[
            TracedDiscipline(
                name=row["discipline"] or attempt.process_name,
                seconds=row["seconds"],
                attributes={name: row[name] for name in ("seconds", "calls", "iterations", "reused")},
            )
            for row in rows[:_MOST_DISCIPLINES]
        ],
    )
