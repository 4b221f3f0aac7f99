"""A thousand queued executions on two workers; beside them as many jobs of RQ's bare forking worker.

Run: ``python -m benchmarks.throughput [--executions 1000] [--rounds 3] [--postgresql]``. Wanted: at least
60 % of the bare worker's throughput. Rounds of both take turns; ratios within one run are what counts. The
bare worker has imported what ours has, and its job does nothing.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psutil
from redis import Redis
from rq import Queue
from rq.serializers import JSONSerializer
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from benchmarks.execution import _BARE_WORKER as BARE_WORKER
from sostrades_api.access import COMMAND_LINE
from sostrades_api.app import create_app
from sostrades_api.migration import migrate_database
from sostrades_api.models import ACTIVE_STATES, Execution, Group, StudyCase, db
from sostrades_api.platform import Platform, platform_of
from sostrades_api.queueing.embedded import Lifetime, ensure_server
from sostrades_api.queueing.embedded_state import read_state
from sostrades_api.services.execution_request import execution_request
from sostrades_api.services.study_case_create import study_case_create
from sostrades_api.settings import Settings
from tests.servers.postgres import postgres_server
from tests.support.live import LivePlatform

WORKERS = 2
_PAUSE = 0.2  # seconds between two looks: these take from what they watch, more from ours than from RQ


def cpu_seconds(root: psutil.Process) -> float:
    """Of a process and its living children, with those they have waited for."""
    times = [process.cpu_times() for process in [root, *root.children(recursive=True)]]
    return sum(t.user + t.system + t.children_user + t.children_system for t in times)


@contextmanager
def clock(
    roots: list[psutil.Process], *, jobs: int, rates: list[float], costs: list[float]
) -> Iterator[None]:
    """Jobs a second, and processor milliseconds a job, of what happens inside."""
    before, start = sum(map(cpu_seconds, roots)), time.perf_counter()
    yield
    rates.append(jobs / (time.perf_counter() - start))
    costs.append((sum(map(cpu_seconds, roots)) - before) / jobs * 1000)


def wait(ended: Callable[[], bool]) -> None:
    """Until it is true."""
    while not ended():
        time.sleep(_PAUSE)


def seed(session: Session, platform: Platform, *, count: int) -> list[int]:
    """Study cases of Sellar: each has one execution at a time."""
    group = Group(name="benchmark")
    session.add(group)
    session.commit()
    return [
        study_case_create(
            session,
            actor=COMMAND_LINE,
            process_name="sellar",
            name=f"benchmark {number}",
            group=group,
            values=platform.values,
        ).id
        for number in range(count)
    ]


def ours(platform: Platform, live: LivePlatform, studies: list[int], **lists: list[float]) -> None:
    """Queue all while the workers are away, then let them work."""
    session = db.session()
    for study_id in studies:
        execution_request(
            session, session.get_one(StudyCase, study_id), actor=COMMAND_LINE, queue=platform.queue
        )
        session.rollback()
    waiting = select(func.count()).select_from(Execution).where(Execution.state.in_(ACTIVE_STATES))

    def ended() -> bool:
        session.rollback()
        return session.scalar(waiting) == 0

    pool = live.start_workers(WORKERS)
    with clock([psutil.Process(pool.pid)], jobs=len(studies), **lists):
        wait(ended)
    pool.terminate()
    pool.wait()
    states = dict(session.execute(select(Execution.state, func.count()).group_by(Execution.state)).all())
    assert set(states) == {"FINISHED"}, states


def bare(url: str, *, count: int, **lists: list[float]) -> None:
    """The same with RQ's own worker and a job that does nothing."""
    queue = Queue("bare", connection=Redis.from_url(url), serializer=JSONSerializer)
    for _ in range(count):
        queue.enqueue("time.time", result_ttl=60)
    workers = [subprocess.Popen([sys.executable, "-c", BARE_WORKER, url]) for _ in range(WORKERS)]
    wait(lambda: len(queue) < count)  # they have imported what they need
    left = len(queue)
    roots = [psutil.Process(worker.pid) for worker in workers]
    with clock(roots, jobs=left, **lists):
        wait(lambda: len(queue) == 0 and queue.started_job_registry.get_job_count(cleanup=False) == 0)
    for worker in workers:
        worker.terminate()
        worker.wait()


def main() -> None:
    """Print both, by turns measured."""
    parser = argparse.ArgumentParser(prog="./dev bench throughput", description=__doc__)
    parser.add_argument("--executions", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--postgresql", action="store_true", help="Instead of SQLite.")
    options = parser.parse_args()
    rates: dict[str, list[float]] = {"ours": [], "bare": []}
    costs: dict[str, list[float]] = {"ours": [], "bare": []}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        server = stack.enter_context(postgres_server()) if options.postgresql else None
        settings = Settings(
            data_dir=folder, database_url=server.url(server.create()) if server else "", log_level="WARNING"
        )
        app = create_app(settings)
        migrate_database(app)
        stack.enter_context(app.app_context())
        embedded = ensure_server(settings, lifetime=Lifetime.STARTER)
        stack.callback(embedded.stop)
        state = read_state(settings)
        assert state is not None
        studies = seed(db.session(), platform_of(app), count=options.executions)
        live = stack.enter_context(LivePlatform(settings, test_processes=True))
        for _ in range(options.rounds):
            ours(platform_of(app), live, studies, rates=rates["ours"], costs=costs["ours"])
            bare(state.url, count=options.executions, rates=rates["bare"], costs=costs["bare"])
    for name in ("ours", "bare"):
        rate, cost = statistics.median(rates[name]), statistics.median(costs[name])
        rounds = ", ".join(f"{one:.1f}" for one in rates[name])
        print(f"{name:<6} {rate:8.1f} a second   {cost:6.1f} ms of processor each   ({rounds})")
    share = statistics.median(o / b for o, b in zip(rates["ours"], rates["bare"], strict=True))
    print(f"ours / bare, median of {options.rounds} rounds: {share:.0%} (wanted: at least 60 %)")


if __name__ == "__main__":
    main()
