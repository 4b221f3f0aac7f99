"""Read a whole log as text: of an execution, or of the latest one of a study case."""

from sqlalchemy.orm import Session

from sostrades_api.models import Execution, StudyCase
from sostrades_api.services.execution_log_slice import MOST, execution_log_slice, log_text
from sostrades_api.services.execution_status import execution_find_latest


def execution_log_read(session: Session, study: StudyCase) -> str:
    """Its lines as text, oldest first, every attempt's; empty when the study case was never executed."""
    execution = execution_find_latest(session, study_case_id=study.id)
    return "" if execution is None else execution_log_text(session, execution)


def execution_log_text(session: Session, execution: Execution) -> str:
    """All lines of an execution as text, oldest first."""
    parts, start = [], 0
    while True:
        part = execution_log_slice(session, execution, start=start)
        parts.append(log_text(part.lines))
        start += MOST
        if start >= part.size:
            return "".join(parts)
