"""Hosts of a test: network namespaces, each with a cable to the test's own, which can be pulled out."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

_SPACE = 1 << 18  # networks of 16 addresses in 100.64.0.0/10, which no machine uses for itself


class NoNamespacesError(Exception):
    """This machine, or its user, may not have network namespaces; the message says why."""


@dataclass(frozen=True)
class Host:
    """A network namespace."""

    name: str
    cable: str  # the end of its cable on this side
    near: str  # this side's address
    far: str  # its own

    def pull(self) -> None:
        """Cut it off: what is sent to it, or by it, is lost without a word."""
        _ip("link", "set", self.cable, "down")

    def plug(self) -> None:
        """Connect it again."""
        _ip("link", "set", self.cable, "up")

    def command(self, *arguments: str) -> list[str]:
        """A command line that runs this one in the host."""
        return ["ip", "netns", "exec", self.name, *arguments]


@contextmanager
def host() -> Iterator[Host]:
    """A host with a name and a network that only this process has.

    Raises:
        NoNamespacesError: There are none here.
    """
    number = os.getpid() % _SPACE
    base = (100 << 24) + (64 << 16) + 16 * number
    near, far = (".".join(str(base + last >> shift & 255) for shift in (24, 16, 8, 0)) for last in (1, 2))
    made = Host(f"sos{os.getpid()}", f"sos{os.getpid()}a", near, far)
    inside = f"sos{os.getpid()}b"
    if shutil.which("ip") is None:
        raise NoNamespacesError("the command 'ip' is missing (package iproute2)")
    if os.geteuid() != 0:
        raise NoNamespacesError("only root may make network namespaces")
    try:
        try:
            _connect(made, inside=inside)
        except subprocess.CalledProcessError as error:
            raise NoNamespacesError(f"no network namespaces here: {error.stderr.strip()}") from None
        yield made
    finally:
        for arguments in (("link", "delete", made.cable), ("netns", "delete", made.name)):
            with suppress(subprocess.CalledProcessError):
                _ip(*arguments)


def _connect(made: Host, *, inside: str) -> None:
    _ip("netns", "add", made.name)
    _ip("link", "add", made.cable, "type", "veth", "peer", "name", inside, "netns", made.name)
    _ip("address", "add", f"{made.near}/28", "dev", made.cable)
    _ip("link", "set", made.cable, "up")
    _ip("-n", made.name, "address", "add", f"{made.far}/28", "dev", inside)
    _ip("-n", made.name, "link", "set", inside, "up")
    _ip("-n", made.name, "link", "set", "lo", "up")


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True, text=True)
