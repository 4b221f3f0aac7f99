"""What disciplines took when the study case was executed last: what is quicker than a look-up is just run."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from sostrades_api.models import Execution


def execution_costs(session: Session, *, execution_id: int) -> dict[str, float]:
    """Seconds by path, of those that ran then; what was re-used or not reached is not among them."""
    of_study = select(Execution.study_case_id).where(Execution.id == execution_id).scalar_subquery()
    query = (
        select(Execution.profile)
        .where(
            Execution.study_case_id == of_study, Execution.id < execution_id, Execution.ended_at.is_not(None)
        )
        .order_by(Execution.id.desc())
        .limit(1)
    )
    profile = session.scalar(query)
    if not profile:
        return {}
    rows = zip(profile["disciplines"], profile["seconds"], profile["calls"], strict=True)
    return {path: seconds for path, seconds, calls in rows if calls}
