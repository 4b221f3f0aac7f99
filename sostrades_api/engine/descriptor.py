"""Descriptors: what a discipline writes in DESC_IN and DESC_OUT, read once into variables."""

import difflib
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, NoReturn

from sostrades_api.engine.errors import DescriptorError, InvalidValue
from sostrades_api.engine.protection import freeze
from sostrades_api.engine.value_types import (
    COLUMN_KINDS,
    MISSING,
    NUMBER_KINDS,
    Column,
    ValueType,
    VariableType,
    Visibility,
)
from sostrades_api.engine.variable import Variable

_CONTAINERS = frozenset({VariableType.LIST, VariableType.DICT})
_ELSEWHERE = {
    "dataframe_edition_locked": "say editable False, here or at single columns",
    "run_needed": "leave it out: a change runs again what reads it, and nothing else",
}
"""Keys of SoSTrades that have no counterpart of the same name, and how to say the same."""
_MORE_COLUMNS = "dynamic_dataframe_columns"
_COLUMN_KEYS = ("type", "unit", "range", "editable", "description")


@dataclass(frozen=True)
class _Place:
    """Where a descriptor stands, for errors."""

    owner: str
    side: str
    variable: str

    def wrong(self, key: str, detail: str) -> NoReturn:
        """Raise the error of one key."""
        raise DescriptorError(
            owner=self.owner, side=self.side, variable=self.variable, key=key, detail=detail
        )


def parse_descriptors(descriptors: Any, *, owner: str, side: str) -> dict[str, Variable]:
    """All variables of one side (``DESC_IN`` or ``DESC_OUT``) of a discipline, in declared order.

    Raises:
        DescriptorError: naming class, side, variable and key.
    """
    if not isinstance(descriptors, Mapping):
        raise DescriptorError(owner=owner, side=side, variable="", key="", detail="must be a dict")
    return {name: parse_descriptor(name, descriptors[name], owner=owner, side=side) for name in descriptors}


def parse_descriptor(name: str, descriptor: Any, *, owner: str, side: str) -> Variable:
    """The variable that one descriptor declares.

    Raises:
        DescriptorError: naming class, side, variable and key.
    """
    place = _Place(owner, side, name)
    if not isinstance(name, str) or not name or "." in name or name != name.strip() or not name.isprintable():
        place.wrong("name", "must be text of visible characters, without dots and blanks around it")
    if not isinstance(descriptor, Mapping):
        place.wrong("", f"must be a dict, not {type(descriptor).__name__}")
    for key in descriptor:
        if key not in _READERS:
            hint = f"; {_ELSEWHERE[key]}" if key in _ELSEWHERE else _nearest(str(key), _READERS)
            place.wrong(str(key), f"unknown key{hint}")
    if "type" not in descriptor:
        place.wrong("type", "is needed")
    read = {key: _READERS[key](value, place) for key, value in descriptor.items() if key != "default"}
    variable = _assemble(name, read, descriptor, place)
    return _with_default(variable, descriptor, place)


def _nearest(key: str, known: Any) -> str:
    near = difflib.get_close_matches(key, [str(name) for name in known], n=1)
    return f"; did you mean {near[0]!r}?" if near else f"; known: {', '.join(known)}"


def _assemble(name: str, read: dict[str, Any], descriptor: Mapping[str, Any], place: _Place) -> Variable:
    kind, element = read.pop("type"), read.pop("subtype_descriptor", None)
    if element is not None and element.kind != kind:
        place.wrong("subtype_descriptor", f"describes a {element.kind}, but the type is {kind}")
    value_type = element or ValueType(kind)
    columns = read.pop("dataframe_descriptor", None)
    innermost = value_type.innermost.kind
    more_columns = read.pop(_MORE_COLUMNS, False)
    for key, is_said in (("dataframe_descriptor", columns is not None), (_MORE_COLUMNS, more_columns)):
        if is_said and not value_type.holds(VariableType.DATAFRAME):
            place.wrong(key, f"only for dataframes, not for {value_type}")
    if "range" in read and innermost not in NUMBER_KINDS | _CONTAINERS | {VariableType.ARRAY}:
        place.wrong("range", f"only for numbers, not for {value_type}; a table has ranges in its columns")
    visibility = read.pop("visibility", None)
    if visibility in {None, Visibility.LOCAL, Visibility.SHARED}:
        visibility = Visibility.SHARED if read.get("namespace") else Visibility.LOCAL
    return Variable(
        name=name,
        value_type=value_type,
        columns=columns,
        more_columns=more_columns and columns is not None,
        visibility=visibility,
        descriptor=descriptor,
        **read,
    )


def _with_default(variable: Variable, descriptor: Mapping[str, Any], place: _Place) -> Variable:
    if variable.possible_values is not None:
        for value in variable.possible_values:
            try:
                replace(variable, value_type=_element_type(variable), possible_values=None).check(value)
            except InvalidValue as error:
                place.wrong("possible_values", str(error))
    default = descriptor.get("default", MISSING)
    if default is MISSING or (default is None and not variable.optional):
        return variable
    try:
        return replace(variable, default=freeze(variable.check(default)))
    except InvalidValue as error:
        return place.wrong("default", str(error))


