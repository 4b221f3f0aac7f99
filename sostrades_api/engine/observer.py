"""Events of an execution, for whoever wants to follow it."""

from dataclasses import dataclass, field

from sostrades_api.engine.progress import Progress
from sostrades_api.engine.quick_frozen import quick_frozen


@quick_frozen
@dataclass(frozen=True)
class ExecutionStarted:
    """An execution of ``total`` disciplines begins; ``progress`` says at any time how far it is."""

    total: int
    progress: Progress = field(default_factory=lambda: Progress(()), compare=False, repr=False)


@dataclass(frozen=True)
class DisciplinesReused:
    """What these disciplines make is known, and took so many seconds to make; they will not run.

    ``resumed`` are those among them that an earlier attempt of this very execution has left.
    """

    paths: tuple[str, ...]
    seconds: float
    resumed: tuple[str, ...] = ()


@quick_frozen
@dataclass(frozen=True)
class DisciplineStarted:
    """A discipline runs now; all with a smaller index are done or in the same loop."""

    path: str
    index: int
    total: int


@quick_frozen
@dataclass(frozen=True)
class DisciplineEnded:
    """A discipline has returned its outputs; in a loop it may start again."""

    path: str
    index: int
    total: int
    seconds: float


@dataclass(frozen=True)
class DisciplineLeft:
    """A discipline has raised and does not run any more; others that run at the same time still may."""

    path: str
    index: int
    total: int


@dataclass(frozen=True)
class DisciplineFailed:
    """A discipline raised, or returned wrong outputs; the execution ends with this error."""

    path: str
    index: int
    total: int
    error: Exception


@quick_frozen
@dataclass(frozen=True)
class IterationEnded:
    """One sweep of a loop is done; ``loop`` holds its disciplines in order of sweep."""

    loop: tuple[str, ...]
    iteration: int
    residual: float


@dataclass(frozen=True)
class ExecutionEnded:
    """All disciplines are done; ``converged`` is false when an unconverged loop was accepted."""

    converged: bool
    seconds: float


class Observer:
    """Does nothing; override the hooks you want. An exception in a hook ends the execution.

    The hooks of single disciplines cost a microsecond and a half a discipline when they are overridden;
    the progress that ``on_execution_started`` is given costs nothing.
    """

    def on_execution_started(self, event: ExecutionStarted) -> None:
        """Before the first discipline."""

    def on_disciplines_reused(self, event: DisciplinesReused) -> None:
        """Once, after the start, when a cache had something."""

    def on_discipline_started(self, event: DisciplineStarted) -> None:
        """Before each run of a discipline."""

    def on_discipline_ended(self, event: DisciplineEnded) -> None:
        """After each run of a discipline."""

    def on_discipline_left(self, event: DisciplineLeft) -> None:
        """After each run of a discipline that raised, for who follows the start of runs too."""

    def on_discipline_failed(self, event: DisciplineFailed) -> None:
        """After a discipline failed; nothing follows, and an exception here becomes a note of its error."""

    def on_iteration_ended(self, event: IterationEnded) -> None:
        """After each sweep of a loop."""

    def on_execution_ended(self, event: ExecutionEnded) -> None:
        """After the last discipline."""
