"""Kills work-horses, workers, a pool and the queue server for a while; every execution must finish, once.

Run: ``python -m benchmarks.chaos --seconds 40 [--postgresql]``.
"""

import argparse
import collections
import os
import random
import signal
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import psutil
from redis.exceptions import RedisError
from sqlalchemy import select
from sqlalchemy.orm import Session

from sostrades_api.access import COMMAND_LINE
from sostrades_api.app import create_app
from sostrades_api.errors import AlreadyRunningError
from sostrades_api.migration import migrate_database
from sostrades_api.models import Execution, ExecutionState, ExecutionTransition, Group, StudyCase, db
from sostrades_api.platform import platform_of
from sostrades_api.queueing import ExecutionQueue
from sostrades_api.queueing.embedded_state import read_state
from sostrades_api.services.execution_request import execution_request
from sostrades_api.services.unit_of_work import unit_of_work
from sostrades_api.settings import Settings
from tests.servers.postgres import postgres_server
from tests.support.live import TEST_PROCESSES, LivePlatform

ENDED = {ExecutionState.FINISHED, ExecutionState.FAILED, ExecutionState.STOPPED}
STUDIES = 30


def make_studies(session: Session) -> list[int]:
    with unit_of_work(session):
        group = Group(name="chaos")
        session.add(group)
        session.flush()
        studies = [
            StudyCase(name=f"chaos {n}", process_name="test_slow", group_id=group.id, created_by="chaos")
            for n in range(STUDIES)
        ]
        session.add_all(studies)
        session.flush()
        return [study.id for study in studies]


def harm(platform: LivePlatform, pools: list) -> str:
    """One accident."""
    workers = [psutil.Process(pid) for pid in platform.workers()]
    horses = [horse for worker in workers for horse in worker.children()]
    kind = random.choice(["horse", "horse", "worker", "worker", "flush", "server", "pool", "freeze"])
    if kind == "horse" and horses:
        random.choice(horses).kill()
    elif kind == "worker" and workers:
        random.choice(workers).kill()
    elif kind == "freeze" and workers:
        frozen = random.choice(workers)
        frozen.suspend()
        time.sleep(3.0)
        frozen.resume()
    elif kind == "flush":
        platform.redis().flushall()
    elif kind == "server":
        os.kill(read_state(platform.settings).pid, signal.SIGKILL)
    elif kind == "pool":
        pool = pools.pop(random.randrange(len(pools)))
        pool.kill()
        pool.wait()
        pools.append(platform.start_workers(2))
    return kind


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=40.0)
    parser.add_argument("--postgresql", action="store_true")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    random.seed(options.seed)
    sys.path.insert(0, str(TEST_PROCESSES))
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        database_url = ""
        if options.postgresql:
            server = stack.enter_context(postgres_server())
            database_url = server.url(server.create())
        settings = Settings(
            data_dir=folder,
            database_url=database_url,
            redis_url="",
            lease_seconds=2.0,
            heartbeat_seconds=0.5,
            sweep_seconds=0.5,
            max_attempts=50,
            log_level="ERROR",
        )
        app = create_app(settings)
        migrate_database(app)
        stack.enter_context(app.app_context())
        platform = stack.enter_context(LivePlatform(settings, test_processes=True))
        run(platform, platform_of(app).queue, seconds=options.seconds)


def run(platform: LivePlatform, queue: ExecutionQueue, *, seconds: float) -> None:
    session = db.session()
    studies = make_studies(session)
    pools = [platform.start_workers(2), platform.start_workers(2)]
    accidents, requested = collections.Counter(), 0
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        requested += sum(requests(session, queue, study_id) for study_id in random.sample(studies, 4))
        time.sleep(random.uniform(0.2, 1.5))
        try:
            accidents[harm(platform, pools)] += 1
        except (OSError, psutil.Error, RedisError) as error:  # gone at this moment
            accidents[type(error).__name__] += 1
    report(session, accidents, requested=requested, waited=wait_for_all(session))


def requests(session: Session, queue: ExecutionQueue, study_id: int) -> bool:
    session.rollback()
    try:
        execution_request(session, session.get(StudyCase, study_id), actor=COMMAND_LINE, queue=queue)
    except AlreadyRunningError:
        return False
    return True


def wait_for_all(session: Session) -> float:
    start = time.monotonic()
    while time.monotonic() - start < 120:
        session.rollback()
        states = session.scalars(select(Execution.state)).all()
        if all(state in ENDED for state in states):
            break
        time.sleep(0.2)
    return time.monotonic() - start


def report(session: Session, accidents: collections.Counter, *, requested: int, waited: float) -> None:
    session.rollback()
    states = collections.Counter(session.scalars(select(Execution.state)))
    finishes = collections.Counter(
        session.scalars(
            select(ExecutionTransition.execution_id).where(ExecutionTransition.to_state == "FINISHED")
        )
    )
    attempts = collections.Counter(session.scalars(select(Execution.attempt)))
    print(f"accidents {dict(accidents)}; requested {requested}; last one ended {waited:.1f} s after the last")
    print(f"states {dict(states)}; attempts {dict(attempts)}; finishes of one: {set(finishes.values())}")
    assert states == {ExecutionState.FINISHED: requested}, "not all finished"
    assert set(finishes.values()) == {1}, "one finished twice"


if __name__ == "__main__":
    main()
