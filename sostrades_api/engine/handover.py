"""Handing inputs over in the units that a discipline declared; the factors are found once, at build."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from sostrades_api.engine import units
from sostrades_api.engine.protection import FrozenDict, FrozenList, freeze_array
from sostrades_api.engine.value_types import ValueType, VariableType
from sostrades_api.engine.variable import Variable

Run = Callable[[Mapping[str, Any]], Any]


@dataclass(frozen=True)
class Conversion:
    """From the unit a value lies in to the one that is read: one factor, or one a column of its tables.

    ``order`` are the columns as they are read, where they are made in another order. A factor of 1 makes
    floats of whole numbers.
    """

    value_type: ValueType
    factor: float = 1.0
    columns: tuple[tuple[str, float], ...] = ()
    order: tuple[str, ...] = ()

    def __call__(self, value: Any) -> Any:
        """The value in the unit that is read; None, and missing numbers, stay what they are."""
        return _converted(value, self.value_type, self)


def conversion(made: Variable, read: Variable) -> Conversion | None:
    """How a value declared as ``made`` becomes one declared as ``read``; None when nothing changes.

    Raises:
        UnitError: the units do not fit.
    """
    inner = made.value_type.innermost.kind, read.value_type.innermost.kind
    if inner[1] is not VariableType.DATAFRAME:
        factor = factor_between(made.unit, read.unit)
        changes = factor != 1.0 or inner == (VariableType.INT, VariableType.FLOAT)
        return Conversion(read.value_type, factor) if changes else None
    if made.columns is None or read.columns is None:
        return None
    columns, order = [], [name for name in made.columns if name in read.columns]
    for name in order:
        one, other = made.columns[name], read.columns[name]
        by = factor_between(one.unit, other.unit)
        if by != 1.0 or (one.type, other.type) == ("int", "float"):
            columns.append((name, by))
    if order == [name for name in read.columns if name in made.columns]:
        order = []
    if not columns and not order:
        return None
    return Conversion(read.value_type, columns=tuple(columns), order=tuple(read.columns) if order else ())


def factor_between(source: str | None, target: str | None) -> float:
    """What numbers in ``source`` are multiplied by; 1 when either is not declared, or both mean the same.

    Raises:
        UnitError: they measure different things, or one is unknown.
    """
    if source is None or target is None or units.same(source, target):
        return 1.0
    return units.convert(1.0, source, target)


def _converted(value: Any, value_type: ValueType, by: Conversion) -> Any:
    if value is None:
        return None
    if isinstance(value, pd.DataFrame):
        frame = value.copy(deep=False)
        if by.order:
            rest = [name for name in frame.columns if name not in by.order]
            frame = frame.reindex(columns=[*by.order, *rest])
        for name, factor in by.columns:
            frame[name] = _finite(frame[name].to_numpy() * factor, frame[name].to_numpy())
        return frame
    if isinstance(value, np.ndarray):
        return freeze_array(_finite(value * by.factor, value))
    element = value_type.element or value_type
    if isinstance(value, Mapping):
        return FrozenDict({key: _converted(item, element, by) for key, item in value.items()})
    if isinstance(value, list):
        return FrozenList([_converted(item, element, by) for item in value])
    return _finite(value * by.factor, value)


def _finite(converted: Any, value: Any) -> Any:
    if np.any(np.isinf(converted) & ~np.isinf(value)):
        msg = "a number is too large for the unit that is read"
        raise OverflowError(msg)
    return converted


@dataclass(frozen=True)
class Handover:
    """The conversions of one discipline's inputs, by short name."""

    conversions: Mapping[str, Conversion]

    def converted(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """The inputs as the discipline declared them."""
        ready = dict(inputs)
        for name, convert in self.conversions.items():
            try:
                ready[name] = convert(ready[name])
            except OverflowError as error:
                msg = f"input {name!r}: {error}"
                raise OverflowError(msg) from None
        return ready

    def before(self, run: Run) -> Run:
        """``run``, but given inputs as they lie in the slots."""

        def run_converted(inputs: Mapping[str, Any]) -> Any:
            return run(self.converted(inputs))

        return run_converted

    def factor(self, wrt: Any, inputs: Mapping[str, Any]) -> float | None:
        """The one factor of an input, or of ``(input, column or key)``; None when columns have several."""
        name, part = wrt if isinstance(wrt, tuple) else (wrt, None)
        by = self.conversions.get(name)
        if by is None:
            return 1.0
        if not by.columns and (part is not None or not by.order):
            return by.factor
        if part is not None and isinstance(inputs[name], pd.DataFrame):
            return dict(by.columns).get(part, 1.0)
        return None
