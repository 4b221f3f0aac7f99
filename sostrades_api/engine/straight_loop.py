"""A few disciplines of floats that need each other: solved by sweeps in one function.

It is ``solvers.fixed_point.iterate`` with its sweeps and measures written out: every decision is the same.
What is not plain, as the first change of a solve, or a coupling that shrinks to nothing, is measured by the
general measure. Sellar's loop takes 27 us instead of 32 (measured on a busy machine; its disciplines take 7).
"""

from collections.abc import Callable, Sequence
from functools import cache
from textwrap import indent
from types import CodeType, FunctionType
from typing import Any

from sostrades_api.engine.node import Node
from sostrades_api.engine.scalar_compute import GLOBALS, code_of
from sostrades_api.engine.stretches import QUICK, TOGETHER, said_of

MOST_NODES, MOST_COUPLINGS = 7, 12
"""Larger loops take the general way, where arrays and clocking many at once pay."""

Wiring = tuple[tuple[tuple[int, ...], tuple[int, ...]], ...]
"""Of each discipline, which coupling each input and each output is; -1 for none."""
Straight = Callable[..., tuple[Any, ...]]
"""Solves a loop; see ``_TEXT`` for what it takes and returns."""


class StraightLoop:
    """The function of one loop; made when the loop is solved for the second time, as many never are."""

    def __init__(self, nodes: Sequence[Node], couplings: Sequence[int]) -> None:
        self._nodes, self._couplings = nodes, couplings
        self._solved = False
        self._made: dict[bool, Straight] = {}

    @classmethod
    def of(cls, nodes: Sequence[Node], couplings: Sequence[int]) -> "StraightLoop | None":
        """None where a loop is too large, or its disciplines take or make other things than a few floats."""
        few = len(nodes) <= MOST_NODES and len(couplings) <= MOST_COUPLINGS
        if few and all(node.is_scalar for node in nodes):
            return cls(nodes, couplings)
        return None

    def function(self, *, told: bool = True) -> Straight | None:
        """What solves the loop; None in the first solve.

        Args:
            told: Whether runs are clocked and counted, and iterations told of; without, it takes two thirds.
        """
        if told not in self._made and self._solved:
            self._made[told] = _function(self._nodes, self._couplings, told=told)
        self._solved = True
        return self._made.get(told)


def _function(nodes: Sequence[Node], couplings: Sequence[int], *, told: bool) -> Straight:
    place = {slot: number for number, slot in enumerate(couplings)}
    wiring = tuple(
        tuple(tuple(place.get(slot, -1) for slot in slots) for slots in (node.in_slots, node.out_slots))
        for node in nodes
    )
    cells = [cell for node in nodes for cell in (node.index, node.run, *node.cells)]
    return FunctionType(_code(wiring, told=told), GLOBALS, "solve", (*said_of(nodes), *cells))


# lines that end with "# told" are left out where nobody is told
_TEXT = """
def solve(
    runner, first, most, tolerance, advance, read, iterated, measure, limits, watching, every, grown,
    unsolvable, stopped, failed, take, {cells}
):
    values, place, should_stop = runner.values, runner.progress.place, runner.should_stop
    seconds, runs = runner.tally.single, runner.tally.counts  # told
    {fixed}
    {olds} = old = was = made = first
    infinity = residual = 1e999
    watch = failure = cause = None
    known, together, spent = False, 0, 0.0
    {counted}  # told
    try:
        for iteration in range(1, most + 1):
            begin = clock()  # told
            try:
{sweep}
            except unsolvable as error:
                if iteration == 1 or not grown(first, old):
                    raise
                cause = error
                break
            whole = clock() - begin  # told
            if together:  # told
                spent += whole  # told
                together = together - 1 if whole < longest else 0  # told
            else:  # told
                longest = 4.0 * whole + {quick}  # told
                {shares} = {shared}  # told
                together = {together} if whole < {slow} else 0  # told
            new = {news}
            residual = 0.0
            if known:
{changes}
            if not known:
                known, residual = True, measure(old, new)
                {limits} = limits
                if iteration == 1:
                    first = new
            iterated(iteration, residual)  # told
            if residual <= tolerance:
                return None, None, iteration, residual, old, new
            was, made = old, new
            if iteration % every == 0:
                watch = watch or watching()
                failure = watch.look(new, residual)
                if failure is not None:
                    break
            if advance is None:
                old = new
            else:
                advance(values)
                old = read(values)
            {olds} = old
    finally:
        if spent:
            {share_out}  # told
            pass
    return failure, cause, iteration, residual, was, made
"""
_SWEEP = """
if should_stop is not None and should_stop():
    raise stopped(n{of})
place[0] = n{of}  # told
if not together:  # told
    start = clock()  # told
try:
    outputs = r{of}({{{inputs}}})
except BaseException as error:
    raise failed(n{of}, error) from error
if not together:  # told
    took{of} = clock() - start  # told
    seconds[n{of}] += took{of}  # told
runs[n{of}] = iteration + runs{of}  # told
if type(outputs) is dict and len(outputs) == {count}:
    try:
        {outputs} = {found}
    except KeyError:
        take(n{of}, outputs, values)
        {outputs} = {taken}
    else:
        if {finite}:
            {stores}
        else:
            take(n{of}, outputs, values)
            {outputs} = {taken}
else:
    take(n{of}, outputs, values)
    {outputs} = {taken}
"""
# of coupling c, as the general measure has it; what that would have to remember is left to it
_CHANGE = """
if new{c} >= old{c}:
    change, size = new{c} - old{c}, new{c} if new{c} > -old{c} else -old{c}
else:
    change, size = old{c} - new{c}, old{c} if old{c} > -new{c} else -new{c}
if not change < infinity or size < limit{c}:
    known = False
if change > residual * size:
    residual = change / size
"""


