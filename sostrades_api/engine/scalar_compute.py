"""The shortest way to run a discipline whose outputs are all floats: one straight function per shape.

A shape is a number of inputs and outputs. Its function is compiled once a process from a text that holds
nobody's names, only counts; each discipline gets it with its own names and slots as default arguments.
Against a loop over inputs and outputs this halves the engine's share of a small discipline (measured).
"""

import builtins
from collections.abc import Callable, Sequence
from functools import cache
from time import perf_counter
from types import CodeType, FunctionType
from typing import Any

MOST_INPUTS, MOST_OUTPUTS = 24, 8
"""Larger shapes take the general way; there the discipline's own time counts more."""

_FILE = "<scalar discipline>"

_TEXT = """
def compute(values, target, take, failure, run, {cells}):
    start = clock()
    try:
        outputs = run({{{inputs}}})
    except BaseException as error:
        raise failure(error) from error
    spent = clock() - start
    if type(outputs) is dict and len(outputs) == {count}:
        try:
            {outputs} = {found}
        except KeyError:
            pass
        else:
            if {finite}:
                {stores}
                return spent
    take(outputs, target)
    return spent
"""


def scalar_compute(
    run: Callable[..., Any],
    cells: Sequence[Any],
    inputs: int,
    *,
    take: Callable[..., None],
    failure: Callable[..., Exception],
) -> Callable[[Sequence[Any], list[Any]], float]:
    """A function that runs, checks and stores; it returns the seconds spent in ``run``.

    Args:
        run: of the discipline.
        cells: short name and slot of each input, then of each output, all floats that must be finite.
        inputs: how many there are.
        take: checks and stores outputs that are not simply finite floats, or raises.
        failure: makes the error of what ``run`` raised.
    """
    code = _code(inputs, len(cells) // 2 - inputs)
    return FunctionType(code, GLOBALS, "compute", (take, failure, run, *cells))


GLOBALS = {"clock": perf_counter, "__builtins__": builtins}
"""What the texts name that is not given to their functions."""


@cache
def _code(inputs: int, outputs: int) -> CodeType:
    return code_of(_TEXT.format(**expressions(inputs, outputs)))


def expressions(inputs: int, outputs: int, *, of: str = "") -> dict[str, str]:
    """The parts of a text about a discipline of one shape.

    Names of inputs are i0, i1, ... and lie in slots s0, s1, ...; outputs are o0, o1, ... in t0, t1, ...;
    all with ``of`` at their end, which tells several disciplines apart.
    """
    made = [f"y{k}{of}" for k in range(outputs)]
    return {
        "cells": ", ".join(
            [f"i{k}{of}, s{k}{of}" for k in range(inputs)] + [f"o{k}{of}, t{k}{of}" for k in range(outputs)]
        ),
        "inputs": ", ".join(f"i{k}{of}: values[s{k}{of}]" for k in range(inputs)),
        "count": str(outputs),
        "outputs": ", ".join(made),
        "found": ", ".join(f"outputs[o{k}{of}]" for k in range(outputs)),
        "finite": " and ".join(f"type({y}) is float and {y} - {y} == 0.0" for y in made),
        "stores": "; ".join(f"target[t{k}{of}] = {y}" for k, y in enumerate(made)),
    }


def code_of(text: str) -> CodeType:
    """The code of the one function that a text defines."""
    module = compile(text, _FILE, "exec")
    return next(item for item in module.co_consts if isinstance(item, CodeType))
