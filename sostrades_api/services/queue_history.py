"""How long executions waited and ran in the last hour, by worker profile; read from the history of states."""

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from sostrades_api.models import Execution, ExecutionState, ExecutionTransition, utc_now

WINDOW_SECONDS = 3600.0
_MOST = 5000  # transitions that are looked at: of a busy hour, the latest
_RAN = (ExecutionState.FINISHED.value, ExecutionState.FAILED.value)


@dataclass(frozen=True, kw_only=True)
class ProfileHistory:
    """Of what was claimed, and of what ended by itself; None where nothing did.

    Attributes:
        median_waiting_seconds: from being queued to being claimed.
        p95_waiting_seconds: 95 of 100 waited no longer.
        mean_run_seconds: from being claimed to FINISHED or FAILED.
        per_hour: executions that FINISHED or FAILED, scaled to an hour.
    """

    median_waiting_seconds: float | None = None
    p95_waiting_seconds: float | None = None
    mean_run_seconds: float | None = None
    per_hour: float = 0.0


NO_HISTORY = ProfileHistory()


@dataclass
class _Seen:
    waits: list[float] = field(default_factory=list)
    runs: list[float] = field(default_factory=list)


def queue_history(session: Session) -> Mapping[str, ProfileHistory]:
    """Of each profile of which anything was claimed or ended within the window."""
    now = utc_now()
    begin = now - dt.timedelta(seconds=WINDOW_SECONDS)
    one, before = aliased(ExecutionTransition), aliased(ExecutionTransition)
    newest = session.scalar(select(func.max(ExecutionTransition.id))) or 0
    previous = (
        select(func.max(before.id))
        .where(before.execution_id == one.execution_id, before.id < one.id)
        .correlate(one)
        .scalar_subquery()
    )
    earlier = aliased(ExecutionTransition)
    # The newest by id: there is no index of their times, and the history only grows at its end.
    query = (
        select(Execution.worker_profile, one.to_state, one.from_state, one.at, earlier.at)
        .join(Execution, Execution.id == one.execution_id)
        .join(earlier, earlier.id == previous)
        .where(one.id > newest - _MOST, one.at >= begin, one.to_state.in_([ExecutionState.RUNNING, *_RAN]))
        .order_by(one.id)
    )
    seen: dict[str, _Seen] = {}
    first = None
    for profile, to_state, from_state, at, since in session.execute(query):
        first = first or at
        seconds = max(0.0, (at - since).total_seconds())
        found = seen.setdefault(profile, _Seen())
        if to_state == ExecutionState.RUNNING:
            found.waits.append(seconds)
        elif from_state == ExecutionState.RUNNING:
            found.runs.append(seconds)
    is_cut = newest > _MOST and first is not None
    span = (now - first).total_seconds() if is_cut and first is not None else WINDOW_SECONDS
    return {profile: _history(found, span=max(span, 1.0)) for profile, found in seen.items()}


def _history(seen: _Seen, *, span: float) -> ProfileHistory:
    return ProfileHistory(
        median_waiting_seconds=_quantile(seen.waits, 0.5),
        p95_waiting_seconds=_quantile(seen.waits, 0.95),
        mean_run_seconds=sum(seen.runs) / len(seen.runs) if seen.runs else None,
        per_hour=len(seen.runs) * WINDOW_SECONDS / span,
    )


def _quantile(values: Sequence[float], share: float) -> float | None:
    """The smallest value that so large a share does not exceed (the nearest rank)."""
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)] if values else None
