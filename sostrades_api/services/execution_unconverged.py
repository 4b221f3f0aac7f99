"""What of an execution depends on a loop that did not converge, and was accepted."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sostrades_api.engine import ExecutionResult
from sostrades_api.models import Execution


@dataclass(frozen=True)
class Unconverged:
    """Names relative to the study; None for all of them, where it is not known which.

    Attributes:
        loops: as the residual history names them.
        disciplines: those of the loops, and all that follow from them.
        variables: what these disciplines make.
    """

    loops: frozenset[str] | None = frozenset()
    disciplines: frozenset[str] | None = frozenset()
    variables: frozenset[str] | None = frozenset()

    def has_loop(self, name: str) -> bool:
        """Whether this loop did not converge."""
        return self.loops is None or name in self.loops

    def has_discipline(self, path: str) -> bool:
        """Whether what this discipline makes, and its charts, depend on such a loop."""
        return self.disciplines is None or path in self.disciplines

    def has_variable(self, name: str) -> bool:
        """Whether this result depends on such a loop."""
        return self.variables is None or name in self.variables

    def among(self, disciplines: Iterable[str]) -> list[str]:
        """Those of these disciplines that are affected."""
        return [path for path in disciplines if self.has_discipline(path)]


NOTHING = Unconverged()
_EVERYTHING = Unconverged(None, None, None)


def execution_unconverged(execution: Execution | None) -> Unconverged:
    """What is not converged of this execution; nothing without results."""
    if execution is None or execution.converged is not False:
        return NOTHING
    if execution.unconverged is None:
        return _EVERYTHING
    return Unconverged(**{key: frozenset(names) for key, names in execution.unconverged.items()})


def unconverged_of(result: ExecutionResult) -> dict[str, Any] | None:
    """What is kept of a result; None when all is converged."""
    if result.converged:
        return None
    return {
        "loops": list(result.unconverged_loops),
        "disciplines": list(result.unconverged_disciplines),
        "variables": list(result.unconverged),
    }
