"""Units: Pint, with the money and climate units of the models.

A unit is text as modellers write it. Equal texts always fit; otherwise both must be readable.
"""

import re
from functools import cache
from typing import Any

import pint

from sostrades_api.engine.errors import UnitError

_DIMENSIONLESS = {"", "-", "1", "none", "None", "dimensionless", "no unit", "unitless"}
_DEFINITIONS = (
    "USD = [currency] = usd = US$ = dollar",
    "EUR = [currency_eur] = euro",
    "percent_share = 0.01 = pct",
    "ppm_volume = 1e-6 = ppmv",
    "tCO2 = [mass_co2] = tonne_CO2 = tCO2eq = tCO2e",
    "tC = 44 / 12 * tCO2 = tonne_C",
    "person = [person] = people = persons",
    "passenger = [passenger] = pax",
)
_WORDS = {
    "thousand": "1e3",
    "million": "1e6",
    "millions": "1e6",
    "billion": "1e9",
    "billions": "1e9",
    "trillion": "1e12",
    "trillions": "1e12",
    "per": "/",
    "%": "percent",
    "$": "USD",
    "°C": "delta_degC",
    "°F": "delta_degF",
}
_TOKEN = re.compile(r"[A-Za-zµ°%$][A-Za-zµ°%$_0-9]*|[0-9.]+(?:[eE][+-]?[0-9]+)?|\*\*|\S")
_YEAR_OF_PRICES = re.compile(r"\b(1[89]|20)\d\d(?=\s*(USD|US\$|usd|EUR|\$))|(?<=USD)_?\d{4}|(?<=EUR)_?\d{4}")


@cache
def _registry() -> pint.UnitRegistry:
    registry: pint.UnitRegistry = pint.UnitRegistry(autoconvert_offset_to_baseunit=True)
    for definition in _DEFINITIONS:
        registry.define(definition)
    return registry


def _expression(unit: str) -> str:
    words: list[str] = []
    for token in _TOKEN.findall(_YEAR_OF_PRICES.sub(" ", unit)):
        word = _WORDS.get(token, token)
        needs_product = (
            words and words[-1] not in {"*", "/", "(", "**", "^"} and word not in {"*", "/", ")", "**", "^"}
        )
        words.extend(["*", word] if needs_product else [word])
    if words and words[0] == "/":
        words.insert(0, "1")
    return " ".join(words)


@cache
def parse(unit: str | None) -> tuple[float, pint.Unit, str]:
    """Factor, Pint unit and the year of prices of a unit's text.

    Raises:
        UnitError: the text names a unit nobody knows.
    """
    text = (unit or "").strip()
    registry = _registry()
    if text in _DIMENSIONLESS:
        return 1.0, registry.dimensionless, ""
    prices = "".join(match.group(0) for match in _YEAR_OF_PRICES.finditer(text)).strip("_")
    try:
        quantity = registry.parse_expression(_expression(text))
        quantity = quantity if isinstance(quantity, registry.Quantity) else registry.Quantity(quantity)
    except Exception as error:
        raise UnitError(detail=f"{text!r} is not a unit this platform knows ({error})") from error
    return float(quantity.magnitude), quantity.units, prices


def same(first: str | None, second: str | None) -> bool:
    """Whether two texts mean one unit, number for number."""
    if (first or "").strip() == (second or "").strip():
        return True
    try:
        return convert(1.0, first, second) == 1.0 and convert(0.0, first, second) == 0.0
    except UnitError:
        return False


def compatible(first: str | None, second: str | None) -> bool:
    """Whether values in one unit can be converted to the other."""
    try:
        convert(1.0, first, second)
    except UnitError:
        return False
    return True


def convert(value: Any, source: str | None, target: str | None) -> Any:
    """The value (number or array) in ``target`` instead of ``source``; equal texts change nothing.

    Raises:
        UnitError: one of them is unknown, or they measure different things.
    """
    if (source or "").strip() == (target or "").strip():
        return value
    source_factor, source_unit, source_prices = parse(source)
    target_factor, target_unit, target_prices = parse(target)
    if source_prices != target_prices:
        raise UnitError(detail=f"{source!r} and {target!r} are in prices of different years")
    registry = _registry()
    try:
        quantity = registry.Quantity(value * source_factor, source_unit).to(target_unit)
    except pint.PintError as error:
        raise UnitError(detail=f"cannot convert {source!r} to {target!r}: {error}") from error
    return quantity.magnitude / target_factor
