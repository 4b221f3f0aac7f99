"""Read the log of the latest execution of a study case."""

from sqlalchemy.orm import Session

from sostrades_api.models import StudyCase
from sostrades_api.services.execution_log_slice import MOST, execution_log_slice, log_text
from sostrades_api.services.execution_status import execution_find_latest


def execution_log_read(session: Session, study: StudyCase) -> str:
    """Its lines as text, oldest first, every attempt's; empty when the study case was never executed."""
    execution = execution_find_latest(session, study_case_id=study.id)
    if execution is None:
        return ""
    parts, start = [], 0
    while True:
        part = execution_log_slice(session, execution, start=start)
        parts.append(log_text(part.lines))
        start += MOST
        if start >= part.size:
            return "".join(parts)
