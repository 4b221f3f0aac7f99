"""The Jacobian of one discipline: as it declares it, by complex step, or by finite differences."""

from collections.abc import Callable, Collection, Mapping, Sequence
from enum import StrEnum
from functools import partial
from typing import Any, NoReturn

import numpy as np
import scipy.sparse as sp

from sostrades_api.engine.derivatives.blocks import Block, ShapeFaultError, block_of, placed
from sostrades_api.engine.derivatives.numbers import count, numbers_of, parts_of, with_numbers
from sostrades_api.engine.derivatives.scalar_carry import MOST, Carrying
from sostrades_api.engine.derivatives.stepping import (
    SINGLE_STEP,
    imaginary_parts_kept,
    is_lost,
    is_single,
    ordered_as,
)
from sostrades_api.engine.discipline import Discipline
from sostrades_api.engine.errors import DisciplineRaised, InvalidJacobian, NotDifferentiable
from sostrades_api.engine.node import Node
from sostrades_api.engine.protection import hand_out
from sostrades_api.engine.value_types import VariableType
from sostrades_api.engine.variable import Variable

Blocks = dict[tuple[int, int], Block]
"""(slot of the output, slot of the input) -> block; what is missing is zero."""

Stepped = dict[int, np.ndarray]
"""Slot of an output -> its floats."""

COMPLEX_STEP = 1e-100
CENTRAL_STEP = 6e-6  # cube root of the rounding unit
_VANISHING = 1e-100  # numbers this small are nought to a model: steps relative to them would be lost
_DIGITS_LEFT = 1e-10  # a change this small beside its output keeps six digits
_HANDED_OUT = (VariableType.DATAFRAME, VariableType.LIST, VariableType.DICT)


class Method(StrEnum):
    """How a discipline is differentiated."""

    AUTO = "auto"  # as it declares, else complex step where it is safe, else finite differences
    COMPLEX_STEP = "complex_step"  # declared Jacobians are not used; where not safe, finite differences
    FINITE_DIFFERENCES = "finite_differences"  # for every discipline


def declares_jacobian(discipline: type[Discipline] | Discipline) -> bool:
    """Whether a discipline has analytic derivatives."""
    cls = discipline if isinstance(discipline, type) else type(discipline)
    return cls.jacobian is not Discipline.jacobian


def method_of(discipline: Discipline, method: Method) -> str:
    """``"declared"``, ``"complex_step"`` or ``"finite_differences"``."""
    if method is Method.AUTO and declares_jacobian(discipline):
        return "declared"
    if method is not Method.FINITE_DIFFERENCES and discipline.COMPLEX_SAFE:
        return "complex_step"
    return "finite_differences"


