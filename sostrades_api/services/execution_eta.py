"""How long an execution that runs will still take, judged by earlier ones of its study case."""

import datetime as dt
from collections.abc import Mapping

from sqlalchemy.orm import Session

from sostrades_api.models import HELD_STATES, Execution, utc_now
from sostrades_api.services.execution_costs import execution_costs

_LEAST_PROGRESS = 0.02  # before that, the pace says nothing


def execution_eta(
    session: Session,
    execution: Execution,
    *,
    statuses: Mapping[str, str],
    progress: float,
    now: dt.datetime | None = None,
) -> float | None:
    """Seconds until it ends; None when it does not run, or nothing is known yet.

    Args:
        session: To read with.
        execution: Which one.
        statuses: Of its disciplines, by path.
        progress: 0 to 1.
        now: The moment that is asked for.
    """
    if execution.state not in HELD_STATES or execution.started_at is None:
        return None
    costs = execution_costs(session, execution_id=execution.id)
    left = [path for path, status in statuses.items() if status != "DONE"]
    if costs and all(path in costs for path in left):
        return sum(costs[path] for path in left)
    if progress < _LEAST_PROGRESS:
        return None
    elapsed = ((now or utc_now()) - execution.started_at).total_seconds()
    return max(0.0, elapsed * (1.0 - progress) / progress)
