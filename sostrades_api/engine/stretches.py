"""Rows of disciplines run at one go: neighbours of one shape by one function, quick ones clocked together.

A discipline of a few floats takes less time than calling it through its node and reading the clock twice
(0.4 of 0.7 us, measured on a graph of 1000). Here neighbours with as many inputs and outputs, all outputs
floats, are a stretch: one loop, compiled once a process for each shape, runs and checks them all.
"""

import builtins
from collections.abc import Callable, MutableSequence, Sequence
from functools import cache, cached_property
from itertools import groupby
from time import perf_counter
from types import CodeType, FunctionType
from typing import Any

from sostrades_api.engine.errors import DisciplineError, ExecutionStopped
from sostrades_api.engine.node import Node
from sostrades_api.engine.scalar_compute import code_of, expressions, scalar_parts
from sostrades_api.engine.tally import Tally

QUICK = 2e-6
"""Seconds: where disciplines take less on average, the clock would cost more than a twentieth of them."""
TOGETHER = 7
"""Runs of a row of quick disciplines that are clocked as a whole, between two in detail."""

ShouldStop = Callable[[], bool]
Stretch = Callable[[Sequence[Any], list[Any], MutableSequence[int], ShouldStop | None, list[float]], None]
"""Runs neighbours; one that is clocked appends the seconds of each."""

_TEXT = """
def run(values, target, place, should_stop, seconds, rows, stopped, failed, take):
    for index, run, {cells} in rows:
        if should_stop is not None and should_stop():
            raise stopped(index)
        place[0] = index
        {before}
        try:
            outputs = run({{{inputs}}})
        except (Exception, SystemExit) as error:
            raise failed(index, error) from error
        {after}
        if type(outputs) is dict and len(outputs) == {count}:
            try:
                {outputs} = {found}
            except KeyError:
                pass
            else:
                if {finite}:
                    {stores}
                    continue
        take(index, outputs, target)
"""


class NodeRow(tuple[Node, ...]):
    """Disciplines that are run one after the other, their order and kinds looked at once."""

    @cached_property
    def blocks(self) -> "tuple[QuickBlock | tuple[Node, ...], ...]":
        """Neighbours that stretches can run, and neighbours that are run one by one."""
        blocks: list[QuickBlock | tuple[Node, ...]] = []
        for is_scalar, group in groupby(self, key=lambda node: scalar_parts(node) is not None):
            nodes = tuple(group)
            blocks.append(QuickBlock(nodes) if is_scalar and len(self) > 1 else nodes)
        return tuple(blocks)


class QuickBlock:
    """Neighbours of a few floats each.

    Their first run is clocked one by one. While they are quick, the next ones are clocked as a whole, and
    shared out as in the last one in detail; one that took much longer than that is followed by one in detail.
    """

    def __init__(self, nodes: tuple[Node, ...]) -> None:
        self.nodes = nodes
        shapes = groupby(nodes, key=lambda node: (len(node.in_slots), len(node.out_slots)))
        stretches = [(shape, tuple(group)) for shape, group in shapes]
        self._plain = tuple(_stretch(*shape, nodes, clocked=False) for shape, nodes in stretches)
        self._clocked = tuple(_stretch(*shape, nodes, clocked=True) for shape, nodes in stretches)
        self._together = 0
        self._longest = 0.0
        self._shares: list[float] = []

    def run(
        self,
        values: Sequence[Any],
        target: list[Any],
        *,
        place: MutableSequence[int],
        should_stop: ShouldStop | None,
        tally: Tally,
    ) -> None:
        """Run all, and count what they took."""
        in_detail, single = self._together <= 0, list[float]()
        start = perf_counter()
        try:
            for stretch in self._clocked if in_detail else self._plain:
                stretch(values, target, place, should_stop, single)
        except BaseException:
            done = next((k for k, node in enumerate(self.nodes) if node.index == place[0]), 0)
            for node in self.nodes[:done]:
                tally.runs[node.index] += 1
            raise
        spent = perf_counter() - start
        if in_detail:
            self._look(single, spent)
        else:
            self._together = self._together - 1 if spent < self._longest else 0
        tally.add_together(self, spent, self._shares)

    def _look(self, single: Sequence[float], spent: float) -> None:
        """Learn from a run in detail."""
        self._shares, self._longest = [seconds / spent for seconds in single], 4.0 * spent + QUICK
        self._together = TOGETHER if spent < QUICK * len(single) else 0


def _stretch(inputs: int, outputs: int, nodes: tuple[Node, ...], *, clocked: bool) -> Stretch:
    """The function of some neighbours of one shape."""
    parts = {node.index: scalar_parts(node) or () for node in nodes}
    paths = {node.index: node.path for node in nodes}
    rows = tuple((index, *cells) for index, (_, _, *cells) in parts.items())

    def stopped(index: int) -> ExecutionStopped:
        return ExecutionStopped(before=paths[index])

    def failed(index: int, error: BaseException) -> DisciplineError:
        return parts[index][1](error)

    def take(index: int, outputs: Any, target: list[Any]) -> None:
        parts[index][0](outputs, target)

    return FunctionType(
        _code(inputs, outputs, clocked=clocked), _GLOBALS, "run", (rows, stopped, failed, take)
    )


_GLOBALS = {"clock": perf_counter, "__builtins__": builtins}


@cache
def _code(inputs: int, outputs: int, *, clocked: bool) -> CodeType:
    cells = [f"i{k}, s{k}" for k in range(inputs)] + [f"o{k}, t{k}" for k in range(outputs)]
    return code_of(
        _TEXT.format(
            cells=", ".join(cells),
            before="start = clock()" if clocked else "",
            after="seconds.append(clock() - start)" if clocked else "",
            **expressions(inputs, outputs),
        )
    )
