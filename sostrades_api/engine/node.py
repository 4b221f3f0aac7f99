"""A discipline compiled into a plan: its run, and where its inputs and outputs lie among the slots."""

import difflib
from collections.abc import Callable, Mapping, Sequence
from time import perf_counter
from typing import Any, NoReturn
from weakref import WeakKeyDictionary

from sostrades_api.engine.discipline import Discipline
from sostrades_api.engine.errors import (
    DisciplineError,
    DisciplineOverdue,
    InvalidOutput,
    InvalidValue,
    MissingOutput,
    NotFinite,
    UndeclaredOutput,
)
from sostrades_api.engine.failures import failure_of
from sostrades_api.engine.handover import Handover
from sostrades_api.engine.output_faults import NotFiniteError, OutputFaultError
from sostrades_api.engine.outputs import checker_of, finite_float, has_limits
from sostrades_api.engine.protection import hand_out, own_arrays
from sostrades_api.engine.scalar_compute import MOST_INPUTS, MOST_OUTPUTS, scalar_compute
from sostrades_api.engine.value_types import VariableType
from sostrades_api.engine.variable import Variable

Declared = tuple[Mapping[str, Variable], Mapping[str, Variable]]
"""Inputs and outputs by short name."""
HANDED_OUT = frozenset({VariableType.DATAFRAME, VariableType.LIST, VariableType.DICT})
"""Kinds of inputs of which every run gets its own."""
Computing = Callable[[Sequence[Any], list[Any]], float]
"""Reads inputs in the first list, puts checked outputs into the second, returns the seconds ``run`` took."""

Check = Callable[[Any], Any]


