"""From the click to FINISHED, over HTTP, with an idle worker; beside it a bare RQ round trip in the same run.

Run: ``python -m benchmarks.execution``. Targets: execute under 100 ms, status under 2 ms of server time, an
idle worker under 250 MB. Ratios within one run are what counts.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from http.client import HTTPConnection
from pathlib import Path

import psutil
from flask import Flask
from redis import Redis
from rq import Queue
from rq.serializers import JSONSerializer

from sostrades_api.access import COMMAND_LINE
from sostrades_api.app import create_app
from sostrades_api.migration import migrate_database
from sostrades_api.models import Group, db
from sostrades_api.platform import platform_of
from sostrades_api.queueing.embedded_state import read_state
from sostrades_api.services.api_key_create import api_key_create
from sostrades_api.services.execution_status import execution_status
from sostrades_api.services.study_case_create import study_case_create
from sostrades_api.settings import Settings
from tests.support.live import LivePlatform

_BARE_WORKER = """
import sys, pandas, scipy.sparse
from redis import Redis
from rq import Queue, Worker
from rq.serializers import JSONSerializer
connection = Redis.from_url(sys.argv[1])
queue = Queue("bare", connection=connection, serializer=JSONSerializer)
Worker([queue], connection=connection, serializer=JSONSerializer).work(logging_level="ERROR")
"""


class Client:
    """One connection that stays open."""

    def __init__(self, url: str, key: str) -> None:
        self._connection = HTTPConnection(url.removeprefix("http://"))
        self._headers = {"Authorization": f"Bearer {key}"}

    def call(self, method: str, path: str) -> dict:
        self._connection.request(method, f"/api/v0{path}", headers=self._headers)
        answer = self._connection.getresponse()
        body = answer.read()
        assert answer.status < 300, body
        return json.loads(body)


def milliseconds(action: Callable[[], object], *, repeats: int, idle: float = 0.0) -> list[float]:
    """Times of an action; before each, ``idle`` seconds in which the worker comes to rest."""
    times = []
    for _ in range(repeats):
        time.sleep(idle)
        start = time.perf_counter()
        action()
        times.append((time.perf_counter() - start) * 1000)
    return times


def shown(label: str, times: list[float]) -> None:
    ordered = sorted(times)
    p95 = ordered[int(0.95 * (len(ordered) - 1))]
    median = statistics.median(times)
    print(f"{label:<44} median {median:8.2f} ms   p95 {p95:8.2f} ms   best {ordered[0]:8.2f} ms")


def execute(client: Client, study_id: int) -> None:
    client.call("POST", f"/calculation/execute/{study_id}")
    while True:
        status = client.call("GET", f"/calculation/status/{study_id}")["study_case_execution_status"]
        if status not in {"PENDING", "RUNNING"}:
            break
        time.sleep(0.002)
    assert status == "FINISHED", status


def bare_round_trip(queue: Queue) -> None:
    job = queue.enqueue("time.time", result_ttl=60)
    while not job.is_finished:
        time.sleep(0.002)
        job.refresh()


def seed(app: Flask, process: str) -> tuple[int, str]:
    with app.app_context():
        session = db.session()
        group = Group(name="benchmark")
        session.add(group)
        session.commit()
        key = api_key_create(session, owner=group, name="benchmark").secret
        study = study_case_create(
            session,
            actor=COMMAND_LINE,
            process_name=process,
            name="benchmark",
            group=group,
            values=platform_of(app).values,
        )
        return study.id, key


def measure_status(app: Flask, study_id: int, *, repeats: int) -> list[float]:
    from sostrades_api.models import StudyCase

    platform = platform_of(app)

    def read() -> None:
        with app.app_context():
            study = db.session.get(StudyCase, study_id)
            execution_status(db.session(), study, queue=platform.queue)

    milliseconds(read, repeats=5)
    return milliseconds(read, repeats=repeats)


def show_memory(platform: LivePlatform, pool: subprocess.Popen) -> None:
    workers = set(platform.workers())
    for process in [psutil.Process(pool.pid), *psutil.Process(pool.pid).children()]:
        memory = process.memory_full_info()
        role = "idle worker" if process.pid in workers else process.name()
        print(f"{role:<44} RSS {memory.rss / 1e6:7.1f} MB   PSS {memory.pss / 1e6:7.1f} MB")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--process", default="sellar")
    parser.add_argument("--repeats", type=int, default=30)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data_dir=Path(folder), rate_limit="", log_level="WARNING")
        app = create_app(settings)
        migrate_database(app)
        study_id, key = seed(app, options.process)
        with LivePlatform(settings, test_processes=True) as platform:
            pool = platform.start_workers(1)
            client = Client(platform.start_web(), key)
            for _ in range(3):
                execute(client, study_id)
            url = read_state(settings).url
            bare = subprocess.Popen([sys.executable, "-c", _BARE_WORKER, url])
            queue = Queue("bare", connection=Redis.from_url(url), serializer=JSONSerializer)
            for _ in range(3):
                bare_round_trip(queue)
            ours, theirs = [], []
            for _ in range(options.repeats):  # by turns: whatever else the machine does, it does to both
                ours += milliseconds(lambda: execute(client, study_id), repeats=1, idle=0.4)
                theirs += milliseconds(lambda: bare_round_trip(queue), repeats=1)
            shown(f"execute {options.process} to FINISHED, HTTP", ours)
            shown("bare RQ job, enqueue to finished", theirs)
            bare.terminate()
            bare.wait()
            busy = milliseconds(lambda: execute(client, study_id), repeats=options.repeats)
            shown("execute, one right after the other", busy)
            print(f"{'ratio':<44} {statistics.median(ours) / statistics.median(theirs):8.2f}")
            client = Client(platform.url, key)  # the first one's connection may have idled too long
            status = milliseconds(
                lambda: client.call("GET", f"/calculation/status/{study_id}"), repeats=options.repeats * 10
            )
            shown("status over HTTP, one client", status)
            shown("status, service with its own session", measure_status(app, study_id, repeats=300))
            show_memory(platform, pool)


if __name__ == "__main__":
    main()
