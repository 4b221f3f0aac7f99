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
from redis.exceptions import ConnectionError as RedisConnectionError

from sostrades_api.queueing.embedded import find_binary
from tests.servers.processes import dies_with_parent, end

DATABASES = 256


class ValkeyServer:
    """A running server that hands out databases."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._indexes = itertools.cycle(range(DATABASES))

    def new_url(self) -> str:
        """The address of an empty database that no running test uses."""
        url = f"redis://127.0.0.1:{self.port}/{next(self._indexes)}"
        with Redis.from_url(url) as client:
            client.flushdb()
        return url


@contextmanager
def valkey_server(folder: Path) -> Iterator[ValkeyServer]:
    """A server on a free port of the loopback."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = {"port": port, "bind": "127.0.0.1", "dir": folder, "save": "", "databases": DATABASES}
    arguments = [part for key, value in options.items() for part in (f"--{key}", str(value))]
    process = subprocess.Popen(
        [str(find_binary()), *arguments],
        stdout=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=dies_with_parent(signal.SIGKILL),  # noqa: PLW1509
    )
    try:
        _wait_until_ready(port)
        yield ValkeyServer(port)
    finally:
        end(process)


def _wait_until_ready(port: int) -> None:
    deadline = time.monotonic() + 15
    while True:
        try:
            with Redis(port=port) as client:
                client.ping()
                return
        except RedisConnectionError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)
