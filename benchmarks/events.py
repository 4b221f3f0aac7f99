"""Events of executions: how soon a client hears, and what idle listeners cost the web server.

Run: ``python -m benchmarks.events``. Targets: 200 ms from the run to the client; 100 MB more for 500 idle
listeners, and a status request under 5 ms meanwhile. On a busy machine compare only figures of one run.
"""

import argparse
import datetime as dt
import json
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psutil

from benchmarks.execution import Client, milliseconds, seed, shown
from sostrades_api.app import create_app
from sostrades_api.migration import migrate_database
from sostrades_api.queueing.embedded import ensure_server
from sostrades_api.settings import Settings
from tests.servers.launcher import Launched
from tests.support.live import LivePlatform


def connect(url: str, key: str, execution_id: int) -> socket.socket:
    """A client that asks for events."""
    parts = urlsplit(url)
    client = socket.create_connection((parts.hostname, parts.port), timeout=60)
    path = f"/api/v0/executions/{execution_id}/events"
    request = f"GET {path} HTTP/1.0\r\nHost: {parts.netloc}\r\nAuthorization: Bearer {key}\r\n\r\n"
    client.sendall(request.encode())
    return client


def listening(client: socket.socket) -> socket.socket:
    """The same, when it has been told where the execution stands."""
    told = b""
    while b"queue_position" not in told:
        more = client.recv(65536)
        assert more, told
        told += more
    return client


def delays(client: socket.socket) -> Iterator[float]:
    """Milliseconds from the moment of each log line in the run to its arrival here."""
    with client, client.makefile("rb") as lines:
        for line in lines:
            if not line.startswith(b"data: "):
                continue
            now = dt.datetime.now(dt.UTC)
            for each in json.loads(line[6:]).get("lines", ()):
                yield (now - dt.datetime.fromisoformat(each["at"])).total_seconds() * 1000


def memory(platform: LivePlatform) -> float:
    web = psutil.Process(platform.web.pid)
    return sum(each.memory_info().rss for each in [web, *web.children(recursive=True)]) / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--listeners", type=int, default=500)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(
            data_dir=Path(folder),
            rate_limit="",
            log_level="WARNING",
            result_cache=False,
            max_listeners_per_caller=2 * options.listeners,
        )
        app = create_app(settings)
        migrate_database(app)
        study_id, key = seed(app, "dice2016r")
        with LivePlatform(settings, test_processes=True) as platform:
            server = ensure_server(settings)  # outlives the workers
            pool = platform.start_workers(1)
            client = Client(platform.start_web(), key)
            measure(platform, client, pool=pool, study_id=study_id, key=key, options=options)
        server.stop()


def measure(
    platform: LivePlatform,
    client: Client,
    *,
    pool: Launched,
    study_id: int,
    key: str,
    options: argparse.Namespace,
) -> None:
    found: list[float] = []
    for _ in range(options.runs):
        execution_id = client.call("POST", f"/calculation/execute/{study_id}")["execution_id"]
        found += delays(connect(platform.url, key, execution_id))
    shown("log line in the run -> client", found)
    pool.terminate()  # what is executed now waits, and nothing happens
    pool.wait(60)
    status = f"/calculation/status/{study_id}"
    idle = client.call("POST", f"/calculation/execute/{study_id}")["execution_id"]
    before = memory(platform)
    shown("status, nobody listens", milliseconds(lambda: client.call("GET", status), repeats=500))
    listeners = [listening(connect(platform.url, key, idle)) for _ in range(options.listeners)]
    print(f"memory of the server: {before:.0f} MB, {len(listeners)} listeners: {memory(platform):.0f} MB")
    shown("status, all listen", milliseconds(lambda: client.call("GET", status), repeats=500))
    for each in listeners:
        each.settimeout(0)
        try:
            assert each.recv(1), "a listener was sent away"
        except BlockingIOError:
            each.close()


if __name__ == "__main__":
    main()
