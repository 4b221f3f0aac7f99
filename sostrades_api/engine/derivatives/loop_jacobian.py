"""The Jacobian of a loop: of a sweep with respect to what it starts from, and of all couplings."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import scipy.sparse as sp

from sostrades_api.engine.derivatives.blocks import Block
from sostrades_api.engine.derivatives.linearize import Blocks, Linearizer, Method
from sostrades_api.engine.derivatives.numbers import count
from sostrades_api.engine.derivatives.scalar_loop import ScalarLoop
from sostrades_api.engine.loop import Loop
from sostrades_api.engine.node import Node


class LoopJacobian:
    """Linearizes the disciplines of a loop with respect to each other.

    Attributes:
        unknowns: the feedback slots, which determine what a sweep makes.
        nodes: each discipline's linearizer, in order of sweep.
        declared: every discipline declares its derivatives.
        scalar: the quick way to a step, when every coupling is a float and every derivative is declared.
    """

    def __init__(self, loop: Loop, *, method: Method, step: float) -> None:
        coupled = set(loop.couplings)
        self.couplings = loop.couplings
        self.unknowns = tuple(slot for slot, _ in loop.feedback)
        self.nodes = tuple(
            Linearizer(node, _pairs(node, coupled), method=method, step=step, central=False)
            for node in loop.nodes
        )
        self.declared = all(node.method == "declared" for node in self.nodes)
        self.scalar = (
            ScalarLoop(self.couplings, self.unknowns, self.nodes)
            if loop.only_floats and all(node.is_plain for node in self.nodes)
            else None
        )
        self._made = tuple(tuple(slot for slot in node.out_slots if slot in coupled) for node in loop.nodes)

    def runs(self, values: Sequence[Any]) -> int:
        """How often disciplines without declared derivatives would run for one linearization."""
        coupled = set(self.couplings)
        return sum(
            count(values[slot])
            for linearizer in self.nodes
            if linearizer.method != "declared"
            for slot in set(linearizer.node.in_slots) & coupled
        )

    def linearize(
        self, values: list[Any], compute: Callable[[Node, list[Any]], None] | None = None
    ) -> list[Blocks]:
        """The blocks of each discipline, in order of sweep."""
        return [linearizer.blocks(values, compute) for linearizer in self.nodes]

    def of_sweep(self, blocks: Sequence[Blocks], values: Sequence[Any]) -> np.ndarray:
        """What a sweep makes of the unknowns, differentiated by them: k x k for k numbers.

        Propagates the unknowns' derivatives through the sweep: exact, also where a discipline reads
        what another has just made of an unknown.
        """
        sizes = {slot: count(values[slot]) for slot in self.couplings}
        width = sum(sizes[slot] for slot in self.unknowns)
        if width == 1 and all(size == 1 for size in sizes.values()):
            return np.array(((self._of_scalars(blocks),),))
        return self._propagated(blocks, sizes, np.eye(width))

    def along(self, blocks: Sequence[Blocks], values: Sequence[Any], direction: np.ndarray) -> np.ndarray:
        """The same times a vector, without the matrix."""
        sizes = {slot: count(values[slot]) for slot in self.couplings}
        return self._propagated(blocks, sizes, direction.reshape(-1, 1)).reshape(-1)

    def _propagated(self, blocks: Sequence[Blocks], sizes: Mapping[int, int], seed: np.ndarray) -> np.ndarray:
        tangents: dict[int, Any] = {}
        start = 0
        for slot in self.unknowns:
            tangents[slot] = seed[start : start + sizes[slot]]
            start += sizes[slot]
        for made, found in zip(self._made, blocks, strict=True):
            sums: dict[int, Any] = {}
            for (of, wrt), block in found.items():
                if wrt in tangents:
                    part = _times(block, tangents[wrt])
                    sums[of] = sums[of] + part if of in sums else part
            for slot in made:
                tangents[slot] = sums[slot] if slot in sums else np.zeros((sizes[slot], seed.shape[1]))
        return np.concatenate([tangents[slot] for slot in self.unknowns])

    def _of_scalars(self, blocks: Sequence[Blocks]) -> float:
        """The same for one unknown number and couplings of one number each."""
        unknown = next(iter(self.unknowns))
        tangents = dict.fromkeys(self.couplings, 0.0)
        tangents[unknown] = 1.0
        for made, found in zip(self._made, blocks, strict=True):
            if len(found) == 1 and len(made) == 1:  # a chain, most of all
                ((_, wrt), block), *_ = found.items()
                tangents[made[0]] = block * tangents[wrt]
                continue
            sums = dict.fromkeys(made, 0.0)
            for (of, wrt), block in found.items():
                sums[of] += block * tangents[wrt]
            tangents.update(sums)
        return tangents[unknown]

    def system(
        self, blocks: Sequence[Blocks], values: Sequence[Any], change: np.ndarray
    ) -> tuple[Any, np.ndarray, Callable[[np.ndarray], np.ndarray]]:
        """The full system of all couplings: ``(I - J) y = right``, and ``y -> step of the unknowns``.

        ``change`` is what a sweep made less what it started with, of the unknowns; ``right`` is what the
        disciplines that started from the unknowns would make of it.
        """
        starts, size = _layout(self.couplings, values)
        matrix = identity_minus(blocks, starts, size)
        jumps, at = np.zeros(size), 0
        for slot in self.unknowns:
            width = count(values[slot])
            jumps[starts[slot] : starts[slot] + width] = change[at : at + width]
            at += width
        right = np.zeros(size)
        done: set[int] = set()
        for made, found in zip(self._made, blocks, strict=True):
            for (of, wrt), block in found.items():
                if wrt not in done:
                    jump = jumps[starts[wrt] : starts[wrt] + count(values[wrt])]
                    right[starts[of] : starts[of] + count(values[of])] += _times(block, jump)
            done.update(made)

        def step(solved: np.ndarray) -> np.ndarray:
            pieces = [solved[starts[slot] : starts[slot] + count(values[slot])] for slot in self.unknowns]
            return np.concatenate(pieces) + change

        return matrix, right, step


def identity_minus(
    blocks: Iterable[Mapping[tuple[int, int], Block]], starts: Mapping[int, int], size: int
) -> Any:
    """``I - J`` over slots laid out at these starts, sparse (CSC); other slots are left out."""
    rows: list[Any] = [np.arange(size)]
    columns: list[Any] = [np.arange(size)]
    data: list[Any] = [np.ones(size)]
    single: tuple[list[int], list[int], list[float]] = ([], [], [])
    for found in blocks:
        for (of, wrt), block in found.items():
            if of not in starts or wrt not in starts:
                continue
            if isinstance(block, float):
                single[0].append(starts[of])
                single[1].append(starts[wrt])
                single[2].append(-block)
            else:
                part: Any = sp.coo_array(block)
                rows.append(part.coords[0] + starts[of])
                columns.append(part.coords[1] + starts[wrt])
                data.append(-part.data)
    where = (np.concatenate((*rows, single[0])), np.concatenate((*columns, single[1])))
    indices = tuple(part.astype(np.int32) for part in where)
    return sp.csc_array((np.concatenate((*data, single[2])), indices), shape=(size, size))


def _layout(slots: Sequence[int], values: Sequence[Any]) -> tuple[dict[int, int], int]:
    starts, size = {}, 0
    for slot in slots:
        starts[slot] = size
        size += count(values[slot])
    return starts, size


def _pairs(node: Node, coupled: set[int]) -> set[tuple[int, int]]:
    return {(of, wrt) for of in node.out_slots if of in coupled for wrt in node.in_slots if wrt in coupled}


def _times(block: Block, right: np.ndarray) -> np.ndarray:
    return block * right if isinstance(block, float) else block @ right
