"""What an output must be when all who read it are to be able to: its own declaration, narrowed by theirs.

Checked where it is made, so that what nobody declares more narrowly costs nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from sostrades_api.engine.errors import DeclarationMisfit, TypeMisfit
from sostrades_api.engine.merging import check_fit, in_units_of
from sostrades_api.engine.naming import Declaration
from sostrades_api.engine.value_types import Column, ValueType
from sostrades_api.engine.variable import Variable

_SLACK = 1e-12
"""Relative; a limit in another unit is not moved past a value that lies just on it."""
_Limits = tuple[float, float] | None


def agreed_output(process: str, producer: Declaration, readers: Sequence[Declaration]) -> Variable:
    """The producer's own declaration, unless a reader's says more.

    Raises:
        BuildError: a subclass names both ends of what does not fit.
    """
    agreed = producer.variable
    for reader in readers:
        read = reader.variable
        if (
            read.range is None
            and read.columns is None
            and read.possible_values is None
            and read.value_type.element is None
            and not agreed.optional
        ):
            continue  # most say nothing but their type
        if _says_more(read, agreed):
            agreed = _narrowed(process, producer._replace(variable=agreed), reader)
    return agreed


def _says_more(read: Variable, made: Variable) -> bool:
    if made.optional and not read.optional:
        return True
    if read.range is not None and read.range != made.range:
        return True
    if read.possible_values is not None and read.possible_values != made.possible_values:
        return True
    if read.columns is not None and read.columns is not made.columns:
        known = made.columns
        if known is None or any(
            name not in known or (column.range is not None and column.range != known[name].range)
            for name, column in read.columns.items()
        ):
            return True
    return (
        read.value_type.element is not None and _filled(made.value_type, read.value_type) != made.value_type
    )


def _filled(made: ValueType, read: ValueType) -> ValueType:
    """The type that is made, with elements that it leaves open as they are read."""
    if made.element is None or read.element is None:
        return made if read.element is None or made.kind != read.kind else read
    return ValueType(made.kind, _filled(made.element, read.element))


def _narrowed(process: str, producer: Declaration, reader: Declaration) -> Variable:
    made = producer.variable
    check_fit(process, producer, reader)
    read = in_units_of(reader.variable, made)
    slack = _SLACK if read.range != reader.variable.range else 0.0
    limits = _intersection(made.range, read.range, slack=slack)
    allowed = made.possible_values
    if read.possible_values is not None:
        allowed = tuple(v for v in read.possible_values if allowed is None or v in allowed)
    if (limits is not None and limits[0] > limits[1]) or allowed == ():
        _misfit(process, producer, reader, "no value satisfies both ranges or possible values")
    kind = _filled(made.value_type, read.value_type)
    if made.value_type != kind and made.read_as and not _same_elements(kind, read.value_type):
        raise TypeMisfit(
            process=process,
            variable=producer.full_name,
            first=producer.path,
            second=reader.path,
            first_type=str(made.value_type),
            second_type=str(read.value_type),
        )
    return replace(
        made,
        value_type=kind,
        range=limits,
        possible_values=allowed,
        optional=made.optional and read.optional,
        columns=_columns(process, producer, reader, read.columns),
        more_columns=made.more_columns or (made.columns is None and read.columns is not None),
        read_as=(*made.read_as, reader.path),
    )


def _same_elements(one: ValueType, other: ValueType) -> bool:
    return other.element is None or one == other


def _columns(
    process: str, producer: Declaration, reader: Declaration, read: Mapping[str, Column] | None
) -> Mapping[str, Column] | None:
    """The columns that are made, within the limits that are read; of a table of any, those read."""
    made = producer.variable.columns
    if read is None:
        return made
    columns = dict(made or {})
    for name, column in read.items():
        known = columns.get(name)
        if known is None:
            columns[name] = replace(column, unit=None)  # nobody says in which unit it is made
            continue
        slack = _SLACK if reader.variable.columns and column != reader.variable.columns[name] else 0.0
        limits = _intersection(known.range, column.range, slack=slack)
        if limits is not None and limits[0] > limits[1]:
            _misfit(process, producer, reader, f"no value of column {name!r} satisfies both ranges")
        columns[name] = replace(known, range=limits)
    return columns


def _intersection(one: _Limits, other: _Limits, *, slack: float) -> _Limits:
    if other is None:
        return one
    low, high = other
    if slack:
        low, high = low - slack * abs(low), high + slack * abs(high)
    if one is None:
        return low, high
    return max(one[0], low), min(one[1], high)


def _misfit(process: str, producer: Declaration, reader: Declaration, detail: str) -> None:
    raise DeclarationMisfit(
        process=process,
        variable=producer.full_name,
        first=producer.path,
        second=reader.path,
        detail=detail,
    )
