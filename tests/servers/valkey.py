"""One Valkey (or Redis) for a test process; every test gets an empty database of its own."""

import itertools
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from redis import Redis
from redis.exceptions import RedisError

from sostrades_api.queueing.embedded import find_binary
from tests.servers.processes import dies_with_parent, end

DATABASES = 256


class ValkeyServer:
    """A running server that hands out databases."""

    def __init__(self, folder: Path) -> None:
        self.port = _free_port()
        self.process: subprocess.Popen | None = None
        self._folder = folder
        self._indexes = itertools.cycle(range(DATABASES))

    def start(self) -> None:
        """Start it, empty; returns when it answers."""
        options = {"port": self.port, "bind": "127.0.0.1", "dir": self._folder, "save": ""}
        options["databases"] = DATABASES
        arguments = [part for key, value in options.items() for part in (f"--{key}", str(value))]
        self.process = subprocess.Popen(
            [str(find_binary()), *arguments],
            stdout=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=dies_with_parent(signal.SIGKILL),  # noqa: PLW1509
        )
        self._wait_until_ready()

    def kill(self) -> None:
        """End it at once; it forgets all that it had."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def stop(self) -> None:
        """End it in order."""
        if self.process is not None:
            end(self.process)

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + 15
        while True:
            try:
                with Redis(port=self.port) as client:
                    client.ping()
                    return
            except RedisError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.02)

    def new_url(self) -> str:
        """The address of an empty database that no running test uses."""
        url = f"redis://127.0.0.1:{self.port}/{next(self._indexes)}"
        with Redis.from_url(url) as client:
            client.flushdb()
        return url


@contextmanager
def valkey_server(folder: Path) -> Iterator[ValkeyServer]:
    """A server on a free port of the loopback."""
    server = ValkeyServer(folder)
    try:
        server.start()
        yield server
    finally:
        server.stop()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
