"""The Newton step of a loop of declared floats: the pattern of its matrix is found once."""

import builtins
from collections.abc import Callable, Sequence
from functools import cache
from types import CodeType, FunctionType
from typing import Any

import numpy as np
import scipy.sparse as sp
from scipy.sparse.linalg import splu

from sostrades_api.engine.derivatives.linear_solver import LinearSystemError
from sostrades_api.engine.derivatives.linearize import Linearizer
from sostrades_api.engine.derivatives.scalar_carry import MOST

_TEXT = """
def collect(values, data, jacobian, general, {parameters}):
    try:
        found = jacobian({{{inputs}}})
        {entries} = {looked_up}
    except (Exception, SystemExit):
        return general(values, data)
    if {finite}:
        data += ({entries})
    else:
        general(values, data)
"""


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
        self._collectors = tuple(_collector(linearizer) for linearizer in linearizers if linearizer.pairs)
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
        self._values = np.ones(len(self._order))

    def step(self, values: list[Any], change: np.ndarray) -> np.ndarray:
        """The Newton step of the unknowns, from what a sweep changed of them.

        Raises:
            LinearSystemError: the matrix is singular.
        """
        collected: list[float] = []
        for collect in self._collectors:
            collect(values, collected)
        slopes = np.array(collected)
        self._values[self._size :] = -slopes
        entries = np.add.reduceat(self._values[self._order], self._starts)
        shape = (self._size, self._size)
        jumps = np.zeros(self._size)
        jumps[self._unknowns] = change
        weights = slopes[self._back] * jumps[self._back_columns]
        right = np.bincount(self._back_rows, weights, self._size)
        try:
            solved = splu(sp.csc_array((entries, self._rows, self._ends), shape=shape)).solve(right)
        except RuntimeError as error:  # how SuperLU says that a matrix is singular
            raise LinearSystemError(str(error)) from error
        return solved[self._unknowns] + change


def _collector(linearizer: Linearizer) -> Callable[[list[Any], list[float]], None]:
    """Appends a discipline's derivatives in the order of its pairs."""

    def general(values: list[Any], data: list[float]) -> None:
        blocks = linearizer.blocks(values)
        data.extend(blocks.get(pair, 0.0) for pair in linearizer.pairs)

    inputs, keys = linearizer.named_inputs, linearizer.keys
    if max(len(inputs), len(keys)) > MOST or linearizer.node.handover is not None:
        return general
    places = [item for pair in inputs for item in pair]
    given = (linearizer.node.discipline.jacobian, general, *places, *keys)
    return FunctionType(_code(len(inputs), len(keys)), {"__builtins__": builtins}, "collect", given)


@cache
def _code(inputs: int, entries: int) -> CodeType:
    parameters = [f"i{k}, s{k}" for k in range(inputs)] + [f"k{k}" for k in range(entries)]
    text = _TEXT.format(
        parameters=", ".join(parameters),
        inputs=", ".join(f"i{k}: values[s{k}]" for k in range(inputs)),
        entries="".join(f"e{k}, " for k in range(entries)),
        looked_up="".join(f"found[k{k}], " for k in range(entries)),
        finite=" and ".join(f"type(e{k}) is float and e{k} - e{k} == 0.0" for k in range(entries)),
    )
    module = compile(text, "<scalar derivatives>", "exec")
    return next(item for item in module.co_consts if isinstance(item, CodeType))
