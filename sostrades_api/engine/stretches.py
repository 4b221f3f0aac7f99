"""Rows of disciplines run at one go: neighbours of one shape by one function, quick ones clocked together.

A discipline of a few floats takes less time than calling it through its node and reading the clock twice
(0.4 of 0.7 us, measured on a graph of 1000). Here neighbours with as many inputs and outputs, all outputs
floats, are a stretch: one loop, compiled once a process for each shape, runs and checks them all.
"""

from collections.abc import Callable, MutableSequence, Sequence
from functools import cache, cached_property, partial
from itertools import groupby
from time import perf_counter
from types import CodeType, FunctionType
from typing import Any

from sostrades_api.engine.collecting import collection_paused
from sostrades_api.engine.errors import DisciplineError, ExecutionStopped
from sostrades_api.engine.node import Node
from sostrades_api.engine.scalar_compute import GLOBALS, code_of, expressions
from sostrades_api.engine.tally import Tally

QUICK = 2e-6
"""Seconds: where disciplines take less on average, the clock would cost more than a twentieth of them."""
TOGETHER = 15
"""Runs of a row of quick disciplines that are clocked as a whole, between two in detail."""
_FEW = 8
"""Disciplines that are always clocked one by one: sharing out would cost as much as it saves."""

ShouldStop = Callable[[], bool]
Step = Callable[[Sequence[Any], list[Any], MutableSequence[int], ShouldStop | None, Tally], None]
"""Runs some disciplines: reads values, fills the target, writes who runs, asks whether to stop, counts."""

