"""PostgreSQL and Valkey that listen on a network, not only to this process."""

import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from redis import Redis
from redis.exceptions import RedisError

from sostrades_api.queueing.embedded import find_binary
from tests.servers.postgres import USER, _account, _binaries, _initialise
from tests.servers.processes import dies_with_parent, end
from tests.support.live import wait_until

_QUICK = {"fsync": "off", "synchronous_commit": "off", "shared_buffers": "32MB", "max_connections": "60"}


@contextmanager
def postgres_on(address: str) -> Iterator[str]:
    """An empty database that listens there; its URL."""
    root = Path(tempfile.mkdtemp(prefix="pg-"))
    try:
        account = _account(root)
        binaries, data, port = _binaries(root), root / "data", free_port(address)
        _initialise(binaries, data, account)
        with (data / "pg_hba.conf").open("a") as rules:
            rules.write("host all all 100.64.0.0/10 trust\n")
        settings = {**_QUICK, "listen_addresses": address, "port": str(port)}
        options = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
        command = [binaries / "postgres", "-D", data, "-k", root, *options]
        with _process(command, signal.SIGQUIT, **account) as process:
            url = f"{USER}@{address}:{port}/postgres"
            wait_until(lambda: process.poll() is None and _accepts(url), seconds=60)
            yield f"postgresql+psycopg://{url}"
    finally:
        shutil.rmtree(root, ignore_errors=True)


@contextmanager
def valkey_on(address: str, folder: Path) -> Iterator[str]:
    """An empty queue server that listens there; its URL."""
    port = free_port(address)
    options = {"port": port, "bind": address, "dir": folder, "save": "", "protected-mode": "no"}
    arguments = [part for key, value in options.items() for part in (f"--{key}", str(value))]
    with _process([str(find_binary()), *arguments], signal.SIGKILL):
        url = f"redis://{address}:{port}/0"
        wait_until(lambda: _pings(url), seconds=30)
        yield url


def free_port(address: str) -> int:
    """One that nothing listens on."""
    with socket.create_server((address, 0)) as probe:
        return probe.getsockname()[1]


@contextmanager
def _process(command: list, sig: signal.Signals, **options) -> Iterator[subprocess.Popen]:
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "start_new_session": True}
    process = subprocess.Popen(command, preexec_fn=dies_with_parent(sig), **quiet, **options)  # noqa: PLW1509
    try:
        yield process
    finally:
        end(process, sig=signal.SIGINT)


def _accepts(url: str) -> bool:
    try:
        psycopg.connect(f"postgresql://{url}", connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def _pings(url: str) -> bool:
    try:
        with Redis.from_url(url) as client:
            return client.ping()
    except RedisError:
        return False
