"""How far an execution is: a few numbers, replaced whole, for a thread that publishes them now and then."""

from collections.abc import MutableSequence, Sequence

from sostrades_api.engine.tally import Tally


class Progress:
    """Where an execution stands; written by the execution, read by anybody at any time.

    Disciplines are numbered in the order of execution. This costs the execution one assignment a discipline,
    where events cost an object each.

    Attributes:
        paths: the disciplines in order of execution.
        place: its only element is the number of the discipline that runs now, or ran last; -1 before the
            first. A follower may put another sequence there when the execution starts, say one in memory
            that it shares with another process.
        settled: all disciplines with a smaller number are done and will not run again.
        loop: the disciplines of the loop being solved, or the one solved last.
        iteration: its iterations so far.
        residual: its last residual.
        residuals: loop, iteration and residual of every iteration of every loop so far.
        tally: seconds and runs of each discipline so far; to be read when nothing runs any more.
    """

    __slots__ = ("iteration", "loop", "paths", "place", "residual", "residuals", "settled", "tally")

    def __init__(self, paths: Sequence[str], *, few: bool = False) -> None:
        self.paths = paths
        self.place: MutableSequence[int] = [-1]
        self.settled = 0
        self.loop: tuple[str, ...] = ()
        self.iteration = 0
        self.residual = float("inf")
        self.residuals: Sequence[tuple[str, int, float]] = ()
        self.tally = Tally(len(paths), few=few)

    @property
    def running(self) -> int:
        """Number of the discipline that runs now, or ran last; -1 before the first."""
        return self.place[0]

    @running.setter
    def running(self, index: int) -> None:
        self.place[0] = index

    @property
    def share(self) -> float:
        """Settled disciplines of all, from 0 to 1."""
        return self.settled / len(self.paths) if self.paths else 1.0
