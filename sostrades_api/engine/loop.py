"""A loop: disciplines that need each other's outputs."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from operator import itemgetter
from typing import Any, Protocol

from sostrades_api.engine.errors import DisciplineError
from sostrades_api.engine.node import Node
from sostrades_api.engine.quick_frozen import quick_frozen
from sostrades_api.engine.straight_loop import Straight, StraightLoop
from sostrades_api.engine.stretches import NodeRow


class Compute(Protocol):
    """Runs disciplines on the values of the execution and puts their outputs into a list of slots."""

    def __call__(self, node: Node, target: list[Any]) -> None:
        """Run one discipline."""
        ...

    def sweep(self, nodes: Sequence[Node], target: list[Any]) -> None:
        """Run several in order, which is quicker than one by one."""
        ...

    def straight(self, loop: "Loop") -> Straight | None:
        """What sweeps a loop several times at one go; None where each discipline has to be run by itself."""
        ...


@dataclass(frozen=True, kw_only=True, eq=False)
class Loop:
    """A strongly connected component of a plan.

    Attributes:
        nodes: its disciplines in order of sweep.
        couplings: slots that one of them makes and another, or itself, reads.
        feedback: those read before they are made in a sweep, each with the path of its first reader; they
            need an initial value.
        only_floats: every coupling is declared a float that is never missing.
        inner: loops inside, solved in each sweep of this one.
        parameters: slots of its own numerical parameters by name; empty: those of the study.
        straight: what runs it at one go, where that is possible.
        asked: what reads the parameters of each solver that was asked for so far.
        limited: the disciplines whose outputs have limits.
    """

    nodes: tuple[Node, ...]
    couplings: tuple[int, ...]
    feedback: tuple[tuple[int, str], ...]
    only_floats: bool
    inner: "tuple[Loop, ...]" = ()
    parameters: Mapping[str, int] = field(default_factory=dict)
    paths: tuple[str, ...] = field(init=False)
    label: str = field(init=False)
    straight: StraightLoop | None = field(init=False)
    asked: dict[str, Callable[[Sequence[Any]], tuple[Any, ...]]] = field(init=False, default_factory=dict)
    limited: tuple[Node, ...] = field(init=False)
    read: Callable[[Sequence[Any]], tuple[Any, ...]] = field(init=False)
    unknowns: tuple[int, ...] = field(init=False)

    def __post_init__(self) -> None:
        nodes = NodeRow(self.nodes)
        nodes.again = True
        object.__setattr__(self, "nodes", nodes)
        object.__setattr__(self, "paths", tuple(node.path for node in self.nodes))
        object.__setattr__(self, "label", ", ".join(self.paths))
        object.__setattr__(self, "unknowns", tuple(slot for slot, _ in self.feedback))
        object.__setattr__(self, "read", _reader(self.couplings))
        object.__setattr__(self, "limited", tuple(node for node in self.nodes if node.limited))
        few = self.only_floats and not self.inner
        object.__setattr__(self, "straight", StraightLoop.of(nodes, self.couplings) if few else None)

    @cached_property
    def settled(self) -> int:
        """How many disciplines of the plan are done when this is, as the last part that was run."""
        return self.nodes[-1].index + 1

    def ask(self, solver: str, slots: Sequence[int]) -> Callable[[Sequence[Any]], tuple[Any, ...]]:
        """What reads a solver's parameters, which lie in these slots; found in ``asked`` from now on."""
        self.asked[solver] = read = _reader(tuple(slots))
        return read


def _reader(slots: tuple[int, ...]) -> Callable[[Sequence[Any]], tuple[Any, ...]]:
    if len(slots) > 1:
        return itemgetter(*slots)
    return lambda values: tuple(values[slot] for slot in slots)


class Failure(StrEnum):
    """Why a solve ended without converging."""

    TOO_MANY = "too many iterations"  # max_mda_iter was reached
    DIVERGES = "diverges"  # changes grew without end
    CYCLES = "cycles"  # the values of an earlier iteration came back


@quick_frozen
@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How a solve ended; ``worst`` is the slot that changed most, when it did not converge.

    ``cause`` is what a discipline raised when the values of a diverging loop became too large for it.
    """

    converged: bool
    iterations: int
    residual: float
    worst: int | None = None
    failure: Failure | None = None
    cause: DisciplineError | None = None
