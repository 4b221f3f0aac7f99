"""The Newton step of a loop of declared floats: the pattern of its matrix is found once."""

import builtins
from collections.abc import Callable, Sequence
from functools import cache
from itertools import groupby
from types import CodeType, FunctionType
from typing import Any

import numpy as np
import scipy.sparse as sp
from scipy.sparse.linalg import splu

from sostrades_api.engine.derivatives.linear_solver import LinearSystemError
from sostrades_api.engine.derivatives.linearize import Linearizer
from sostrades_api.engine.derivatives.scalar_carry import MOST

_TEXT = """
def collect(values, data, rows, general):
    for place, jacobian, {cells} in rows:
        try:
            found = jacobian({{{inputs}}})
            {entries} = {looked_up}
        except Exception:
            general(place, values, data)
            continue
        if {finite}:
            data += ({entries})
        else:
            general(place, values, data)
"""

Collect = Callable[[list[Any], list[float]], None]
"""Appends the derivatives of neighbours, each in the order of its pairs."""
Linear = Callable[[np.ndarray], np.ndarray]
"""What a sweep changed of the unknowns -> the step to where the linear model stands still."""


class ScalarLoop:
    """``(I - J) y = right`` for couplings of one float each, as ``LoopJacobian.system`` has it for any.

    Args:
        couplings: slots of all couplings.
        unknowns: those that are fed back.
        linearizers: of the disciplines in order of sweep, all of them plain.
    """

    def __init__(
        self, couplings: Sequence[int], unknowns: Sequence[int], linearizers: Sequence[Linearizer]
    ) -> None:
        place = {slot: i for i, slot in enumerate(couplings)}
        self._size = len(place)
        self._unknowns = np.array([place[slot] for slot in unknowns])
        paired = [linearizer for linearizer in linearizers if linearizer.pairs]
        self._collectors = tuple(_collector(tuple(group)) for _, group in groupby(paired, key=_shape))
        rows: list[int] = []
        columns: list[int] = []
        back: list[int] = []
        done: set[int] = set()
        for linearizer in linearizers:
            for made, read in linearizer.pairs:
                if read not in done:
                    back.append(len(rows))
                rows.append(place[made])
                columns.append(place[read])
            done.update(linearizer.node.out_slots)
        self._back = np.array(back, dtype=np.intp)
        self._back_rows, self._back_columns = np.array(rows)[self._back], np.array(columns)[self._back]
        self._lay_out(rows, columns)

    def _lay_out(self, rows: list[int], columns: list[int]) -> None:
        diagonal = np.arange(self._size)
        row, column = np.concatenate((diagonal, rows)), np.concatenate((diagonal, columns))
        self._order = np.lexsort((row, column))
        row, column = row[self._order], column[self._order]
        first = np.concatenate(([True], (row[1:] != row[:-1]) | (column[1:] != column[:-1])))
        self._starts = np.flatnonzero(first)
        self._rows = row[first].astype(np.int32)
        self._ends = np.searchsorted(column[first], np.arange(self._size + 1)).astype(np.int32)
        self._values = np.concatenate((np.ones(self._size), np.zeros(len(rows))))

    def linear(self, values: list[Any]) -> Linear:
        """The linear model at these values, to be asked for any number of steps.

        Raises:
            LinearSystemError: the matrix is singular.
        """
        collected: list[float] = []
        for collect in self._collectors:
            collect(values, collected)
        slopes = np.array(collected)
        entries = self._values.copy()
        entries[self._size :] -= slopes
        entries = np.add.reduceat(entries[self._order], self._starts)
        matrix = sp.csc_array((entries, self._rows, self._ends), shape=(self._size, self._size))
        try:
            solve = splu(matrix).solve
        except RuntimeError as error:  # how SuperLU says that a matrix is singular
            raise LinearSystemError(str(error)) from error
        back = slopes[self._back]

        def step(change: np.ndarray) -> np.ndarray:
            jumps = np.zeros(self._size)
            jumps[self._unknowns] = change
            right = np.bincount(self._back_rows, back * jumps[self._back_columns], self._size)
            return solve(right)[self._unknowns] + change

        return step


def _shape(linearizer: Linearizer) -> tuple[int, int] | None:
    """Numbers of inputs and of derivatives; None where each is collected in the general way."""
    inputs, keys = len(linearizer.named_inputs), len(linearizer.keys)
    return None if max(inputs, keys) > MOST or linearizer.node.handover is not None else (inputs, keys)


def _collector(linearizers: tuple[Linearizer, ...]) -> Collect:
    """For neighbours of one shape: one loop, as running them has it."""

    def general(place: int, values: list[Any], data: list[float]) -> None:
        blocks = linearizers[place].blocks(values)
        data.extend(blocks.get(pair, 0.0) for pair in linearizers[place].pairs)

    def each(values: list[Any], data: list[float]) -> None:
        for place in range(len(linearizers)):
            general(place, values, data)

    shape = _shape(linearizers[0])
    if shape is None:
        return each
    rows = tuple(
        (place, one.node.discipline.jacobian, *(x for pair in one.named_inputs for x in pair), *one.keys)
        for place, one in enumerate(linearizers)
    )
    return FunctionType(_code(*shape), {"__builtins__": builtins}, "collect", (rows, general))


@cache
def _code(inputs: int, entries: int) -> CodeType:
    cells = [f"i{k}, s{k}" for k in range(inputs)] + [f"k{k}" for k in range(entries)]
    text = _TEXT.format(
        cells=", ".join(cells),
        inputs=", ".join(f"i{k}: values[s{k}]" for k in range(inputs)),
        entries="".join(f"e{k}, " for k in range(entries)),
        looked_up="".join(f"found[k{k}], " for k in range(entries)),
        finite=" and ".join(f"type(e{k}) is float and e{k} - e{k} == 0.0" for k in range(entries)),
    )
    module = compile(text, "<scalar derivatives>", "exec")
    return next(item for item in module.co_consts if isinstance(item, CodeType))
