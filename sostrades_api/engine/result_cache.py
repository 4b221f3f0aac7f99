"""What a cache of results offers to executions: outputs by the address of what they were made from.

An address is the digest of all that decides a step's outputs: its disciplines and their versions, and its
inputs. So equal addresses mean equal outputs in any execution, study and process, and what is at one never
changes.
"""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any, Protocol


@dataclass(frozen=True, kw_only=True, eq=False)
class ComputedResult:
    """What one step made: a discipline, or a whole loop that converged.

    Attributes:
        outputs: in the order of its disciplines and their descriptors; those of a loop end with its residual
            history, an array of rows (number of the loop, iteration, residual).
        seconds: that it took to make them.
        references: what the cache calls each of these outputs, if it wants to be told again.
        names: of these outputs, for people.
    """

    outputs: Sequence[Any]
    seconds: float
    references: Sequence[str] = ()
    names: Sequence[str] = ()


class ResultCache(Protocol):
    """Keeps results by address; no method may raise because its storage is away: it then has nothing.

    ``least_seconds`` is what a look-up costs: what takes less time is not stored, nor looked up when its
    cost is known.
    """

    least_seconds: float

    def find(self, addresses: Sequence[str]) -> Mapping[str, ComputedResult]:
        """What is known of these addresses, to the bit as it was stored; asked once an execution."""
        ...

    def store(self, address: str, result: ComputedResult, *, label: str, replace: bool) -> None:
        """Keep a result, values of the types that variables have, read-only; by any thread.

        ``label`` tells people what made it; ``replace``: what is known of this address is not trusted.
        """
        ...


class Checkpoints(Protocol):
    """Keeps what one execution makes, for its own later attempts alone, under keys that every step has.

    So an execution that was interrupted also goes on after disciplines that are not deterministic, and where
    results of others are not trusted. No method may raise because the storage is away.

    ``least_seconds`` is as that of a cache; ``resumes`` says whether there was an earlier attempt.
    """

    least_seconds: float
    resumes: bool

    def take_up(self) -> Mapping[str, ComputedResult]:
        """All that earlier attempts have kept, by key; asked once, and only if there were any."""
        ...

    def keep(self, key: str, result: ComputedResult, *, label: str) -> None:
        """Keep a result until the execution has ended."""
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
        self._known: OrderedDict[str, ComputedResult] = OrderedDict()
        self._lock = Lock()

    def find(self, addresses: Sequence[str]) -> Mapping[str, ComputedResult]:
        """What is known of these addresses."""
        found = {}
        with self._lock:
            for address in addresses:
                if address in self._known:
                    self._known.move_to_end(address)
                    found[address] = self._known[address]
        return found

    def store(
        self,
        address: str,
        result: ComputedResult,
        *,
        label: str,  # noqa: ARG002
        replace: bool,
    ) -> None:
        """Keep a result."""
        with self._lock:
            if replace or address not in self._known:
                self._known[address] = result
            if len(self._known) > self._entries:
                self._known.popitem(last=False)
