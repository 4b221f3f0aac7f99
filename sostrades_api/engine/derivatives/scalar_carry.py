"""The shortest way to carry derivatives through disciplines of declared floats: one loop for each shape.

As for running such disciplines: compiled once a process from a text that holds counts, never names; the rows
of a stretch hold names and slots of neighbours as alike.
"""

import builtins
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from operator import attrgetter
from types import CodeType, FunctionType
from typing import Any

MOST = 24
"""Inputs, or entries; larger shapes take the general way."""

_TEXT = """
def carry(values, carried, rows):
    for jacobian, general, {cells} in rows:
        try:
            found = jacobian({{{inputs}}})
            {entries} = {looked_up}
        except Exception:
            general(values, carried)
            continue
        if len(found) == {count} and {finite}:
            {sums}
        else:
            general(values, carried)
"""

Carry = Callable[[Sequence[Any], list[float]], None]
"""Adds what disciplines contribute to the derivatives carried, by slot."""


@dataclass(frozen=True, kw_only=True)
class Carrying:
    """How to carry derivatives through one discipline.

    Attributes:
        general: any way; does the same when entries are missing, more than these, or not finite floats.
        jacobian: of the discipline; None when only the general way will do.
        inputs: short name and slot of each.
        entries: ``((output, input), source, target)``: to the target is added the entry times the source.
    """

    general: Carry
    jacobian: Callable[[Mapping[str, Any]], Mapping[Any, Any]] | None = None
    inputs: Sequence[tuple[str, int]] = ()
    entries: Sequence[tuple[tuple[str, str], int, int]] = ()

    @property
    def shape(self) -> tuple[int, int] | None:
        """Numbers of inputs and entries, where there is a quick way."""
        return None if self.jacobian is None else (len(self.inputs), len(self.entries))

    @property
    def row(self) -> tuple[Any, ...]:
        """What the quick way needs."""
        return self.jacobian, self.general, *(item for part in (*self.inputs, *self.entries) for item in part)


def carriers(disciplines: Iterable[Carrying]) -> tuple[Carry, ...]:
    """Functions that carry derivatives through all, in order."""
    found: list[Carry] = []
    for shape, group in groupby(disciplines, key=attrgetter("shape")):
        if shape is None:
            found.extend(each.general for each in group)
        else:
            rows = tuple(each.row for each in group)
            found.append(FunctionType(_code(*shape), {"__builtins__": builtins}, "carry", (rows,)))
    return tuple(found)


@cache
def _code(inputs: int, entries: int) -> CodeType:
    cells = [f"i{k}, s{k}" for k in range(inputs)] + [f"k{k}, f{k}, t{k}" for k in range(entries)]
    text = _TEXT.format(
        cells=", ".join(cells),
        inputs=", ".join(f"i{k}: values[s{k}]" for k in range(inputs)),
        entries="".join(f"e{k}, " for k in range(entries)),
        looked_up="".join(f"found[k{k}], " for k in range(entries)),
        count=entries,
        finite=" and ".join(f"type(e{k}) is float and e{k} - e{k} == 0.0" for k in range(entries)),
        sums="; ".join(f"carried[t{k}] += e{k} * carried[f{k}]" for k in range(entries)),
    )
    module = compile(text, "<scalar derivative>", "exec")
    return next(item for item in module.co_consts if isinstance(item, CodeType))