class Linearizer:
    """Derivatives of some outputs of a node with respect to some of its inputs, by slot.

    Args:
        node: the discipline in its plan.
        wanted: (output slot, input slot) pairs.
        method: see ``Method``.
        step: of finite differences, relative to the number's own magnitude.
        central: two runs a number, of second order, instead of one.
    """

    def __init__(
        self,
        node: Node,
        wanted: Collection[tuple[int, int]],
        *,
        method: Method = Method.AUTO,
        step: float = CENTRAL_STEP,
        central: bool = True,
    ) -> None:
        self.node = node
        self.method = method_of(node.discipline, method)
        self._step, self._central = step, central
        self._inputs = tuple(zip(node.inputs, node.in_slots, strict=True))
        self._handed_out = tuple(
            name for name, variable in node.inputs.items() if variable.value_type.kind in _HANDED_OUT
        )
        self._outputs = tuple(zip(node.outputs, node.out_slots, strict=True))
        self._keys = {
            (output, given): (made, read)
            for output, made in self._outputs
            for given, read in self._inputs
            if (made, read) in wanted
        }
        self._plain = {
            key for key in self._keys if _is_float(node.outputs[key[0]]) and _is_float(node.inputs[key[1]])
        }
        self._all_plain = len(self._plain) == len(self._keys)
        self.is_plain = self._all_plain and self.method == "declared"
        self.pairs = tuple(self._keys.values())
        self.keys, self.named_inputs = tuple(self._keys), self._inputs
        self._known_names: frozenset[Any] = frozenset()
        self._read_slots = tuple(dict.fromkeys(read for _, read in self._keys.values()))

    def blocks(self, values: list[Any], compute: Callable[[Node, list[Any]], None] | None = None) -> Blocks:
        """The blocks at these values; ``compute`` runs the node, for finite differences.

        Raises:
            InvalidJacobian: a declared entry has a wrong name or shape.
            DisciplineError: the discipline failed.
        """
        if self.method == "declared":
            return self._declared(values)
        if self.method == "complex_step":
            return self._complex_step(values)
        return self._finite_differences(values, compute or _compute_on(values))

    def inputs(self, values: Sequence[Any]) -> dict[str, Any]:
        """What the discipline is given at these values."""
        inputs = {name: values[slot] for name, slot in self._inputs}
        for name in self._handed_out:
            inputs[name] = hand_out(inputs[name])
        return inputs

    def carrying(self, *, forward: bool) -> Carrying:
        """How to carry derivatives by one number through this discipline of declared floats."""

        def general(values: Any, carried: list[float]) -> None:
            for (made, read), entry in self.blocks(values).items():
                source, target = (read, made) if forward else (made, read)
                carried[target] += entry * carried[source]

        large = max(len(self._inputs), len(self._keys)) > MOST
        if large or self._handed_out or self.node.handover is not None:
            return Carrying(general=general)
        entries = [
            (key, read, made) if forward else (key, made, read) for key, (made, read) in self._keys.items()
        ]
        jacobian = self.node.discipline.jacobian
        return Carrying(general=general, jacobian=jacobian, inputs=self._inputs, entries=entries)

    # --- as declared --------------------------------------------------------------------------------------

    def _declared(self, values: list[Any]) -> Blocks:
        inputs = {}
        for name, slot in self._inputs:
            inputs[name] = values[slot]
        for name in self._handed_out:
            inputs[name] = hand_out(inputs[name])
        try:
            jacobian = self._jacobian(inputs)
        except InvalidJacobian:
            raise
        except (Exception, SystemExit) as error:
            raise DisciplineRaised(discipline=self.node.path, error=f"{error!r} in jacobian") from error
        if not isinstance(jacobian, Mapping):
            detail = f"jacobian must return a dict, not {type(jacobian).__name__}"
            self._refuse(*next(iter(self._keys), ("", "")), detail)
        blocks = self._plain_blocks(jacobian) if self._all_plain else None
        return self._normalised(jacobian, values) if blocks is None else blocks

    def _plain_blocks(self, jacobian: Mapping[Any, Any]) -> Blocks | None:
        """The blocks when all that is wanted are simply finite floats."""
        blocks, found = {}, 0
        for key, place in self._keys.items():
            entry = jacobian.get(key)
            if entry is None and key not in jacobian:
                entry = 0.0
            elif type(entry) is float and entry - entry == 0.0:
                found += 1
            else:
                return None
            blocks[place] = entry
        if found < len(jacobian):
            self._check_names(jacobian)
        return blocks

    def _jacobian(self, inputs: dict[str, Any]) -> Mapping[Any, Any]:
        """As the discipline declares it, with respect to inputs in the units of the slots."""
        handover = self.node.handover
        if handover is None:
            return self.node.discipline.jacobian(inputs)
        jacobian = self.node.discipline.jacobian(handover.converted(inputs))
        if not isinstance(jacobian, Mapping):
            return jacobian
        scaled = {}
        for (of, wrt), entry in jacobian.items():
            factor = handover.factor(wrt, inputs)
            if factor is None:
                detail = "its columns come in other units; declare one entry a column: (name, column)"
                self._refuse(of, wrt, detail)
            scaled[of, wrt] = entry if factor == 1.0 else entry * factor
        return scaled

    def _check_names(self, jacobian: Mapping[Any, Any]) -> None:
        if jacobian.keys() == self._known_names:
            return
        outputs, inputs = dict(self._outputs), dict(self._inputs)
        for key in jacobian:
            if not isinstance(key, tuple) or len(key) != 2:
                self._refuse(key, "", "a key is (output, input)")
            output, given = (part[0] if isinstance(part, tuple) else part for part in key)
            if output not in outputs:
                self._refuse(output, given, "it declares no such output")
            if given not in inputs:
                self._refuse(output, given, "it declares no such input")
            pairs = ((key[0], self.node.outputs[output]), (key[1], self.node.inputs[given]))
            if any(isinstance(part, tuple) and _is_float(variable) for part, variable in pairs):
                self._refuse(*key, "a float has no parts")
        self._known_names = frozenset(jacobian)

    def _normalised(self, jacobian: Mapping[Any, Any], values: list[Any]) -> Blocks:
        self._check_names(jacobian)
        blocks: Blocks = {}
        for (of, wrt), entry in jacobian.items():
            output, given = (part[0] if isinstance(part, tuple) else part for part in (of, wrt))
            place = self._keys.get((output, given))
            if place is None:
                continue
            made, read = values[place[0]], values[place[1]]
            try:
                rows, columns = _part(of, made), _part(wrt, read)
                block = block_of(entry, rows.stop - rows.start, columns.stop - columns.start)
            except ShapeFaultError as error:
                self._refuse(of, wrt, str(error))
            if isinstance(of, tuple) or isinstance(wrt, tuple):
                block = placed(block, (count(made), count(read)), rows, columns)
                if place in blocks:
                    block = blocks[place] + block
            blocks[place] = block
        return blocks

    def _refuse(self, output: Any, given: Any, detail: str) -> NoReturn:
        raise InvalidJacobian(discipline=self.node.path, output=output, input=given, detail=detail)

    # --- by stepping --------------------------------------------------------------------------------------

    def _complex_step(self, values: list[Any]) -> Blocks:
        inputs, columns = self.inputs(values), {}
        for name, slot in self._inputs:
            if slot not in self._read_slots:
                continue
            numbers = numbers_of(values[slot]).astype(np.complex128)
            found = []
            for i in range(numbers.size):
                numbers[i] += COMPLEX_STEP * 1j
                stepped = {**inputs, name: with_numbers(values[slot], numbers)}
                numbers[i] = numbers[i].real
                found.append(self._complex_column(stepped, values))
            columns[slot] = found
        return self._blocks_of_columns(columns, values)

    def _complex_column(self, stepped: dict[str, Any], values: Sequence[Any]) -> Stepped:
        try:
            with imaginary_parts_kept():
                outputs = self.node.run(stepped)
            return {
                made: np.imag(numbers_of(ordered_as(values[made], outputs[name]))) / COMPLEX_STEP
                for name, made in self._outputs
            }
        except (Exception, SystemExit) as error:
            detail = f"{error!r} in complex step; is it COMPLEX_SAFE?"
            raise DisciplineRaised(discipline=self.node.path, error=detail) from error

    def _finite_differences(self, values: list[Any], compute: Callable[[Node, list[Any]], None]) -> Blocks:
        columns: dict[int, list[dict[int, np.ndarray]]] = {}
        scratch = list(values)
        base = None if self._central else self._run_at(scratch, compute)
        for slot in self._read_slots:
            value = values[slot]
            numbers = numbers_of(value)
            largest = 1e-3 * float(np.abs(numbers).max(initial=0.0))

            def at(i: int, number: float, slot: int = slot, numbers: np.ndarray = numbers) -> Stepped:
                kept, numbers[i] = numbers[i], number
                values[slot] = with_numbers(values[slot], numbers)
                numbers[i] = kept
                return self._run_at(scratch, compute)

            try:
                columns[slot] = [
                    self._column(partial(at, i), number, _magnitude(number, largest), base)
                    for i, number in enumerate(numbers.tolist())
                ]
            finally:
                values[slot] = value
        return self._blocks_of_columns(columns, values)

    def _column(
        self, at: Callable[[float], Stepped], number: float, magnitude: float, base: Stepped | None
    ) -> Stepped:
        """Derivatives by one number; a step in which an output's digits are lost is made longer for it."""
        column: Stepped = {}
        settled: set[int] = set()
        step = self._step * magnitude
        while True:
            forward, behind = at(number + step), at(number - step) if base is None else base
            length = 2 * step if base is None else step
            for made, high in forward.items():
                if made not in settled and high.shape == behind[made].shape:
                    change = high - behind[made]
                    column[made] = change / length
                    size = np.abs(high).max(initial=0.0)
                    if np.abs(change).max(initial=0.0) > _DIGITS_LEFT * size:
                        settled.add(made)
            if step >= self._step or len(settled) == len(forward):
                break
            step = min(100.0 * step, self._step)
        single = [made for made, high in forward.items() if is_single(high, behind[made])]
        if single:
            self._take_longer_steps(column, single, at, number, magnitude, base)
        return column

    def _take_longer_steps(
        self,
        column: Stepped,
        single: Sequence[int],
        at: Callable[[float], Stepped],
        number: float,
        magnitude: float,
        base: Stepped | None,
    ) -> None:
        """Find the derivatives of what is computed in single precision, in which short steps are lost."""
        first = SINGLE_STEP if base is None else SINGLE_STEP**1.5
        for step in (first * magnitude, 10.0 * first * magnitude):
            if not single or step <= self._step * magnitude:
                continue
            forward, behind = at(number + step), at(number - step) if base is None else base
            length = 2 * step if base is None else step
            single = [made for made in single if forward[made].shape == behind[made].shape]
            for made in single:
                column[made] = (forward[made] - behind[made]) / length
            single = [made for made in single if is_lost(forward[made], behind[made])]

    def _run_at(self, scratch: list[Any], compute: Callable[[Node, list[Any]], None]) -> Stepped:
        compute(self.node, scratch)
        return {slot: numbers_of(scratch[slot]) for slot in self.node.out_slots}

    def _blocks_of_columns(
        self, columns: Mapping[int, Sequence[Mapping[int, np.ndarray]]], values: Sequence[Any]
    ) -> Blocks:
        blocks: Blocks = {}
        for (output, given), (made, read) in self._keys.items():
            pieces = [column.get(made) for column in columns[read]]
            size = count(values[made])
            whole = [piece for piece in pieces if piece is not None and piece.size == size]
            if len(whole) < len(pieces):
                path = self.node.path
                detail = "in a small step it is of another length"
                raise NotDifferentiable(of=f"{path}.{output}", wrt=f"{path}.{given}", detail=detail)
            if not whole or not size:
                continue
            block = np.stack(whole, axis=1)
            if block.size == 1:
                blocks[made, read] = float(block[0, 0])
            else:
                sparse = block.size > 64 and np.count_nonzero(block) * 4 < block.size
                blocks[made, read] = sp.csr_array(block) if sparse else block
        return blocks


def _is_float(variable: Variable) -> bool:
    return variable.type is VariableType.FLOAT and not variable.optional


def _part(of: Any, value: Any) -> slice:
    if not isinstance(of, tuple):
        return slice(0, count(value))
    parts = parts_of(value)
    if of[1] not in parts:
        msg = f"{of[0]!r} has no floats at {of[1]!r}; it has {', '.join(map(repr, parts)) or 'no parts'}"
        raise ShapeFaultError(msg)
    return parts[of[1]]


def _compute_on(values: list[Any]) -> Callable[[Node, list[Any]], None]:
    def compute(node: Node, target: list[Any]) -> None:
        node.compute_unlimited(values, target)

    return compute


def _magnitude(number: float, largest: float) -> float:
    """What a step is relative to; of a number whose step would vanish, one."""
    magnitude = max(abs(number), largest)
    return magnitude if magnitude > _VANISHING else 1.0
