"""Total derivatives of a plan's outputs with respect to its inputs, through chains and loops, both ways."""

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any

import numpy as np

from sostrades_api.engine.derivatives.blocks import Block
from sostrades_api.engine.derivatives.linear_solver import LinearSolver, LinearSystemError, factorised
from sostrades_api.engine.derivatives.linearize import Blocks
from sostrades_api.engine.derivatives.loop_jacobian import identity_minus
from sostrades_api.engine.derivatives.numbers import count
from sostrades_api.engine.derivatives.route import Route, Stage
from sostrades_api.engine.errors import NotDifferentiable
from sostrades_api.engine.result import ExecutionResult


class Mode(StrEnum):
    """Which way derivatives are carried."""

    AUTO = "auto"  # adjoint when there are fewer numbers in the outputs than in the inputs
    DIRECT = "direct"  # from the inputs forward: one solve a number of the inputs
    ADJOINT = "adjoint"  # from the outputs back: one solve a number of the outputs


class TotalDerivatives(Mapping[tuple[str, str], Any]):
    """``{(output, input): derivative}`` by full name: a float, or a 2-D array of numbers by numbers.

    Attributes:
        result: the execution they belong to.
        mode: ``direct`` or ``adjoint``, the way they were carried.
    """

    def __init__(self, found: Mapping[tuple[str, str], Any], *, result: ExecutionResult, mode: Mode) -> None:
        self._found = found
        self.result = result
        self.mode = mode

    def __getitem__(self, pair: tuple[str, str]) -> Any:
        return self._found[pair]

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({dict(self._found)!r})"


def total_derivatives(
    route: Route, values: list[Any], *, of: Mapping[str, int], wrt: Mapping[str, int], mode: Mode
) -> tuple[dict[tuple[str, str], Any], Mode]:
    """The derivatives of the slots ``of`` with respect to the slots ``wrt``, and the mode that was taken.

    Raises:
        NotDifferentiable: one of them holds no floats, or a loop has no derivative here.
        DisciplineError: a discipline's Jacobian failed.
    """
    rows, columns = _widths(of, values, of=of, wrt=wrt), _widths(wrt, values, of=of, wrt=wrt)
    height, width = sum(rows.values()), sum(columns.values())
    if mode is Mode.AUTO:
        mode = Mode.ADJOINT if height < width else Mode.DIRECT
    if route.plain and min(height, width) == 1 and (height if mode is Mode.ADJOINT else width) == 1:
        return _of_floats(route, values, of=of, wrt=wrt, mode=mode), mode
    try:
        carry = _adjoint if mode is Mode.ADJOINT else _direct
        found = carry(route, values, of, wrt)
    except LinearSystemError as error:
        first = {"of": next(iter(of)), "wrt": next(iter(wrt))}
        raise NotDifferentiable(**first, detail=f"the loop between them is singular here ({error})") from None
    return found, mode


def _widths(
    names: Mapping[str, int], values: Sequence[Any], *, of: Mapping[str, int], wrt: Mapping[str, int]
) -> dict[str, int]:
    widths = {name: count(values[slot]) for name, slot in names.items()}
    for name, size in widths.items():
        if not size:
            pair = {"of": next(iter(of)), "wrt": next(iter(wrt)), "of" if names is of else "wrt": name}
            raise NotDifferentiable(**pair, detail=f"{name!r} holds no floats")
    return widths


# --- one number on one side, all declared floats: no arrays -----------------------------------------------


def _of_floats(
    route: Route, values: list[Any], *, of: Mapping[str, int], wrt: Mapping[str, int], mode: Mode
) -> dict[tuple[str, str], float]:
    forward = mode is Mode.DIRECT
    ((_, seed),) = (wrt if forward else of).items()
    carried = [0.0] * len(values)
    carried[seed] = 1.0
    for carry in route.forward if forward else route.backward:
        carry(values, carried)
    if forward:
        return {(name, given): carried[slot] for name, slot in of.items() for given in wrt}
    return {(name, given): carried[slot] for name in of for given, slot in wrt.items()}


# --- forward ----------------------------------------------------------------------------------------------


