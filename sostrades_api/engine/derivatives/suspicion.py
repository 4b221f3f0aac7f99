"""Which declared derivative may be the reason why Newton's method does not converge."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from sostrades_api.engine.derivatives.blocks import dense
from sostrades_api.engine.derivatives.linearize import Blocks, Linearizer, Method, declares_jacobian
from sostrades_api.engine.derivatives.numbers import count
from sostrades_api.engine.errors import DisciplineError, NotDifferentiable
from sostrades_api.engine.loop import Loop
from sostrades_api.engine.node import Node

_CLEARLY = 0.01
"""Relative to the largest derivative of the same output; kinks and rounding are not to be blamed."""


def suspicion(
    loop: Loop,
    values: list[Any],
    *,
    names: Sequence[str],
    runs: int,
    compute: Callable[[Node, list[Any]], None],
) -> str:
    """A sentence that names the first declared derivative that steps show to be wrong; empty if none is.

    Args:
        loop: that did not converge.
        values: the slots as it left them, and as they are after this.
        names: of the slots.
        runs: how often a discipline may be run for this; those that would need more are passed over.
        compute: runs a discipline on these slots.
    """
    coupled = frozenset(loop.couplings)
    for node in loop.nodes:
        reads = coupled.intersection(node.in_slots)
        pairs = {(of, wrt) for of in coupled.intersection(node.out_slots) for wrt in reads}
        needed = 2 * sum(count(values[slot]) for slot in reads)
        if not pairs or needed > runs or not declares_jacobian(node.discipline):
            continue
        try:
            declared = Linearizer(node, pairs).blocks(values)
            stepped = Linearizer(node, pairs, method=Method.COMPLEX_STEP).blocks(values, compute)
        except (DisciplineError, NotDifferentiable):
            continue
        for of in sorted({of for of, _ in pairs}):
            found = _wrong(declared, stepped, of, sorted(reads), values)
            if found is not None:
                wrt, said, shown = found
                return (
                    f" Discipline {node.path!r} declares d {names[of]} / d {names[wrt]} as {said:.6g}, "
                    f"where a step shows {shown:.6g}: see check_jacobian."
                )
    return ""


def _wrong(
    declared: Blocks, stepped: Blocks, of: int, reads: Sequence[int], values: Sequence[Any]
) -> tuple[int, float, float] | None:
    """The input, and what is declared and shown, of the first entry that is clearly wrong."""
    pairs = {wrt: (_full(declared, of, wrt, values), _full(stepped, of, wrt, values)) for wrt in reads}
    largest = max(float(np.abs(shown).max(initial=0.0)) for _, shown in pairs.values())
    for wrt, (said, shown) in pairs.items():
        limit = _CLEARLY * max(largest, float(np.abs(said).max(initial=0.0)))
        wrong = np.argwhere(~(np.abs(said - shown) <= limit))
        if len(wrong):
            at = tuple(wrong[0])
            return wrt, float(said[at]), float(shown[at])
    return None


def _full(blocks: Blocks, of: int, wrt: int, values: Sequence[Any]) -> np.ndarray:
    if (of, wrt) in blocks:
        return dense(blocks[of, wrt])
    return np.zeros((count(values[of]), count(values[wrt])))