_TEXT = """
def run(values, target, place, should_stop, tally, rows, stopped, failed, take):
    {first}
    for index, run, {cells} in rows:
        if should_stop is not None and should_stop():
            raise stopped(index)
        place[0] = index
        {before}
        try:
            outputs = run({{{inputs}}})
        except BaseException as error:
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
_CLOCKED = {
    "first": "seconds, runs = tally.single, tally.counts",
    "before": "start = clock()",
    "after": "seconds[index] += clock() - start; runs[index] += 1",
}
_PLAIN = {"first": "", "before": "", "after": ""}


class NodeRow(tuple[Node, ...]):
    """Disciplines that are run one after the other, their order and kinds looked at once.

    Attributes:
        again: whether they are run again and again, so that a function of their own pays.
    """

    again: bool = False

    @cached_property
    def settled(self) -> int:
        """How many disciplines of the plan are done when these are, as the last part that was run."""
        return self[-1].index + 1

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        """What runs them, in order."""
        with collection_paused():
            return self._steps()

    def _steps(self) -> tuple[Step, ...]:
        steps: list[Step] = []
        for is_scalar, group in groupby(self, key=_is_scalar):
            nodes = tuple(group)
            if not is_scalar:
                steps.append(partial(run_each, nodes))
            elif len(nodes) < _FEW and self.again:
                steps.append(_straight(nodes))
            elif len(nodes) < _FEW:
                steps.extend(_stretches(nodes)[1])
            else:
                steps.append(QuickBlock(nodes).run)
        return tuple(steps)


def run_each(
    nodes: Sequence[Node],
    values: Sequence[Any],
    target: list[Any],
    place: MutableSequence[int],
    should_stop: ShouldStop | None,
    tally: Tally,
) -> None:
    """Run disciplines of any kind."""
    seconds, runs = tally.single, tally.counts
    for node in nodes:
        if should_stop is not None and should_stop():
            raise ExecutionStopped(before=node.path)
        index = place[0] = node.index
        seconds[index] += node.compute(values, target)
        runs[index] += 1


class QuickBlock:
    """Many neighbours of a few floats each.

    Their first run is clocked one by one. While they are quick, the next ones are clocked as a whole, and
    shared out as in those in detail; one that took much longer than that is followed by one in detail.
    """

    def __init__(self, nodes: tuple[Node, ...]) -> None:
        self.places = tuple(node.index for node in nodes)
        self._plain, self._clocked = _stretches(nodes)
        self._together = 0
        self._longest = 0.0
        self._least: list[float] = []
        self._shares: list[float] = []

    def run(
        self,
        values: Sequence[Any],
        target: list[Any],
        place: MutableSequence[int],
        should_stop: ShouldStop | None,
        tally: Tally,
    ) -> None:
        """Run all, and count what they took."""
        if self._together <= 0:
            self._run_in_detail(values, target, place, should_stop, tally)
            return
        start = perf_counter()
        try:
            for stretch in self._plain:
                stretch(values, target, place, should_stop, tally)
        except BaseException:
            done = self.places.index(place[0]) if place[0] in self.places else 0
            for index in self.places[:done]:
                tally.counts[index] += 1
            raise
        spent = perf_counter() - start
        self._together = self._together - 1 if spent < self._longest else 0
        tally.add_together(self.places, spent, self._shares)

    def _run_in_detail(
        self,
        values: Sequence[Any],
        target: list[Any],
        place: MutableSequence[int],
        should_stop: ShouldStop | None,
        tally: Tally,
    ) -> None:
        before = [tally.single[index] for index in self.places]
        start = perf_counter()
        for stretch in self._clocked:
            stretch(values, target, place, should_stop, tally)
        spent = perf_counter() - start
        taken = [tally.single[index] - was for index, was in zip(self.places, before, strict=True)]
        self._look(taken, spent)

    def _look(self, taken: list[float], spent: float) -> None:
        """Learn from a run in detail: the least that each took, as others on the machine only add to it."""
        engine = spent - sum(taken)
        self._least = list(map(min, self._least, taken)) if self._least else taken
        whole = sum(self._least) + engine
        self._shares, self._longest = [seconds / whole for seconds in self._least], 4.0 * whole + QUICK
        quick = whole < QUICK * len(taken) and spent < self._longest
        self._together = TOGETHER if quick else 0


def _stretches(nodes: Sequence[Node]) -> tuple[tuple[Step, ...], tuple[Step, ...]]:
    """What runs them in order, without and with a clock; both share what is known of each."""
    plain, clocked = [], []
    for (inputs, outputs), group in groupby(nodes, key=_shape):
        members = tuple(group)
        rows = tuple([(node.index, node.run, *node.cells) for node in members])
        given = rows, *said_of(members)
        for steps, is_clocked in ((plain, False), (clocked, True)):
            code = _code(inputs, outputs, clocked=is_clocked)
            steps.append(FunctionType(code, GLOBALS, "run", given))
    return tuple(plain), tuple(clocked)


def _is_scalar(node: Node) -> bool:
    return node.is_scalar


def _shape(node: Node) -> tuple[int, int]:
    return len(node.in_slots), len(node.out_slots)


def said_of(nodes: Sequence[Node]) -> tuple[Any, Any, Any]:
    """What tells of a stop, a failure, or other outputs, by the number of a discipline."""
    known: dict[int, Node] = {}

    def at(index: int) -> Node:
        if not known:  # found when first asked for: most disciplines return what they should
            known.update((node.index, node) for node in nodes)
        return known[index]

    def stopped(index: int) -> ExecutionStopped:
        return ExecutionStopped(before=at(index).path)

    def failed(index: int, error: BaseException) -> DisciplineError:
        return at(index).failure(error)

    def take(index: int, outputs: Any, target: list[Any]) -> None:
        at(index).take(outputs, target)

    return stopped, failed, take


@cache
def _code(inputs: int, outputs: int, *, clocked: bool) -> CodeType:
    return code_of(_TEXT.format(**expressions(inputs, outputs), **(_CLOCKED if clocked else _PLAIN)))


# --- a few disciplines of a loop, straight on -------------------------------------------------------------

_HEAD = """
def run(values, target, place, should_stop, tally, stopped, failed, take, {cells}):
    seconds, runs = tally.single, tally.counts
"""
_BODY = """
    if should_stop is not None and should_stop():
        raise stopped(n{of})
    place[0] = n{of}
    start = clock()
    try:
        outputs = r{of}({{{inputs}}})
    except BaseException as error:
        raise failed(n{of}, error) from error
    seconds[n{of}] += clock() - start
    runs[n{of}] += 1
    if type(outputs) is dict and len(outputs) == {count}:
        try:
            {outputs} = {found}
        except KeyError:
            take(n{of}, outputs, target)
        else:
            if {finite}:
                {stores}
            else:
                take(n{of}, outputs, target)
    else:
        take(n{of}, outputs, target)
"""


def _straight(nodes: Sequence[Node]) -> Step:
    """One function for neighbours of any shapes: a quarter less than a stretch each, for two disciplines."""
    cells = [cell for node in nodes for cell in (node.index, node.run, *node.cells)]
    code = _straight_code(tuple(map(_shape, nodes)))
    return FunctionType(code, GLOBALS, "run", (*said_of(nodes), *cells))


@cache
def _straight_code(shapes: tuple[tuple[int, int], ...]) -> CodeType:
    texts = [(f"_{n}", expressions(*shape, of=f"_{n}")) for n, shape in enumerate(shapes)]
    cells = ", ".join(f"n{of}, r{of}, {text['cells']}" for of, text in texts)
    return code_of(_HEAD.format(cells=cells) + "".join(_BODY.format(of=of, **text) for of, text in texts))