def _direct(
    route: Route, values: list[Any], of: Mapping[str, int], wrt: Mapping[str, int]
) -> dict[tuple[str, str], Any]:
    starts, width = _starts(wrt, values)
    tangents: dict[int, np.ndarray] = {}
    for name, slot in wrt.items():
        tangents[slot] = np.eye(count(values[slot]), width, starts[name])
    for stage in route.stages:
        blocks = [linearizer.blocks(values) for linearizer in stage.linearizers]
        made = _pushed(blocks, tangents)
        if stage.is_loop:
            made = _through_loop(stage, blocks, made, values)
        tangents.update(made)
    found = {}
    for name, slot in of.items():
        rows = tangents.get(slot)
        size = count(values[slot])
        rows = np.zeros((size, width)) if rows is None else rows
        for given, at in starts.items():
            found[name, given] = _told(rows[:, at : at + count(values[wrt[given]])])
    return found


def _pushed(blocks: Sequence[Blocks], tangents: Mapping[int, np.ndarray]) -> dict[int, np.ndarray]:
    made: dict[int, np.ndarray] = {}
    for found in blocks:
        for (of, wrt), block in found.items():
            if wrt in tangents:
                part = block * tangents[wrt] if isinstance(block, float) else block @ tangents[wrt]
                made[of] = made[of] + part if of in made else part
    return made


def _through_loop(
    stage: Stage, blocks: Sequence[Blocks], made: Mapping[int, np.ndarray], values: Sequence[Any]
) -> dict[int, np.ndarray]:
    if not made:
        return {}
    starts, size = _slots_starts(stage.made, values)
    right = np.zeros((size, next(iter(made.values())).shape[1]))
    for slot, part in made.items():
        right[starts[slot] : starts[slot] + len(part)] = part
    solve = factorised(identity_minus(blocks, starts, size), LinearSolver.AUTO)
    solved = solve(right)
    return {slot: solved[at : at + count(values[slot])] for slot, at in starts.items()}


# --- backward ---------------------------------------------------------------------------------------------


def _adjoint(
    route: Route, values: list[Any], of: Mapping[str, int], wrt: Mapping[str, int]
) -> dict[tuple[str, str], Any]:
    starts, height = _starts(of, values)
    weights: dict[int, np.ndarray] = {}
    for name, slot in of.items():
        weights[slot] = np.eye(count(values[slot]), height, starts[name]).T
    for stage in reversed(route.stages):
        blocks = [linearizer.blocks(values) for linearizer in stage.linearizers]
        if stage.is_loop:
            _back_through_loop(stage, blocks, weights, values)
        for found in blocks:
            for (made, read), block in found.items():
                if made in weights and not (stage.is_loop and read in stage.made):
                    part = _pulled(weights[made], block)
                    weights[read] = weights[read] + part if read in weights else part
    found = {}
    for given, slot in wrt.items():
        columns = weights.get(slot)
        columns = np.zeros((height, count(values[slot]))) if columns is None else columns
        for name, at in starts.items():
            found[name, given] = _told(columns[at : at + count(values[of[name]])])
    return found


def _pulled(weight: np.ndarray, block: Block) -> np.ndarray:
    return weight * block if isinstance(block, float) else weight @ block


def _back_through_loop(
    stage: Stage, blocks: Sequence[Blocks], weights: dict[int, np.ndarray], values: Sequence[Any]
) -> None:
    """Replace what is asked of the loop's outputs by what each discipline must answer for."""
    starts, size = _slots_starts(stage.made, values)
    asked = [slot for slot in stage.made if slot in weights]
    if not asked:
        return
    right = np.zeros((size, len(weights[asked[0]])))
    for slot in asked:
        right[starts[slot] : starts[slot] + count(values[slot])] = weights[slot].T
    solved = factorised(identity_minus(blocks, starts, size), LinearSolver.AUTO)(right, transposed=True)
    for slot, at in starts.items():
        weights[slot] = solved[at : at + count(values[slot])].T


# --- both -------------------------------------------------------------------------------------------------


def _starts(names: Mapping[str, int], values: Sequence[Any]) -> tuple[dict[str, int], int]:
    starts, size = {}, 0
    for name, slot in names.items():
        starts[name] = size
        size += count(values[slot])
    return starts, size


def _slots_starts(slots: Sequence[int], values: Sequence[Any]) -> tuple[dict[int, int], int]:
    starts, size = {}, 0
    for slot in slots:
        starts[slot] = size
        size += count(values[slot])
    return starts, size


def _told(block: np.ndarray) -> Any:
    return float(block[0, 0]) if block.shape == (1, 1) else block
