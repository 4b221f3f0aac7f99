"""The unit a client gives beside a value: the declared one, none, or a compatible one that is converted."""

from typing import Any

from sostrades_api.engine import InvalidValue, UnitError, ValueType, VariableType, units

_PLAIN_NUMBERS = (int, float)


def convert_unit(
    value: Any, *, value_type: ValueType, source: str | None, target: str | None
) -> tuple[Any, bool]:
    """The value in the variable's unit, and whether that changed it.

    Args:
        value: What the client sent, in the engine's form.
        value_type: The variable's type.
        source: The client's unit; None or empty means the declared one.
        target: The declared unit.

    Raises:
        InvalidValue: the unit is unknown or incompatible, or this type of value cannot be converted.
    """
    if source is None or not source.strip() or units.same(source, target):
        return value, False
    declared = f"the declared unit {target!r}" if target else "this variable, which has no unit"
    if not units.compatible(source, target):
        raise InvalidValue([f"unit {source!r} does not fit {declared}"])
    if value_type.innermost.kind not in {VariableType.FLOAT, VariableType.INT, VariableType.ARRAY}:
        raise InvalidValue([f"a {value_type} in {source!r} cannot be converted; send it in {declared}"])
    return _convert(value, source, target, whole=value_type.innermost.kind == VariableType.INT), True


def _convert(value: Any, source: str, target: str | None, *, whole: bool) -> Any:
    if isinstance(value, dict):
        return {key: _convert(item, source, target, whole=whole) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_convert(item, source, target, whole=whole) for item in value]
    if isinstance(value, bool | str) or value is None:
        return value
    try:
        converted = units.convert(value, source, target)
    except (UnitError, TypeError, ValueError, OverflowError) as error:
        raise InvalidValue([f"cannot be converted from {source!r} to {target!r}: {error}"]) from error
    if isinstance(value, _PLAIN_NUMBERS):
        # 0.007 km are 7 m: a whole number, up to the rounding of the conversion.
        nearest = round(float(converted))
        return (
            nearest
            if whole and abs(converted - nearest) <= 1e-9 * max(1.0, abs(nearest))
            else float(converted)
        )
    return converted
