"""Types of values: the eight kinds, nested, and the columns of tables."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import numpy as np
import pandas as pd


class VariableType(StrEnum):
    """What kind of value a variable holds."""

    FLOAT = "float"  # a double
    INT = "int"  # a whole number; a bool is not one
    STRING = "string"  # text
    BOOL = "bool"  # true or false
    LIST = "list"  # values in order
    DICT = "dict"  # values by text key
    ARRAY = "array"  # numpy array of numbers
    DATAFRAME = "dataframe"  # pandas table with named columns


class Visibility(StrEnum):
    """How a variable is reached from other disciplines."""

    LOCAL = "Local"  # named by its own discipline's path
    SHARED = "Shared"  # named by its namespace's node
    INTERNAL = "Internal"  # not for users


class _Missing:
    """No value: neither given nor declared (``None`` is a value of an optional variable)."""

    def __repr__(self) -> str:
        return "MISSING"

    def __bool__(self) -> bool:
        return False

    def __reduce__(self) -> str:
        return "MISSING"


MISSING: Final = _Missing()

NUMBER_KINDS = frozenset({VariableType.FLOAT, VariableType.INT})
COLUMN_KINDS = ("float", "int", "string", "bool", "list", "multiple")


@dataclass(frozen=True)
class ValueType:
    """A kind, and for lists and dicts the type of what they hold (``None``: anything)."""

    kind: VariableType
    element: "ValueType | None" = None

    def __str__(self) -> str:
        return f"{self.kind} of {self.element}" if self.element else str(self.kind)

    @property
    def innermost(self) -> "ValueType":
        """The type inside all lists and dicts."""
        return self.element.innermost if self.element else self

    def holds(self, kind: VariableType) -> bool:
        """Whether values of this type are, or may contain, values of ``kind``."""
        if self.kind == kind:
            return True
        if self.kind not in {VariableType.LIST, VariableType.DICT}:
            return False
        return self.element is None or self.element.holds(kind)


@dataclass(frozen=True, kw_only=True)
class Column:
    """One declared column of a table; ``range`` holds for every cell, ``type`` is one of ``COLUMN_KINDS``."""

    type: str
    unit: str | None = None
    range: tuple[float, float] | None = None
    editable: bool = True
    description: str | None = None


@dataclass(frozen=True, kw_only=True)
class Constraints:
    """What a value must satisfy beside its type."""

    range: tuple[float, float] | None = None
    possible_values: tuple[Any, ...] | None = None
    columns: Mapping[str, Column] | None = None
    more_columns: bool = False


INT_LIMITS = (-(2**63), 2**63 - 1)
"""Whole numbers that can be stored."""

_BY_PYTHON_TYPE: tuple[tuple[Any, VariableType], ...] = (
    ((bool, np.bool_), VariableType.BOOL),
    ((int, np.integer), VariableType.INT),
    ((float, np.floating), VariableType.FLOAT),
    (str, VariableType.STRING),
    ((list, tuple), VariableType.LIST),
    (Mapping, VariableType.DICT),
    (np.ndarray, VariableType.ARRAY),
    (pd.DataFrame, VariableType.DATAFRAME),
)


def kind_of(value: Any) -> VariableType | None:
    """The kind that a value is of, ``None`` when it is of none."""
    return next((kind for types, kind in _BY_PYTHON_TYPE if isinstance(value, types)), None)
