"""A variable: one declared value."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from sostrades_api.engine.validation import check_value
from sostrades_api.engine.value_types import (
    MISSING,
    Column,
    Constraints,
    ValueType,
    VariableType,
    Visibility,
)


@dataclass(frozen=True, kw_only=True, eq=False)
class Variable:
    """One declared input or output of a discipline, or a numerical parameter of a study.

    ``range`` and ``possible_values`` hold for a scalar, or for every innermost element of a list, dict or
    array; ``columns`` is the dataframe descriptor, in declared order. ``default`` is ``MISSING`` when there
    is none. A table may have ``more_columns`` than those when it is declared so, or when only readers of an
    output declare any; ``read_as`` are the paths of readers that declare more than who makes an output.
    """

    name: str
    value_type: ValueType
    unit: str | None = None
    default: Any = MISSING
    range: tuple[float, float] | None = None
    possible_values: tuple[Any, ...] | None = None
    optional: bool = False
    visibility: Visibility = Visibility.LOCAL
    namespace: str | None = None
    columns: Mapping[str, Column] | None = None
    editable: bool = True
    structuring: bool = False
    numerical: bool = False
    user_level: int = 1
    label: str = ""
    description: str = ""
    descriptor: Mapping[str, Any] = field(default_factory=dict, repr=False)
    more_columns: bool = False
    read_as: tuple[str, ...] = ()

    @property
    def type(self) -> VariableType:
        """The outermost kind."""
        return self.value_type.kind

    @property
    def subtype_descriptor(self) -> Mapping[str, Any] | None:
        """The nested type as it was declared."""
        return self.descriptor.get("subtype_descriptor")

    @property
    def dataframe_descriptor(self) -> Mapping[str, Column] | None:
        """The declared columns (the same as ``columns``)."""
        return self.columns

    @property
    def is_plain_float(self) -> bool:
        """Whether any float in its range will do."""
        return self.type is VariableType.FLOAT and self.possible_values is None

    @cached_property
    def constraints(self) -> Constraints:
        """What a value must satisfy beside its type."""
        return Constraints(
            range=self.range,
            possible_values=self.possible_values,
            columns=self.columns,
            more_columns=self.more_columns,
        )

    def check(self, value: Any) -> Any:
        """The value, fully checked and normalised (int to float, list to array, columns in order).

        Raises:
            InvalidValue: ``faults`` lists everything that is wrong.
        """
        return check_value(value, self.value_type, self.constraints, optional=self.optional)
