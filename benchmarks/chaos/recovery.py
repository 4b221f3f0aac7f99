"""How soon an execution runs again whose worker was killed, with the settings that users get."""

import os
import signal
import time
from dataclasses import dataclass

import psutil
from sqlalchemy import select

from benchmarks.chaos.journal import Journal
from benchmarks.chaos.stage import Stage
from benchmarks.chaos.world import World, world_of
from sostrades_api.access import COMMAND_LINE
from sostrades_api.models import Execution, ExecutionState, WorkerProcess
from sostrades_api.services.execution_request import execution_request
from sostrades_api.services.execution_stop import execution_stop
from tests.support.live import wait_until

WANTED_SECONDS = 15.0
_VICTIMS = ("work-horse", "worker", "pool")
_PATIENCE = 120.0
_SETTLED_SECONDS = 1.0  # so long a run goes on before it is hit


@dataclass(frozen=True)
class Recovery:
    """Who was killed, and after how many seconds its execution ran again."""

    victim: str
    seconds: float


def measure(*, on_postgresql: bool, kills: int) -> list[Recovery]:
    """Kill each of them so often, one after the other, on a platform with two pools and no other trouble."""
    stage = Stage(Journal(seed=0), on_postgresql=on_postgresql, overrides={"max_attempts": 1000})
    with stage, world_of(stage) as world:
        group, _ = world.group("recovery")
        study = world.study(group, name="recovery", process_name="test_stubborn")
        queue = world.platform.queue
        execution_id = execution_request(world.session, study, actor=COMMAND_LINE, queue=queue).id
        stage.start()
        found = [_once(stage, world, execution_id, victim) for victim in _VICTIMS for _ in range(kills)]
        world.session.rollback()
        execution_stop(world.session, execution_id, actor=COMMAND_LINE, queue=queue, force=True)
        wait_until(lambda: _state(world, execution_id) is ExecutionState.STOPPED, seconds=_PATIENCE)
    return found


def _once(stage: Stage, world: World, execution_id: int, victim: str) -> Recovery:
    attempt, worker = wait_until(lambda: _running(world, execution_id), seconds=_PATIENCE)
    wait_until(worker.children, seconds=_PATIENCE)
    time.sleep(_SETTLED_SECONDS)
    began = time.monotonic()
    os.kill({"work-horse": _horse, "worker": _itself, "pool": _pool}[victim](worker), signal.SIGKILL)
    stage.keep()
    while (found := _running(world, execution_id)) is None or found[0] == attempt:
        if time.monotonic() - began > _PATIENCE:
            break
        time.sleep(0.02)
    return Recovery(victim, round(time.monotonic() - began, 2))


def _horse(worker: psutil.Process) -> int:
    return worker.children()[0].pid


def _itself(worker: psutil.Process) -> int:
    return worker.pid


def _pool(worker: psutil.Process) -> int:
    return worker.ppid()


def _running(world: World, execution_id: int) -> tuple[int, psutil.Process] | None:
    """The attempt that runs, and its worker."""
    world.session.rollback()
    query = select(Execution.state, Execution.attempt, WorkerProcess.pid)
    query = query.outerjoin(WorkerProcess, WorkerProcess.name == Execution.worker_name)
    row = world.session.execute(query.where(Execution.id == execution_id)).one()
    world.session.rollback()
    if row.state is not ExecutionState.RUNNING or row.pid is None:
        return None
    try:
        return row.attempt, psutil.Process(row.pid)
    except psutil.NoSuchProcess:
        return None


def _state(world: World, execution_id: int) -> ExecutionState | None:
    world.session.rollback()
    return world.session.scalar(select(Execution.state).where(Execution.id == execution_id))
