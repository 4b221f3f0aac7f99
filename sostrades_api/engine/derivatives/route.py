"""Which disciplines lie between some inputs and some outputs of a plan, compiled once."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property

from sostrades_api.engine.derivatives.linearize import CENTRAL_STEP, Linearizer, Method
from sostrades_api.engine.derivatives.scalar_carry import Carry, carriers
from sostrades_api.engine.loop import Loop
from sostrades_api.engine.node import Node


@dataclass(frozen=True)
class Stage:
    """One step of a route: a discipline, or a loop with the slots that its disciplines make."""

    linearizers: tuple[Linearizer, ...]
    made: tuple[int, ...]
    is_loop: bool


@dataclass(frozen=True)
class Route:
    """The stages between inputs and outputs, in order of execution."""

    stages: tuple[Stage, ...]
    plain: bool  # a chain or tree of declared floats without loops

    @cached_property
    def forward(self) -> tuple[Carry, ...]:
        """Of a plain route: what carries derivatives through the disciplines, in order."""
        return carriers(x.carrying(forward=True) for stage in self.stages for x in stage.linearizers)

    @cached_property
    def backward(self) -> tuple[Carry, ...]:
        """The same from the outputs back, last discipline first."""
        back = (x for stage in reversed(self.stages) for x in stage.linearizers)
        return carriers(x.carrying(forward=False) for x in back)

    @classmethod
    def between(
        cls,
        steps: Sequence[Node | Loop],
        *,
        wrt: Collection[int],
        of: Collection[int],
        method: Method,
        step: float = CENTRAL_STEP,
    ) -> "Route":
        """The route from the slots of the inputs to those of the outputs."""
        reached = set(wrt)
        for one in steps:
            nodes = _nodes(one)
            if any(slot in reached for node in nodes for slot in node.in_slots):
                reached.update(slot for node in nodes for slot in node.out_slots)
        needed = set(of) & reached
        stages = []
        for one in reversed(steps):
            nodes = _nodes(one)
            made = {slot for node in nodes for slot in node.out_slots}
            if not made & needed:
                continue
            if isinstance(one, Loop):
                needed |= made & reached  # each may act on each
            linearizers = tuple(
                Linearizer(node, _pairs(node, needed, reached), method=method, step=step) for node in nodes
            )
            needed.update(slot for node in nodes for slot in node.in_slots if slot in reached)
            kept = tuple(linearizer for linearizer in linearizers if linearizer.pairs)
            stages.append(Stage(kept, tuple(sorted(made & needed)), isinstance(one, Loop)))
        stages.reverse()
        plain = all(not stage.is_loop and all(x.is_plain for x in stage.linearizers) for stage in stages)
        return cls(tuple(stages), plain)


def _nodes(step: Node | Loop) -> tuple[Node, ...]:
    return step.nodes if isinstance(step, Loop) else (step,)


def _pairs(node: Node, needed: set[int], reached: set[int]) -> set[tuple[int, int]]:
    return {(of, wrt) for of in node.out_slots if of in needed for wrt in node.in_slots if wrt in reached}
