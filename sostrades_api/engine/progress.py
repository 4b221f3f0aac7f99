"""How far an execution is: a few numbers, replaced whole, for a thread that publishes them now and then."""

from collections.abc import Sequence


class Progress:
    """Where an execution stands; written by the execution, read by anybody at any time.

    Disciplines are numbered in the order of execution. This costs the execution one assignment a discipline,
    where events cost an object each.

    Attributes:
        paths: the disciplines in order of execution.
        running: number of the discipline that runs now, or ran last; -1 before the first.
        settled: all disciplines with a smaller number are done and will not run again.
        loop: the disciplines of the loop being solved, or the one solved last.
        iteration: its iterations so far.
        residual: its last residual.
    """

    __slots__ = ("iteration", "loop", "paths", "residual", "running", "settled")

    def __init__(self, paths: Sequence[str]) -> None:
        self.paths = paths
        self.running = -1
        self.settled = 0
        self.loop: tuple[str, ...] = ()
        self.iteration = 0
        self.residual = float("inf")

    @property
    def share(self) -> float:
        """Settled disciplines of all, from 0 to 1."""
        return self.settled / len(self.paths) if self.paths else 1.0