@cache
def _code(wiring: Wiring, *, told: bool) -> CodeType:
    nodes, couplings = range(len(wiring)), range(1 + max(c for _, makes in wiring for c in makes))
    made: set[int] = set()
    sweep = [_swept(n, *sides, made) for n, sides in enumerate(wiring)]
    fixed = [
        f"fixed{k}_{n} = values[s{k}_{n}]"
        for n, (reads, _) in enumerate(wiring)
        for k, coupling in enumerate(reads)
        if coupling < 0
    ]
    text = _TEXT.format(
        cells=", ".join(_cells(n, *map(len, sides)) for n, sides in enumerate(wiring)),
        fixed="; ".join(fixed),
        counted="; ".join(f"runs_{n} = runs[n_{n}]" for n in nodes),
        sweep=indent("".join(sweep), " " * 16),
        changes=indent("".join(_CHANGE.format(c=c) for c in couplings), " " * 16),
        quick=QUICK,
        slow=QUICK * len(wiring),
        together=TOGETHER,
        shares="".join(f"share_{n}, " for n in nodes),
        shared="".join(f"took_{n} / whole, " for n in nodes),
        share_out="; ".join(f"seconds[n_{n}] += share_{n} * spent" for n in nodes),
        **{f"{what}s": "".join(f"{what}{c}, " for c in couplings) for what in ("old", "new", "limit")},
    )
    lines = text.splitlines(keepends=True)
    return code_of("".join(line for line in lines if told or not line.endswith("# told\n")))


def _cells(n: int, reads: int, makes: int) -> str:
    """The parameters of one discipline: number, ``run``, then name and slot of each input and output."""
    inputs = [f"i{k}_{n}, s{k}_{n}" for k in range(reads)]
    outputs = [f"o{k}_{n}, t{k}_{n}" for k in range(makes)]
    return ", ".join([f"n_{n}, r_{n}", *inputs, *outputs])


def _swept(n: int, reads: tuple[int, ...], makes: tuple[int, ...], made: set[int]) -> str:
    """The text of one discipline; ``made`` are the couplings that those before it have made in this sweep."""
    inputs = [
        f"i{k}_{n}: " + (f"fixed{k}_{n}" if c < 0 else f"new{c}" if c in made else f"old{c}")
        for k, c in enumerate(reads)
    ]
    outputs = [f"y{k}_{n}" if c < 0 else f"new{c}" for k, c in enumerate(makes)]
    made.update(coupling for coupling in makes if coupling >= 0)
    return _SWEEP.format(
        of=f"_{n}",
        count=len(makes),
        inputs=", ".join(inputs),
        outputs=", ".join(outputs),
        found=", ".join(f"outputs[o{k}_{n}]" for k in range(len(makes))),
        taken=", ".join(f"values[t{k}_{n}]" for k in range(len(makes))),
        finite=" and ".join(f"type({y}) is float and {y} - {y} == 0.0" for y in outputs),
        stores="; ".join(f"values[t{k}_{n}] = {y}" for k, y in enumerate(outputs)),
    )
