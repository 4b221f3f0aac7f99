"""How many workers there are, by what they do."""

from dataclasses import dataclass

from sqlalchemy import and_, case, exists, func, select
from sqlalchemy.orm import Session

from sostrades_api.models import HELD_STATES, Execution, WorkerProcess
from sostrades_api.models.clock import database_time


@dataclass(frozen=True)
class WorkerFigures:
    """Numbers of workers; each counts once."""

    idle: int = 0
    busy: int = 0
    held: int = 0  # take nothing new
    lost: int = 0  # silent

    @property
    def alive(self) -> int:
        """Those that say that they are there."""
        return self.idle + self.busy + self.held


def worker_figures(session: Session, *, silent_seconds: float) -> WorkerFigures:
    """Count them; the table has a row a worker, and few of them."""
    since = database_time(session, in_seconds=-silent_seconds)
    runs = exists().where(and_(Execution.state.in_(HELD_STATES), Execution.worker_name == WorkerProcess.name))
    state = case(
        (WorkerProcess.heartbeat_at < since, "lost"),
        (WorkerProcess.held, "held"),
        (runs, "busy"),
        else_="idle",
    )
    counted = session.execute(select(state, func.count()).group_by(state))
    return WorkerFigures(**{str(name): int(count) for name, count in counted})
