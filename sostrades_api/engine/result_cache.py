"""What a cache of results offers to executions: outputs by the address of what they were made from.

An address is the digest of a discipline's class and version and of its inputs, so that equal addresses mean
equal outputs in any execution, study and process. Nothing at an address ever changes.
"""

from collections import OrderedDict
from collections.abc import Mapping
from threading import Lock
from typing import Any, Protocol


class ResultCache(Protocol):
    """Keeps outputs by address; neither method may raise because its storage is away: it then has nothing.

    ``least_seconds`` is what a look-up costs: what takes less time is run, never looked up or stored.
    """

    least_seconds: float

    def find(self, address: str) -> Mapping[str, Any] | None:
        """The outputs at an address, to the bit as they were stored, or None."""
        ...

    def store(self, address: str, outputs: Mapping[str, Any], *, seconds: float) -> None:
        """Keep outputs, values of the types that variables have; they took so many seconds. Read-only."""
        ...


class MemoryCache:
    """A cache in memory that forgets what has not been used for longest; for any number of threads.

    Args:
        entries: how many addresses it keeps at most.
        least_seconds: what takes less time is always run.
    """

    def __init__(self, *, entries: int = 10_000, least_seconds: float = 20e-6) -> None:
        self.least_seconds = least_seconds
        self._entries = entries
        self._known: OrderedDict[str, Mapping[str, Any]] = OrderedDict()
        self._lock = Lock()

    def find(self, address: str) -> Mapping[str, Any] | None:
        """The outputs at an address, or None."""
        with self._lock:
            if address in self._known:
                self._known.move_to_end(address)
            return self._known.get(address)

    def store(self, address: str, outputs: Mapping[str, Any], *, seconds: float) -> None:  # noqa: ARG002
        """Keep outputs."""
        with self._lock:
            self._known[address] = outputs
            if len(self._known) > self._entries:
                self._known.popitem(last=False)