def _element_type(variable: Variable) -> ValueType:
    kind = variable.value_type
    while kind.element is not None:
        kind = kind.element
    return kind


def _kind(value: Any, place: _Place) -> VariableType:
    try:
        return VariableType(value)
    except ValueError:
        return place.wrong("type", f"{value!r} is no type{_nearest(str(value), list(VariableType))}")


def _subtype(value: Any, place: _Place) -> ValueType:
    if isinstance(value, Mapping) and len(value) == 1:
        ((outer, inner),) = value.items()
        if outer not in _CONTAINERS:
            place.wrong("subtype_descriptor", f"{outer!r} holds nothing; use 'list' or 'dict'")
        return ValueType(VariableType(outer), None if inner is None else _subtype(inner, place))
    if isinstance(value, str):
        return ValueType(_kind(value, _Place(place.owner, place.side, place.variable)))
    return place.wrong(
        "subtype_descriptor", "must be nested one-key dicts such as {'dict': {'list': 'float'}}"
    )


def _range(value: Any, place: _Place) -> tuple[float, float] | None:
    if value is None:
        return None
    if not isinstance(value, (list, tuple)) or len(value) != 2:
        place.wrong("range", f"must be [low, high], not {value!r}")
    low = -math.inf if value[0] is None else value[0]
    high = math.inf if value[1] is None else value[1]
    if not (_is_number(low) and _is_number(high)):
        place.wrong("range", f"must be two numbers, or None for no limit, not {value!r}")
    if low > high:
        place.wrong("range", f"low {low!r} is above high {high!r}")
    try:
        return float(low), float(high)
    except OverflowError:
        return place.wrong("range", f"{value!r} is too large for a float")


def _is_number(value: Any) -> bool:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return is_number and not (isinstance(value, float) and math.isnan(value))


def _possible_values(value: Any, place: _Place) -> tuple[Any, ...] | None:
    if value is None:
        return None
    if not isinstance(value, (list, tuple)) or not value:
        place.wrong("possible_values", "must be a list with at least one value")
    return tuple(value)


def _columns(value: Any, place: _Place) -> dict[str, Column] | None:
    if value is None:
        return None
    if not isinstance(value, Mapping):
        place.wrong("dataframe_descriptor", "must be a dict: column name -> column")
    return {str(name): _column(str(name), column, place) for name, column in value.items()}


def _column(name: str, value: Any, place: _Place) -> Column:
    key = f"dataframe_descriptor[{name!r}]"
    if isinstance(value, Column):
        return value
    if isinstance(value, (tuple, list)):
        value = dict(zip(("type", "range", "editable"), value, strict=False))
    if not isinstance(value, Mapping):
        place.wrong(key, "must be a dict or (type, range, editable)")
    for part in value:
        if part not in _COLUMN_KEYS:
            place.wrong(key, f"unknown key {part!r}{_nearest(str(part), _COLUMN_KEYS)}")
    if value.get("type") not in COLUMN_KINDS:
        place.wrong(key, f"type {value.get('type')!r} is none of {', '.join(COLUMN_KINDS)}")
    column = Column(**{**value, "range": _range(value.get("range"), place)})
    if column.range is not None and column.type not in {"float", "int"}:
        place.wrong(key, f"a {column.type} column has no range")
    return column


def _text(key: str) -> Callable[[Any, _Place], str | None]:
    def read(value: Any, place: _Place) -> str | None:
        if value is not None and not isinstance(value, str):
            place.wrong(key, f"must be text, not {value!r}")
        return value

    return read


def _flag(key: str) -> Callable[[Any, _Place], bool]:
    def read(value: Any, place: _Place) -> bool:
        if not isinstance(value, bool):
            place.wrong(key, f"must be True or False, not {value!r}")
        return value

    return read


def _user_level(value: Any, place: _Place) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        place.wrong("user_level", f"must be a whole number, not {value!r}")
    return value


def _visibility(value: Any, place: _Place) -> Visibility:
    try:
        return Visibility(value)
    except ValueError:
        return place.wrong("visibility", f"{value!r} is none of {', '.join(Visibility)}")


_READERS: dict[str, Callable[[Any, _Place], Any]] = {
    "type": _kind,
    "subtype_descriptor": _subtype,
    "unit": _text("unit"),
    "default": lambda value, _place: value,
    "range": _range,
    "possible_values": _possible_values,
    "optional": _flag("optional"),
    "visibility": _visibility,
    "namespace": _text("namespace"),
    "dataframe_descriptor": _columns,
    _MORE_COLUMNS: _flag(_MORE_COLUMNS),
    "editable": _flag("editable"),
    "structuring": _flag("structuring"),
    "numerical": _flag("numerical"),
    "user_level": _user_level,
    "label": _text("label"),
    "description": _text("description"),
}
