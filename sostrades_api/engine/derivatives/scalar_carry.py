"""The shortest way to carry derivatives through a discipline of declared floats: one function per shape.

As for running such disciplines: compiled once a process from a text that holds counts, never names; each
discipline gets it with its own names and slots as default arguments.
"""

import builtins
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from types import CodeType, FunctionType
from typing import Any

MOST = 24
"""Inputs, or entries; larger shapes take the general way."""

_TEXT = """
def carry(values, carried, jacobian, general, {parameters}):
    try:
        found = jacobian({{{inputs}}})
        {entries} = {looked_up}
    except (Exception, SystemExit):
        return general(values, carried)
    if len(found) == {count} and {finite}:
        {sums}
    else:
        general(values, carried)
"""

Carry = Callable[[Sequence[Any], list[float]], None]
"""Adds what a discipline contributes to the derivatives carried, by slot."""


def scalar_carry(
    jacobian: Callable[[Mapping[str, Any]], Mapping[Any, Any]],
    inputs: Sequence[tuple[str, int]],
    entries: Sequence[tuple[tuple[str, str], int, int]],
    *,
    general: Carry,
) -> Carry:
    """A function that asks for the Jacobian and carries derivatives from slots to slots.

    Args:
        jacobian: of the discipline.
        inputs: short name and slot of each.
        entries: ``((output, input), source, target)``: to the target is added the entry times the source.
        general: does the same when entries are missing, more than these, or not simply finite floats.
    """
    code = _code(len(inputs), len(entries))
    places = [item for part in (*inputs, *entries) for item in part]
    return FunctionType(code, {"__builtins__": builtins}, "carry", (jacobian, general, *places))


@cache
def _code(inputs: int, entries: int) -> CodeType:
    parameters = [f"i{k}, s{k}" for k in range(inputs)] + [f"k{k}, f{k}, t{k}" for k in range(entries)]
    text = _TEXT.format(
        parameters=", ".join(parameters),
        inputs=", ".join(f"i{k}: values[s{k}]" for k in range(inputs)),
        entries="".join(f"e{k}, " for k in range(entries)),
        looked_up="".join(f"found[k{k}], " for k in range(entries)),
        count=entries,
        finite=" and ".join(f"type(e{k}) is float and e{k} - e{k} == 0.0" for k in range(entries)),
        sums="; ".join(f"carried[t{k}] += e{k} * carried[f{k}]" for k in range(entries)),
    )
    module = compile(text, "<scalar derivative>", "exec")
    return next(item for item in module.co_consts if isinstance(item, CodeType))
