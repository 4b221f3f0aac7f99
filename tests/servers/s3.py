"""An S3 server in a process of its own: moto, which keeps objects in memory."""

import itertools
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

import boto3

from tests.servers.processes import dies_with_parent, end
from tests.support.live import wait_until

ACCESS = {"AWS_ACCESS_KEY_ID": "tests", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_DEFAULT_REGION": "eu-west-1"}


class S3Server:
    """A running server; every test gets a bucket of its own."""

    def __init__(self, host: str, port: int) -> None:
        self.address = f"http://{host}:{port}"
        self._numbers = itertools.count(1)

    @property
    def variables(self) -> dict[str, str]:
        """The environment of who uses it."""
        return {**ACCESS, "AWS_ENDPOINT_URL": self.address}

    def client(self):
        """What the tests look at it with; not what the platform uses."""
        return boto3.client(
            "s3",
            endpoint_url=self.address,
            region_name=ACCESS["AWS_DEFAULT_REGION"],
            aws_access_key_id=ACCESS["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=ACCESS["AWS_SECRET_ACCESS_KEY"],
        )

    def new_bucket(self) -> str:
        """The name of an empty bucket."""
        name = f"studies-{next(self._numbers)}"
        place = {"LocationConstraint": ACCESS["AWS_DEFAULT_REGION"]}
        self.client().create_bucket(Bucket=name, CreateBucketConfiguration=place)
        return name


@contextmanager
def s3_server(host: str = "127.0.0.1") -> Iterator[S3Server]:
    """A server on a free port of this address."""
    with socket.create_server((host, 0)) as probe:
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", host, "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, **ACCESS},
        preexec_fn=dies_with_parent(signal.SIGKILL),  # noqa: PLW1509
    )
    server = S3Server(host, port)
    try:
        wait_until(lambda: _answers(process, server), seconds=60)
        yield server
    finally:
        end(process)


def _answers(process: subprocess.Popen, server: S3Server) -> bool:
    assert process.poll() is None, "the S3 server has ended"
    try:
        urllib.request.urlopen(f"{server.address}/moto-api/", timeout=5).close()
    except OSError:
        return False
    return True
