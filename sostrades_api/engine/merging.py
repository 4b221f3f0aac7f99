"""What several declarations of one name agree on; where they do not fit, an error names both ends."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sostrades_api.engine.comparison import same_bits
from sostrades_api.engine.errors import DeclarationMisfit, InvalidValue, TypeMisfit, UnitError, UnitMisfit
from sostrades_api.engine.handover import Conversion, conversion, factor_between
from sostrades_api.engine.naming import Declaration
from sostrades_api.engine.protection import freeze
from sostrades_api.engine.value_types import MISSING, Column, ValueType, VariableType
from sostrades_api.engine.variable import Variable


def check_fit(process: str, first: Declaration, second: Declaration) -> Conversion | None:
    """Raise unless what ``first`` gives is what ``second`` takes (both may be consumers).

    Returns:
        what converts a value of ``first`` for ``second``, None when their units are the same.
    """
    one, other = first.variable, second.variable
    if not _types_fit(one.value_type, other.value_type):
        raise TypeMisfit(
            process=process,
            variable=first.full_name,
            first=first.path,
            second=second.path,
            first_type=str(one.value_type),
            second_type=str(other.value_type),
        )
    if one.unit == other.unit and one.columns is None:
        kind = one.value_type if one.value_type.element is None else one.value_type.innermost
        return conversion(one, other) if kind.kind is VariableType.INT else None
    # A table has its units in its columns; numbers that are whole, or decide the structure, are not converted
    kind = other.value_type.innermost.kind
    is_exact = kind not in {VariableType.FLOAT, VariableType.ARRAY} or one.structuring or other.structuring
    _check_units(process, first, second, one.unit, other.unit, "", is_exact=is_exact)
    if one.columns is not None and other.columns is not None:
        _check_columns(process, first, second)
    return conversion(one, other)


def in_units_of(variable: Variable, other: Variable) -> Variable:
    """A declaration with its default and limits in the units of another one that it fits."""
    convert = conversion(variable, other)
    if convert is None:
        return variable
    allowed = variable.possible_values
    default = variable.default
    return replace(
        variable,
        unit=other.unit if convert.factor != 1.0 else variable.unit,
        default=default if default is MISSING else freeze(convert(default)),
        range=_scaled(variable.range, convert.factor),
        possible_values=allowed and tuple(value * convert.factor for value in allowed),
        columns=_columns_in(variable.columns, convert, other.columns or {}),
    )


def _scaled(limits: tuple[float, float] | None, factor: float) -> tuple[float, float] | None:
    return None if limits is None else (limits[0] * factor, limits[1] * factor)


def _columns_in(
    columns: Mapping[str, Column] | None, convert: Conversion, others: Mapping[str, Column]
) -> Mapping[str, Column] | None:
    factors = dict(convert.columns)
    if columns is None or not factors:
        return columns
    return {
        name: replace(column, unit=others[name].unit, range=_scaled(column.range, factors[name]))
        if name in factors
        else column
        for name, column in columns.items()
    }


def _types_fit(one: ValueType, other: ValueType) -> bool:
    if one.kind != other.kind:
        return one.kind is VariableType.INT and other.kind is VariableType.FLOAT
    return one.element is None or other.element is None or _types_fit(one.element, other.element)


def _check_units(
    process: str,
    first: Declaration,
    second: Declaration,
    one: str | None,
    other: str | None,
    where: str,
    *,
    is_exact: bool,
) -> None:
    try:
        if factor_between(one, other) == 1.0 or not is_exact:
            return
        hint = "declare one unit; only floats and arrays that decide no structure are converted"
    except UnitError as error:
        hint = f"declare units that measure the same ({error})"
    raise UnitMisfit(
        process=process,
        variable=first.full_name,
        first=first.path,
        second=second.path,
        first_unit=one,
        second_unit=other,
        where=where,
        hint=hint,
    )


def _check_columns(process: str, first: Declaration, second: Declaration) -> None:
    given: Mapping[str, Column] = first.variable.columns or {}
    for name, column in (second.variable.columns or {}).items():
        if name not in given and first.variable.more_columns:
            continue
        if name not in given:
            detail = f"{second.path!r} reads column {name!r}, which {first.path!r} does not declare"
        elif given[name].type != column.type and (given[name].type, column.type) != ("int", "float"):
            kinds = f"{given[name].type} in {first.path!r} and {column.type} in {second.path!r}"
            detail = f"column {name!r} is {kinds}"
        else:
            where, is_exact = f", column {name!r}", column.type != "float"
            _check_units(process, first, second, given[name].unit, column.unit, where, is_exact=is_exact)
            continue
        raise DeclarationMisfit(
            process=process, variable=first.full_name, first=first.path, second=second.path, detail=detail
        )


def shared_input(process: str, consumers: Sequence[Declaration]) -> Variable:
    """The variable that users give to several disciplines: first declarer's words, everybody's limits."""
    first, merged = consumers[0], consumers[0].variable
    differing: dict[int, Declaration] = {}  # of those who say the very same, the first
    for other in consumers[1:]:
        differing.setdefault(id(other.variable), other)
    measured = next((each for each in consumers if each.variable.unit is not None), first)
    for other in differing.values():
        _check_same(process, first, other)
        _check_same(process, measured, other)  # the first one may leave the unit to others
        merged = _narrowed(process, merged, first, other)
    if len(consumers) > 1:
        require_default_fits(process, merged, merged.default, first, consumers)
    return merged


def _check_same(process: str, first: Declaration, other: Declaration) -> None:
    """Inputs of one name are given one value: types and columns must be the same, whichever comes first."""
    check_fit(process, first, other)
    check_fit(process, other, first)


def _narrowed(process: str, merged: Variable, first: Declaration, other: Declaration) -> Variable:
    variable = in_units_of(other.variable, merged)
    limits = _intersection(merged.range, variable.range)
    allowed = merged.possible_values
    if variable.possible_values is not None:
        allowed = tuple(v for v in variable.possible_values if allowed is None or v in allowed)
    if (limits is not None and limits[0] > limits[1]) or allowed == ():
        _misfit(process, first, other, "no value satisfies both ranges or possible values")
    columns = _joined(merged.columns, variable.columns)
    return replace(
        merged,
        default=one_default(process, [(first, merged.default), (other, variable.default)]),
        unit=merged.unit if merged.unit is not None else variable.unit,
        columns=columns,
        more_columns=columns is not None
        and all(each.more_columns or each.columns is None for each in (merged, variable)),
        range=limits,
        possible_values=allowed,
        optional=merged.optional and variable.optional,
        structuring=merged.structuring or variable.structuring,
        editable=merged.editable and variable.editable,
    )


def _intersection(
    one: tuple[float, float] | None, other: tuple[float, float] | None
) -> tuple[float, float] | None:
    if one is None or other is None:
        return one or other
    return max(one[0], other[0]), min(one[1], other[1])


def _joined(
    one: Mapping[str, Column] | None, other: Mapping[str, Column] | None
) -> Mapping[str, Column] | None:
    if one is None or other is None:
        return one if one is not None else other
    shared = {
        name: replace(
            column,
            range=_intersection(column.range, other[name].range),
            editable=column.editable and other[name].editable,
        )
        for name, column in one.items()
        if name in other
    }
    return {**one, **other, **shared}


def one_default(process: str, candidates: Sequence[tuple[Declaration, Any]]) -> Any:
    """The default that all who declare one agree on, ``MISSING`` when nobody does."""
    chosen: tuple[Declaration, Any] | None = None
    for declaration, default in candidates:
        if default is MISSING:
            continue
        if chosen is None:
            chosen = (declaration, default)
        elif not same_bits(chosen[1], default):
            _misfit(process, chosen[0], declaration, "they declare different defaults; keep one")
    return chosen[1] if chosen else MISSING


def require_default_fits(
    process: str, variable: Variable, default: Any, first: Declaration, others: Sequence[Declaration]
) -> None:
    """Raise when a default does not satisfy what another end declares."""
    if default is MISSING:
        return
    try:
        variable.check(default)
    except InvalidValue as error:
        _misfit(process, first, others[-1], f"default: {error}")


def _misfit(process: str, first: Declaration, other: Declaration, detail: str) -> None:
    raise DeclarationMisfit(
        process=process, variable=first.full_name, first=first.path, second=other.path, detail=detail
    )