class Node:
    """One discipline of a plan; ``index`` is its place in the order of execution.

    ``compute(values, target)`` reads the inputs among ``values``, runs the discipline, puts the outputs,
    checked and frozen, into ``target``, and returns the seconds spent in the discipline itself; it raises a
    ``DisciplineError`` that says what the discipline did wrong. ``declared`` are its inputs and outputs where
    they are not those of its class; ``run`` takes inputs in the units of the slots.
    """

    __slots__ = (
        "_is_last",
        "_shape",
        "compute",
        "compute_unlimited",
        "discipline",
        "handover",
        "in_slots",
        "index",
        "out_slots",
        "path",
        "run",
    )

    run: Callable[..., Any]
    """The discipline's own, given inputs as they lie in the slots."""
    compute: Computing
    compute_unlimited: Computing
    """The same, never held to declared limits: steps of derivatives may go beyond them."""

    def __init__(
        self,
        path: str,
        *,
        index: int,
        discipline: Discipline,
        in_slots: Sequence[int],
        out_slots: Sequence[int],
        declared: Declared | None = None,
        handover: Handover | None = None,
    ) -> None:
        self.path = path
        self.index = index
        self.discipline = discipline
        self.in_slots, self.out_slots = tuple(in_slots), tuple(out_slots)
        self.handover = handover
        self._shape = _shape_of(type(discipline)) if declared is None else Shape(*declared)
        self._is_last = False

    def __getattr__(self, name: str) -> Any:
        """What runs it is made when it is asked for first: a stretch of neighbours needs less of each."""
        if name == "run":
            handover, run = self.handover, self.discipline.run
            self.run = run if handover is None else handover.before(run)
        elif name == "compute_unlimited":
            limit = type(self.discipline).MAX_SECONDS
            compute = self._scalar() if self._shape.scalar else self._compute
            self.compute_unlimited = compute if limit is None else self._in_time(compute, limit)
        elif name == "compute":
            compute = self.compute_unlimited
            self.compute = self._within(compute) if self._is_last and self.limited else compute
        else:
            raise AttributeError(name)
        return getattr(self, name)

    @property
    def inputs(self) -> Mapping[str, Variable]:
        """By short name."""
        return self._shape.inputs

    @property
    def outputs(self) -> Mapping[str, Variable]:
        """By short name."""
        return self._shape.outputs

    @property
    def limited(self) -> tuple[tuple[str, int, Check], ...]:
        """Name, place and check of the outputs that are to be held to declared limits."""
        return self._shape.limited

    @property
    def deterministic(self) -> bool:
        """Whether it may be used again instead of run again."""
        return type(self.discipline).DETERMINISTIC

    @property
    def is_scalar(self) -> bool:
        """Whether nothing but ``scalar_compute`` runs it, so that neighbours may be run by one function."""
        shape = self._shape
        is_limited = self._is_last and shape.limited
        return shape.scalar and not is_limited and type(self.discipline).MAX_SECONDS is None

    def check_limits_at_once(self) -> None:
        """Check declared limits after every run; for disciplines outside loops, whose outputs are final."""
        self._is_last = True

    def _within(self, compute: Computing) -> Computing:
        def compute_within(values: Sequence[Any], target: list[Any]) -> float:
            spent = compute(values, target)
            self.check_limits(target)
            return spent

        return compute_within

    def _in_time(self, compute: Computing, limit: float) -> Computing:
        """Refuse what took too long; who can end a discipline that runs does not wait for that."""

        def compute_in_time(values: Sequence[Any], target: list[Any]) -> float:
            spent = compute(values, target)
            if spent > limit:
                raise DisciplineOverdue(discipline=self.path, limit=limit)
            return spent

        return compute_in_time

    def _scalar(self) -> Computing:
        return scalar_compute(
            self.run,
            self.cells,
            len(self.in_slots),
            take=self.take,
            failure=self.failure,
        )

    @property
    def cells(self) -> list[Any]:
        """Short name and slot of each input, then of each output."""
        found = self._shape.cells.copy()
        found[1::2] = self.in_slots + self.out_slots
        return found

    def _compute(self, values: Sequence[Any], target: list[Any]) -> float:
        inputs = {}
        for name, slot in zip(self._shape.reads, self.in_slots, strict=True):
            inputs[name] = values[slot]
        for name in self._shape.handed_out:
            inputs[name] = hand_out(inputs[name])
        start = perf_counter()
        try:
            outputs = self.run(inputs)
        except BaseException as error:
            raise self.failure(error) from error
        spent = perf_counter() - start
        self.take(outputs, target)
        return spent

    def take(self, outputs: Any, target: list[Any]) -> None:
        """Check what the discipline returned and put it into ``target``."""
        if type(outputs) is not dict or len(outputs) != len(self._shape.makes):
            try:
                outputs = self._as_dict(outputs)
            except DisciplineError:
                raise
            except Exception as error:  # a mapping of the discipline's own may raise whatever it does
                raise self.failure(error) from error
        if self._shape.arrays:
            outputs = own_arrays(outputs, self._shape.arrays)
        for (name, check), slot in zip(self._shape.makes, self.out_slots, strict=True):
            try:
                value = outputs[name]
            except KeyError:
                self._wrong_names(outputs)
            target[slot] = self._checked(name, check, value)

    def failure(self, error: BaseException) -> DisciplineError:
        """The error of what its ``run`` raised."""
        return failure_of(error, discipline=self.path, inputs=self._shape.reads)

    def check_limits(self, values: Sequence[Any]) -> None:
        """Check declared ranges and possible values of the outputs, once they are final."""
        for name, position, within in self.limited:
            try:
                within(values[self.out_slots[position]])
            except InvalidValue as error:
                detail = f"{error}{self._read_as(name)}"
                raise InvalidOutput(discipline=self.path, variable=name, detail=detail) from None

    def _checked(self, name: str, check: Any, value: Any) -> Any:
        try:
            return check(value)
        except NotFiniteError as error:
            detail = f"{error}{self._read_as(name)}"
            raise NotFinite(discipline=self.path, variable=name, detail=detail) from None
        except RecursionError:
            detail = "lists or dicts lie in each other too deeply, or in themselves"
            raise InvalidOutput(discipline=self.path, variable=name, detail=detail) from None
        except OutputFaultError as error:
            detail = f"{error}{self._read_as(name)}"
            raise InvalidOutput(discipline=self.path, variable=name, detail=detail) from None

    def _read_as(self, name: str) -> str:
        """Who else says what an output must be."""
        readers = self.outputs[name].read_as
        return f" (it is checked as {', '.join(readers)} will read it)" if readers else ""

    def _as_dict(self, outputs: Any) -> dict[str, Any]:
        if not isinstance(outputs, Mapping):
            detail = f"run must return a dict of outputs, not {type(outputs).__name__}"
            raise InvalidOutput(discipline=self.path, variable="", detail=detail)
        if len(outputs) != len(self._shape.makes):
            self._wrong_names(outputs)
        return dict(outputs)

    def _wrong_names(self, outputs: Mapping[str, Any]) -> NoReturn:
        declared = [name for name, _ in self._shape.makes]
        for name in outputs:
            if name not in declared:
                near = difflib.get_close_matches(str(name), declared, n=1)
                hint = f"; did you mean {near[0]!r}?" if near else ""
                raise UndeclaredOutput(discipline=self.path, variable=str(name), hint=hint)
        missing = next(name for name in declared if name not in outputs)
        raise MissingOutput(discipline=self.path, variable=missing)


class Shape:
    """What all nodes of one discipline class share, unless it declares more at its place."""

    __slots__ = ("arrays", "cells", "handed_out", "inputs", "limited", "makes", "outputs", "reads", "scalar")

    def __init__(self, inputs: Mapping[str, Variable], outputs: Mapping[str, Variable]) -> None:
        self.inputs, self.outputs = inputs, outputs
        self.reads = tuple(inputs)
        self.cells: list[Any] = [cell for name in (*inputs, *outputs) for cell in (name, None)]
        """Each short name, and a place for its slot."""
        self.handed_out = tuple(name for name, v in inputs.items() if v.value_type.kind in HANDED_OUT)
        self.makes = tuple((name, checker_of(variable)) for name, variable in outputs.items())
        self.arrays = tuple(n for n, v in outputs.items() if v.value_type.kind is VariableType.ARRAY)
        self.limited: tuple[tuple[str, int, Check], ...] = tuple(
            (name, position, variable.check)
            for position, (name, variable) in enumerate(outputs.items())
            if has_limits(variable)
        )
        floats = all(check is finite_float for _, check in self.makes)
        few = len(self.reads) <= MOST_INPUTS and 0 < len(self.makes) <= MOST_OUTPUTS
        self.scalar = floats and few and not self.handed_out


_SHAPES: WeakKeyDictionary[type[Discipline], Shape] = WeakKeyDictionary()


def _shape_of(cls: type[Discipline]) -> Shape:
    shape = _SHAPES.get(cls)
    if shape is None:
        shape = _SHAPES[cls] = Shape(cls.inputs, cls.outputs)
    return shape
