"""The platform under accidents: processes, servers, disk and wires; and who starts again what has ended."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import psutil

from benchmarks.chaos.journal import Journal
from benchmarks.chaos.proxy import Proxy, to_port, to_socket
from sostrades_api.cli.serve import WORKER_CLASS
from sostrades_api.queueing.embedded import find_binary
from sostrades_api.settings import PROJECT_DIR, Settings
from tests.servers.launcher import Launched
from tests.servers.postgres import USER, PostgresServer, postgres_server
from tests.servers.processes import dies_with_parent, end
from tests.servers.valkey import ValkeyServer, valkey_server
from tests.support.live import LivePlatform

QUICK = {
    "lease_seconds": 4.0,
    "heartbeat_seconds": 1.0,
    "sweep_seconds": 0.5,
    "shutdown_grace_seconds": 1.0,
    "stop_grace_seconds": 3.0,
    "max_attempts": 1000,  # here nobody is given up: every loss is an accident's
}
_FAKETIME = tuple(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))
_DISK = "size=64m,mode=0777"


def has_faketime() -> bool:
    """Whether the clock of a process can be changed here (Debian: apt-get install faketime)."""
    return bool(_FAKETIME)


class ChaosPlatform(LivePlatform):
    """A live platform whose parts can be started without waiting for them."""

    def __init__(self, settings: Settings, *, temporary: Path) -> None:
        super().__init__(settings, test_processes=True)
        self._temporary = temporary
        self.started: list[int] = []  # each leads a session

    def environment(self) -> dict[str, str]:
        """With a folder for temporary files of its own."""
        return {**super().environment(), "TMPDIR": str(self._temporary)}

    def begin_pool(self, count: int) -> Launched:
        """Start a pool."""
        return self._noted(
            self._start("workers", "flask", ["--app", "wsgi", "worker", "--count", str(count)])
        )

    def begin_web(self, port: int) -> Launched:
        """Start a web server on this port."""
        options = [f"--worker-class={WORKER_CLASS}", "--workers=1", "--threads=8"]
        options.append(f"--bind=127.0.0.1:{port}")
        self.url = f"http://127.0.0.1:{port}"
        return self._noted(self._start("web", "gunicorn", ["--no-control-socket", *options, "wsgi:app"]))

    def begin_skewed_pool(self, clock: Path) -> "subprocess.Popen[bytes]":
        """Start a pool of one worker whose clock shows what the file says, as in "+20"."""
        own = self.environment()
        environment = {
            **own,
            "PATH": os.pathsep.join([str(self._untouched_server(clock.parent)), own["PATH"]]),
            "PYTHONPATH": os.pathsep.join([str(Path(__file__).with_name("skewed")), own["PYTHONPATH"]]),
            "LD_PRELOAD": str(_FAKETIME[0]),
            "FAKETIME_TIMESTAMP_FILE": str(clock),
            "FAKETIME_CACHE_DURATION": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "FAKETIME_DISABLE_SHM": "1",
        }
        with self._log("workers").open("ab") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "flask", "--app", "wsgi", "worker", "--count", "1"],
                cwd=PROJECT_DIR,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                preexec_fn=dies_with_parent(15),  # noqa: PLW1509
            )
        self.started.append(process.pid)
        return process

    def _untouched_server(self, folder: Path) -> Path:
        """A folder with the queue server as this pool finds it first: with libfaketime, it would hang."""
        script = folder / "bin" / "valkey-server"
        script.parent.mkdir(exist_ok=True)
        script.write_text(f'#!/bin/sh\nunset LD_PRELOAD\nexec "{find_binary()}" "$@"\n')
        script.chmod(0o755)
        return script.parent

    def _noted(self, process: Launched) -> Launched:
        self.started.append(process.pid)
        return process


@dataclass
class Stage:
    """Everything that accidents can hit; ``keep`` starts again what has ended, as systemd would.

    Attributes:
        on_postgresql: PostgreSQL and Redis behind wires; else SQLite and the embedded queue server.
        pools: pools of two workers.
        skewed: whether one more pool has a clock that can jump.
        settings: where they differ from those of accidents.
    """

    journal: Journal
    on_postgresql: bool = False
    pools: int = 2
    skewed: bool = False
    overrides: dict[str, object] = field(default_factory=lambda: dict(QUICK))

    def __enter__(self) -> Self:
        self._stack = ExitStack()
        try:
            self._set_up()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, *_error: object) -> None:
        self.stop()
        self._stack.close()

    def _set_up(self) -> None:
        self.folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="chaos-")))
        self.temporary = self.folder / "tmp"
        self.temporary.mkdir()
        self.has_disk = self._mount(self.folder / "values")
        self.postgres: PostgresServer | None = None
        self.valkey: ValkeyServer | None = None
        self.wires: dict[str, Proxy] = {}
        urls = self._start_servers() if self.on_postgresql else {"database_url": "", "redis_url": ""}
        options = {**urls, "rate_limit": "", "log_level": "WARNING", **self.overrides}
        self.settings = Settings(
            data_dir=self.folder / "data",
            value_store_url=f"file://{self.folder / 'values'}",
            secret_key="chaos",
            **options,
        )
        self.platform = ChaosPlatform(self.settings, temporary=self.temporary)
        self.clock = self.folder / "clock"
        self.clock.write_text("+0")
        self._web: Launched | None = None
        self._pools: list[Launched | None] = []
        self._skewed_pool: subprocess.Popen[bytes] | None = None

    def _mount(self, folder: Path) -> bool:
        """Give the value store a small disk of its own, where that is permitted."""
        folder.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", _DISK, "tmpfs", str(folder)]
        mounted = shutil.which("mount") and subprocess.run(command, capture_output=True, check=False)
        if not mounted or mounted.returncode != 0:
            return False
        self._stack.callback(subprocess.run, ["umount", "-l", str(folder)], check=False)
        return True

    def _start_servers(self) -> dict[str, object]:
        self.postgres = self._stack.enter_context(postgres_server(durable=True))
        self.valkey = self._stack.enter_context(valkey_server(self.folder))
        database = self.postgres.create()
        port = int(next(self.postgres.socket_dir.glob(".s.PGSQL.*[0-9]")).suffix.removeprefix("."))
        wire = Proxy(to_socket(self.postgres.socket_dir / f".s.PGSQL.{port}"))
        self.wires["postgresql"] = self._stack.enter_context(wire)
        self.wires["redis"] = self._stack.enter_context(Proxy(to_port(self.valkey.port)))
        at = {name: f"127.0.0.1:{wire.port}" for name, wire in self.wires.items()}
        return {
            "database_url": f"postgresql+psycopg://{USER}@{at['postgresql']}/{database}",
            "redis_url": f"redis://{at['redis']}/0",
        }

    # --- processes --------------------------------------------------------------------------------------

    def start(self) -> str:
        """Start pools and web server; the address of the latter."""
        self._port = _free_port()
        self._pools = [None] * self.pools
        self.keep(first=True)
        return self.platform.url

    def keep(self, *, first: bool = False) -> None:
        """Start what is not there."""
        for number, pool in enumerate(self._pools):
            if self._is_gone(pool, f"pool {number + 1}", first=first):
                self._pools[number] = self.platform.begin_pool(2)
        if self._is_gone(self._web, "web server", first=first):
            self.journal.web_servers += 1  # once more: children of one that was killed answer for a while
            self._web = self.platform.begin_web(self._port)
        if self.skewed and self._is_gone(self._skewed_pool, "pool with a clock of its own", first=first):
            self._skewed_pool = self.platform.begin_skewed_pool(self.clock)

    def _is_gone(
        self, process: "Launched | subprocess.Popen[bytes] | None", what: str, *, first: bool
    ) -> bool:
        if process is not None and process.poll() is None:
            return False
        if not first:
            code = process.returncode if process is not None else None
            self.journal.tell(f"the {what} has ended ({code}) and is started again")
        return True

    def stop(self) -> None:
        """End all processes of the platform in order."""
        if self._skewed_pool is not None:
            end(self._skewed_pool)
        self.platform.stop()

    @property
    def web(self) -> psutil.Process | None:
        """The web server's first process."""
        return _process(self._web)

    @property
    def running_pools(self) -> list[psutil.Process]:
        """The pools' first processes."""
        found = [_process(pool) for pool in (*self._pools, self._skewed_pool)]
        return [pool for pool in found if pool is not None]

    @property
    def workers(self) -> list[psutil.Process]:
        """Children of pools that have work-horses of their own."""
        return [child for child in self._members() if _children(child)]

    @property
    def sweepers(self) -> list[psutil.Process]:
        """The others."""
        return [child for child in self._members() if not _children(child)]

    def _members(self) -> list[psutil.Process]:
        children = [child for pool in self.running_pools for child in _children(pool)]
        return [child for child in children if "server" not in _name(child)]

    def left_behind(self) -> list[str]:
        """Processes of the platform that are still there."""
        return [
            f"{process.pid} {_name(process)}" for process in psutil.process_iter() if self._is_ours(process)
        ]

    def _is_ours(self, process: psutil.Process) -> bool:
        with suppress(psutil.Error, ProcessLookupError):
            if process.status() == psutil.STATUS_ZOMBIE:
                return False
            if os.getsid(process.pid) in self.platform.started:
                return True
            is_server = self.valkey is None or self.valkey.process is None
            is_server = is_server or process.pid != self.valkey.process.pid
            return is_server and any(str(self.folder) in part for part in process.cmdline())
        return False


def _process(started: "Launched | subprocess.Popen[bytes] | None") -> psutil.Process | None:
    with suppress(psutil.Error):
        return psutil.Process(started.pid) if started is not None and started.poll() is None else None
    return None


def _children(process: psutil.Process) -> list[psutil.Process]:
    with suppress(psutil.Error):
        return process.children()
    return []


def _name(process: psutil.Process) -> str:
    with suppress(psutil.Error):
        return process.name()
    return ""


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
