"""From the request over HTTP until an execution is stopped, stopped by force, suspended, and running again.

Run: ``python -m benchmarks.steering``. Targets: 1 s for a run of quick disciplines, 3 s by force for one that
swallows every exception. On a busy machine compare only figures of one run.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.execution import Client, seed, shown
from sostrades_api.access import COMMAND_LINE
from sostrades_api.app import create_app
from sostrades_api.migration import migrate_database
from sostrades_api.models import Group, db
from sostrades_api.platform import platform_of
from sostrades_api.services.study_case_create import study_case_create
from sostrades_api.settings import Settings
from tests.support.live import TEST_PROCESSES, LivePlatform

_POLL_SECONDS = 0.005
_PATIENCE = 60.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=10)
    options = parser.parse_args()
    sys.path.insert(0, str(TEST_PROCESSES))
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data_dir=Path(folder), rate_limit="", log_level="WARNING", result_cache=False)
        app = create_app(settings)
        migrate_database(app)
        quick, key = seed(app, "test_napping")
        with app.app_context():
            session = db.session()
            group = session.query(Group).filter_by(name="benchmark").one()
            stubborn = study_case_create(
                session,
                actor=COMMAND_LINE,
                process_name="test_stubborn",
                name="stubborn",
                group=group,
                values=platform_of(app).values,
            ).id
        with LivePlatform(settings, test_processes=True) as platform:
            platform.start_workers(1)
            client = Client(platform.start_web(), key)
            measure(client, quick=quick, stubborn=stubborn, repeats=options.repeats)


def measure(client: Client, *, quick: int, stubborn: int, repeats: int) -> None:
    shown("stop -> STOPPED", [stopped(client, quick, "stop") for _ in range(repeats)])
    shown("stop by force -> STOPPED", [stopped(client, stubborn, "stop?force=1") for _ in range(repeats)])
    suspended, resumed = zip(*[suspended_and_resumed(client, quick) for _ in range(repeats)], strict=True)
    shown("suspend -> SUSPENDED", list(suspended))
    shown("resume -> RUNNING", list(resumed))


def stopped(client: Client, study_id: int, verb: str) -> float:
    number = running(client, study_id)
    return until(client, number, "STOPPED", lambda: client.call("POST", f"/executions/{number}/{verb}"))


def suspended_and_resumed(client: Client, study_id: int) -> tuple[float, float]:
    number = running(client, study_id)
    suspended, resumed = [
        until(client, number, state, lambda verb=verb: client.call("POST", f"/executions/{number}/{verb}"))
        for verb, state in (("suspend", "SUSPENDED"), ("resume", "RUNNING"))
    ]
    client.call("POST", f"/executions/{number}/stop?force=1")
    while client.call("GET", f"/executions/{number}")["ended_at"] is None:  # may be done: naps are alike
        time.sleep(_POLL_SECONDS)
    return suspended, resumed


def running(client: Client, study_id: int) -> int:
    """An execution whose disciplines run."""
    number = client.call("POST", f"/study-cases/{study_id}/executions")["execution_id"]
    deadline = time.monotonic() + _PATIENCE
    while True:
        shown_now = client.call("GET", f"/executions/{number}")
        if any(each["status"] == "RUNNING" for each in shown_now["disciplines"]):
            return number
        assert time.monotonic() < deadline, shown_now["state"]
        time.sleep(_POLL_SECONDS)


def until(client: Client, number: int, state: str, action: Callable[[], object]) -> float:
    """Milliseconds from the action until the execution is in this state."""
    start = time.perf_counter()
    action()
    while (now := client.call("GET", f"/executions/{number}"))["state"] != state:
        assert time.perf_counter() - start < _PATIENCE, (state, now["state"])
        time.sleep(_POLL_SECONDS)
    return (time.perf_counter() - start) * 1000


if __name__ == "__main__":
    main()
