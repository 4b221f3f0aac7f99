"""A loop: disciplines that need each other's outputs."""

from dataclasses import dataclass

from sostrades_api.engine.node import Node


@dataclass(frozen=True, kw_only=True, eq=False)
class Loop:
    """A strongly connected component of a plan.

    ``couplings`` are the slots that one of its disciplines makes and another (or itself) reads; ``feedback``
    are those read before they are made in a sweep, with the path of the first reader: they need initial values.
    """

    nodes: tuple[Node, ...]
    couplings: tuple[int, ...]
    feedback: tuple[tuple[int, str], ...]

    @property
    def paths(self) -> tuple[str, ...]:
        """The disciplines in order of sweep."""
        return tuple(node.path for node in self.nodes)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How a solve ended."""

    converged: bool
    iterations: int
    residual: float
