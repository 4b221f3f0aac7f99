"""A live platform on a data folder: queue server, worker pool and web server as processes of their own.

with LivePlatform(settings) as platform:
    platform.start_workers()
    platform.start_web()
    requests.get(f"{platform.url}/api/ping")
"""

import json
import os
import socket
import time
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Self

import psutil
from redis import Redis
from redis.exceptions import RedisError

from sostrades_api.cli.serve import WORKER_CLASS
from sostrades_api.queueing.connection import connect_web
from sostrades_api.settings import PROJECT_DIR, Settings
from tests.servers.launcher import TUNED, Launched, launcher
from tests.servers.processes import end

TEST_PROCESSES = Path(__file__).with_name("site")  # on the path: processes that fail, sleep, diverge


def wait_until(condition: Callable[[], Any], *, seconds: float = 20.0, pause: float = 0.02) -> Any:
    """What ``condition()`` gives as soon as it is true; fails after a deadline."""
    deadline = time.monotonic() + seconds
    while not (answer := condition()):
        if time.monotonic() > deadline:
            msg = f"{condition} did not become true within {seconds} s"
            raise AssertionError(msg)
        time.sleep(pause)
    return answer


class LivePlatform:
    """Processes on the settings' database, queue and data folder; all are gone at the end.

    Args:
        settings: With an empty ``redis_url`` the worker pool starts the embedded server, as for users.
        test_processes: Install the processes of ``tests/support/site`` for the started processes.
    """

    def __init__(self, settings: Settings, *, test_processes: bool = False) -> None:
        self.settings = settings
        self.url = ""
        self.web: Launched | None = None
        self._test_processes = test_processes
        self._processes: list[Launched] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.stop()

    def start_workers(self, count: int = 1, *, profiles: Sequence[str] = ()) -> Launched:
        """A worker pool; returns when its workers listen. The returned process is the pool's."""
        chosen = [part for profile in profiles for part in ("--profile", profile)]
        process = self._start("workers", "flask", ["--app", "wsgi", "worker", "--count", str(count), *chosen])
        self._wait(process, lambda: len(self.workers(pool=process.pid)) >= count)
        return process

    def start_web(self, *, processes: int = 1) -> str:
        """A gunicorn; returns its address when it answers."""
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
        bind = f"127.0.0.1:{port}"
        options = [
            f"--worker-class={WORKER_CLASS}",
            f"--workers={processes}",
            "--threads=8",
            "--keep-alive=15",
            f"--bind={bind}",
        ]
        process = self.web = self._start("web", "gunicorn", ["--no-control-socket", *options, "wsgi:app"])
        self.url = f"http://{bind}"
        self._wait(process, self._web_answers)
        return self.url

    def workers(self, *, pool: int | None = None) -> list[int]:
        """Process ids of the live workers that Redis knows, of all pools or of one."""
        redis = self.redis()
        try:
            keys = redis.smembers("rq:workers")
            pids = [int(redis.hget(key, "pid") or 0) for key in keys]
        except RedisError:
            return []
        finally:
            redis.close()
        return [pid for pid in pids if _is_alive(pid, parent=pool)]

    def redis(self) -> Redis:
        """A client of the platform's queue server."""
        return connect_web(self.settings)

    def log(self, name: str) -> str:
        """What the processes of this name ("web", "workers") wrote."""
        path = self._log(name)
        return path.read_text("utf-8", errors="replace") if path.exists() else ""

    def stop(self) -> None:
        """End all processes in order."""
        for process in reversed(self._processes):
            end(process)

    def environment(self) -> dict[str, str]:
        """Variables that make a process use these settings."""
        path = [str(PROJECT_DIR), *([str(TEST_PROCESSES)] if self._test_processes else [])]
        own = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("SOSTRADES_", "COV_", "PYTEST_"))
        }
        return {**own, **TUNED, **_variables(self.settings), "PYTHONPATH": os.pathsep.join(path)}

    def _start(self, name: str, module: str, arguments: list[str]) -> Launched:
        self.settings.data_dir.mkdir(parents=True, exist_ok=True)
        environment, output = self.environment(), self._log(name)
        process = launcher().start(module, arguments, env=environment, cwd=PROJECT_DIR, output=output)
        self._processes.append(process)
        return process

    def _log(self, name: str) -> Path:
        return self.settings.data_dir / f"{name}.log"

    def _wait(self, process: Launched, condition: Callable[[], Any]) -> None:
        def ready() -> bool:
            assert process.poll() is None, self.log("workers") + self.log("web")
            return bool(condition())

        wait_until(ready, seconds=60)

    def _web_answers(self) -> bool:
        try:
            urllib.request.urlopen(f"{self.url}/api/ping", timeout=5).close()
        except OSError:
            return False
        return True


def _is_alive(pid: int, *, parent: int | None) -> bool:
    try:
        process = psutil.Process(pid)
        return process.status() != psutil.STATUS_ZOMBIE and parent in {None, process.ppid()}
    except (psutil.Error, ValueError):
        return False


def _variables(settings: Settings) -> dict[str, str]:
    """Every setting that is not at its default, as an environment variable."""
    variables, dumped = {}, settings.model_dump(mode="json")
    for name, field in Settings.model_fields.items():
        alias = field.validation_alias
        if getattr(settings, name) != field.default:
            value = dumped[name]
            text = json.dumps(value) if isinstance(value, dict) else str(value)
            variables[alias if isinstance(alias, str) else f"SOSTRADES_{name.upper()}"] = text
    return variables
