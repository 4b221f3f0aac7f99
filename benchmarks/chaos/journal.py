"""What happened, in order and with times, so that a failure can be read."""

import collections
import sys
import threading
import time
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Violation:
    """Something that must not be."""

    seconds: float  # after the start
    seed: int
    text: str


@dataclass
class Journal:
    """Written by the harness and its clients; safe to share between threads.

    Attributes:
        seed: of the plan.
        verbose: tell every accident on standard error as it happens.
        accepted: study case by execution that was answered with 202.
        keys: execution by idempotency key.
        heard: of executions that somebody listened to, the last state that was told before the end.
        totals: of executions whose results a client has read, the value ``total``.
        violations: what must not be.
        accidents: how many of each kind happened.
        requests: how many answers of each kind there were.
        lines: the log.
        web_servers: how many there have been so far.
    """

    seed: int
    verbose: bool = False
    accepted: dict[int, int] = field(default_factory=dict)
    keys: dict[str, int] = field(default_factory=dict)
    heard: dict[int, str] = field(default_factory=dict)
    totals: dict[int, float] = field(default_factory=dict)
    violations: list[Violation] = field(default_factory=list)
    accidents: collections.Counter[str] = field(default_factory=collections.Counter)
    requests: collections.Counter[str] = field(default_factory=collections.Counter)
    lines: list[str] = field(default_factory=list)
    web_servers: int = 1

    def __post_init__(self) -> None:
        self._started = time.monotonic()
        self._lock = threading.Lock()

    @property
    def seconds(self) -> float:
        """Since the start."""
        return time.monotonic() - self._started

    def tell(self, text: str) -> None:
        """A line of the log."""
        line = f"{self.seconds:8.2f} {text}"
        with self._lock:
            self.lines.append(line)
        if self.verbose:
            print(line, file=sys.stderr, flush=True)

    def violate(self, text: str) -> None:
        """Something that must not be, was seen now."""
        with self._lock:
            self.violations.append(Violation(round(self.seconds, 2), self.seed, text))
        self.tell(f"VIOLATION {text}")

    def count(self, answer: str) -> None:
        """An answer of this kind was got."""
        with self._lock:
            self.requests[answer] += 1

    def accept(self, execution_id: int, *, study_id: int, key: str) -> None:
        """An execution was promised."""
        with self._lock:
            self.accepted[execution_id] = study_id
            known = self.keys.setdefault(key, execution_id)
        if known != execution_id:
            self.violate(f"the same request made two executions, {known} and {execution_id}")
