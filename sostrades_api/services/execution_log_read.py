"""Read the log of the latest execution of a study case."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from sostrades_api.models import ExecutionLog, StudyCase
from sostrades_api.services.execution_status import execution_find_latest


def execution_log_read(session: Session, study: StudyCase) -> str:
    """Its lines as text, oldest first, every attempt's; empty when the study case was never executed."""
    execution = execution_find_latest(session, study_case_id=study.id)
    if execution is None:
        return ""
    query = select(ExecutionLog).where(ExecutionLog.execution_id == execution.id).order_by(ExecutionLog.id)
    return "".join(f"{_text(line)}\n" for line in session.scalars(query))


def _text(line: ExecutionLog) -> str:
    moment = line.at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    where = f"{line.discipline}: " if line.discipline else ""
    return f"{moment} {line.level:<7} [{line.attempt}] {where}{line.message}"
