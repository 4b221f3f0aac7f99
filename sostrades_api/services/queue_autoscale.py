"""How many workers a profile wants: numbers for whatever starts and ends worker processes."""

import math
from dataclasses import dataclass

from sqlalchemy.orm import Session

from sostrades_api.access import Actor
from sostrades_api.services.queue_read import ProfileQueue, queue_read
from sostrades_api.services.worker_list import WorkerState
from sostrades_api.settings import Settings

TARGET_SECONDS = 60.0  # so long an execution may wait, unless the caller says otherwise


@dataclass(frozen=True, kw_only=True)
class ProfileDemand:
    """What follows for one profile; ``wanted_workers`` are as many as there should be in all."""

    wanted_workers: int
    waiting: int
    runnable: int
    running: int
    mean_run_seconds: float | None
    workers: int
    paused: bool


def queue_autoscale(
    session: Session, *, actor: Actor, settings: Settings, target_seconds: float = TARGET_SECONDS
) -> dict[str, ProfileDemand]:
    """The demand of each profile of the settings, by name."""
    queue = queue_read(session, actor=actor, settings=settings)
    return {
        found.profile: ProfileDemand(
            wanted_workers=_wanted(found, target_seconds=target_seconds),
            waiting=found.waiting,
            runnable=found.runnable,
            running=found.running,
            mean_run_seconds=found.history.mean_run_seconds,
            workers=found.workers.get(WorkerState.IDLE, 0) + found.workers.get(WorkerState.BUSY, 0),
            paused=found.pause is not None,
        )
        for found in queue.profiles
        if found.is_configured
    }


def wanted_workers(*, runnable: int, running: int, mean_run_seconds: float | None, target: float) -> int:
    """Workers so that what waits begins within the target: ``running + min(w, ceil(w s / t))``.

    So many workers stay busy with what runs; of further ones, each takes on ``t / s`` of the ``w`` executions
    that could run, within ``t`` seconds at ``s`` seconds a run; more than one each are of no use. As long as
    no run has ended, one each.
    """
    seconds = target if mean_run_seconds is None else mean_run_seconds
    return running + min(runnable, math.ceil(runnable * seconds / target))


def _wanted(found: ProfileQueue, *, target_seconds: float) -> int:
    return wanted_workers(
        runnable=0 if found.pause else found.runnable,
        running=found.running,
        mean_run_seconds=found.history.mean_run_seconds,
        target=target_seconds,
    )
