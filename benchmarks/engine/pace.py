"""How far a run is, and when it will end."""

import sys
import time
from collections.abc import Mapping

_START = time.monotonic()
UNKNOWN_BELOW = 2
"""Steps that have to be over before what is expected of the others is believed."""


def elapsed() -> float:
    """Seconds since this program started."""
    return time.monotonic() - _START


def say(text: str) -> None:
    """Show progress; standard output is for the result."""
    print(f"{elapsed():4.0f} s  {text}", file=sys.stderr, flush=True)


class Pace:
    """Steps that are each expected to take some seconds on a quiet machine.

    Args:
        expected: seconds of every step that is to be done whatever it takes.
        extra: of those that are done only as long as ``most_seconds`` are not over.
        most_seconds: after these nothing of ``extra`` is begun.
    """

    def __init__(
        self, expected: Mapping[str, float], *, extra: Mapping[str, float], most_seconds: float
    ) -> None:
        self.left, self.extra = dict(expected), dict(extra)
        self.most_seconds, self.count = most_seconds, len(expected) + len(extra)
        self.began, self.done, self.over = elapsed(), 0.0, 0
        self._running = 0.0

    def begin(self, step: str) -> None:
        """Say that this step begins, and what is left from here."""
        self.done += self._running
        self.over += bool(self._running)
        told = f" ({self.remaining()} left)" if self.over >= UNKNOWN_BELOW else ""
        self._running = self.left.pop(step, 0.0) or self.extra.pop(step, 0.0)
        say(f"{self.over + 1}/{self.count} {step}{told}")

    def seconds_left(self) -> float:
        """What remains at the pace of what is over; nothing begins when the time is over."""
        pace = (elapsed() - self.began) / self.done if self.done else 1.0
        promised, others = pace * sum(self.left.values()), pace * sum(self.extra.values())
        return promised + min(others, max(self.most_seconds - elapsed() - promised, 0.0))

    def remaining(self) -> str:
        """About so many minutes, as text."""
        seconds = self.seconds_left()
        return f"about {seconds / 60:.0f} min" if seconds >= 90 else f"about {max(seconds, 1):.0f} s"
