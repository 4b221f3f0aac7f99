"""Running a loop that has loops inside: each sweep of the outer one solves them."""

from collections.abc import Callable, Sequence
from typing import Any

from sostrades_api.engine.loop import Compute, Loop
from sostrades_api.engine.node import Node


class NestedCompute:
    """What a solver of an outer loop is given in place of the runner."""

    def __init__(
        self, runner: Compute, values: list[Any], loop: Loop, solve: Callable[[Loop], object]
    ) -> None:
        self._runner, self._values, self._solve = runner, values, solve
        self._blocks = blocks_of(loop)
        self._first = {inner.nodes[0]: inner for inner in loop.inner}
        self._others = {node for inner in loop.inner for node in inner.nodes[1:]}

    def sweep(self, nodes: Sequence[Node], target: list[Any]) -> None:  # noqa: ARG002 - always all of the loop
        """Run and solve everything once, in order."""
        for block in self._blocks:
            if isinstance(block, Loop):
                self._solve(block)
            else:
                self._runner.sweep(block, target)

    def straight(self, loop: Loop) -> None:
        """Loops inside are solved one by one."""

    def __call__(self, node: Node, target: list[Any]) -> None:
        """Run one discipline; the first of an inner loop stands for all of it.

        An inner loop is solved on the values of the execution, which are put back unless they are the target.
        """
        if node in self._others:
            return
        inner = self._first.get(node)
        if inner is None:
            self._runner(node, target)
            return
        slots = [slot for each in inner.nodes for slot in each.out_slots]
        before = [self._values[slot] for slot in slots]
        self._solve(inner)
        for slot, value in zip(slots, before, strict=True):
            made = self._values[slot]
            if target is not self._values:
                self._values[slot] = value
            target[slot] = made


def blocks_of(loop: Loop) -> list[tuple[Node, ...] | Loop]:
    """Runs of disciplines, and inner loops, in order of sweep."""
    first = {inner.nodes[0]: inner for inner in loop.inner}
    inside = {node for inner in loop.inner for node in inner.nodes}
    blocks: list[tuple[Node, ...] | Loop] = []
    for node in loop.nodes:
        if node in first:
            blocks.append(first[node])
        elif node not in inside:
            last = blocks[-1] if blocks else None
            if isinstance(last, tuple):
                blocks[-1] = (*last, node)
            else:
                blocks.append((node,))
    return blocks
