"""What disciplines took in executions before: what is quicker than a look-up is just run."""

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from sostrades_api.models import Execution

_EXECUTIONS = 5  # that are looked at: one with few points or iterations says little of the next
_PROFILES = (
    select(Execution.profile)
    .where(
        Execution.study_case_id
        == select(Execution.study_case_id).where(Execution.id == bindparam("execution")).scalar_subquery(),
        Execution.id < bindparam("execution"),
        Execution.ended_at.is_not(None),
    )
    .order_by(Execution.id.desc())
    .limit(_EXECUTIONS)
)


def execution_costs(session: Session, *, execution_id: int) -> dict[str, float]:
    """The most seconds by path in the last few executions; what was not run in any is not there."""
    costs: dict[str, float] = {}
    for profile in filter(None, session.scalars(_PROFILES, {"execution": execution_id})):
        rows = zip(profile["disciplines"], profile["seconds"], profile["calls"], strict=True)
        for path, seconds, calls in rows:
            if calls:
                costs[path] = max(seconds, costs.get(path, 0.0))
    return costs
