"""Units: Pint, with the money and climate units of the models.

A unit is text as modellers write it: "trillion 2010 USD", "GtCO2", "W/m2", "per 5 years", "-". Equal texts
always fit; texts that differ must both be readable to be compared or converted. Names side by side are one
product, which binds closer than a division: "USD/kW h" is USD/(kW h). Units mean what Pint has them mean, as
"a" a year and "ha" a hectare, but "kt" is a kilotonne. Logarithmic units, as dB, have no factor.
"""

import math
import re
from functools import cache, lru_cache
from typing import Any

import pint

from sostrades_api.engine.errors import UnitError

_DIMENSIONLESS = {"", "-", "1", "none", "dimensionless", "no unit", "unitless", "nan"}
_DEFINITIONS = (
    "USD = [currency] = usd = dollar = dollars",
    "EUR = [currency_eur] = euro = euros",
    "tCO2 = [mass_co2] = tCO2eq = tCO2e = tonne_CO2",
    "tC = 44 / 12 * tCO2",
    "ppmv = 1e-6",
    "person = [person] = people = persons = pax = passenger = passengers = capita = inhabitants",
)
_PHRASES = (
    (re.compile(r"\*\*"), "^"),
    (re.compile(r"\bper\b"), "/"),
    (re.compile(r"\bUS\$"), "USD"),
    (re.compile(r"(?<![A-Za-z])([kMGTB]?)\$"), r"\1USD"),
    (re.compile(r"\bBUSD\b"), "GUSD"),
    (re.compile(r"€"), "EUR"),
    (re.compile(r"%"), " percent "),
    (re.compile(r"(°|\bdeg ?)(C|F)\b|\b()(celsius|fahrenheit)\b", re.IGNORECASE), r" delta_deg\2\4 "),
    (re.compile(r"\b([kMG]?)t(?:on|ons|onne|onnes)?[ _](CO2(?:eq|e)?|C)\b"), r"\1t\2"),
    (re.compile(r"\bkt\b"), "kilotonne"),  # not the knot, as Pint has it
    (re.compile(r"\b(million|billion|trillion|thousand)s?(?: of)?\b"), r"\1"),
    (re.compile(r"\bbn\b"), "billion"),
)
_NUMBER_WORDS = {"thousand": "1e3", "million": "1e6", "billion": "1e9", "trillion": "1e12"}
# The year whose prices money is counted in: "2010 USD", "USD2010", "$2010"
_PRICES = re.compile(r"\b(?:1[89]|20)\d\d(?=\s*_?(?:USD|EUR))|(?<=USD|EUR)[ _]?(?:1[89]|20)\d\d\b")
_OPERATOR = re.compile(r"\s*([*/()·])\s*")
# Units come from clients too: no towers of powers, nothing that takes long to read
_EXPONENT = re.compile(r"\^\s*(?!\(?-?\d(?:\.\d+)?\)?(?:$|[\s*/)]))|\^[^*/ ]*\^")
_LONGEST = 100
_WORD = re.compile(r"[A-Za-zµ_]+")
_POWER = re.compile(r"^([A-Za-zµ_]*[A-Za-zµ])(-?[1-9])$")


@cache
def _registry() -> pint.UnitRegistry:
    registry: pint.UnitRegistry = pint.UnitRegistry()
    for definition in _DEFINITIONS:
        registry.define(definition)
    return registry


def _word(word: str) -> str:
    power = _POWER.match(word)
    if word in _NUMBER_WORDS:
        return _NUMBER_WORDS[word]
    if power and word not in _registry():
        return f"{power[1]}^{power[2]}"
    return word


def _expression(text: str) -> str:
    parts = []
    for part in _OPERATOR.split(text):
        words = [_word(word) for word in part.replace("·", "*").split()]
        parts.append(f"({' * '.join(words)})" if len(words) > 1 else "".join(words))
    expression = "".join(part.replace("·", "*") for part in parts)
    return f"1{expression}" if expression.startswith("/") else expression


@lru_cache(maxsize=4096)
def _parse(text: str) -> tuple[float, Any, str]:
    """Factor, Pint unit and year of prices ("" when none is named)."""
    registry = _registry()
    if text.lower() in _DIMENSIONLESS:
        return 1.0, registry.dimensionless, ""
    plain = text if len(text) <= _LONGEST else "too long"
    for pattern, replacement in _PHRASES:
        plain = pattern.sub(replacement, plain)
    if _EXPONENT.search(plain):
        raise UnitError(detail=f"{text!r} has an exponent that is not a small number")
    prices = ",".join(sorted({found.strip(" _") for found in _PRICES.findall(plain)}))
    try:
        _refuse_logarithms(text, plain)
        quantity = registry.Quantity(registry.parse_expression(_expression(_PRICES.sub(" ", plain))))
        return float(quantity.magnitude), quantity.units, prices
    except UnitError:
        raise
    except Exception as error:  # Pint's parser raises whatever its tokenizer does
        raise UnitError(detail=f"{text!r} is not a unit this platform knows ({error})") from error


def _refuse_logarithms(text: str, plain: str) -> None:
    registry = _registry()
    for word in _WORD.findall(plain):
        known = registry.parse_unit_name(word)
        if known and registry._units[known[0][1]].is_logarithmic:  # noqa: SLF001 - not told elsewhere
            raise UnitError(detail=f"{text!r} is logarithmic: no factor converts it")


def fault(unit: str | None) -> str:
    """Why values in this unit can only be passed on as they are; empty where it can be read."""
    try:
        _parse(_text(unit))
    except UnitError as error:
        return error.detail
    return ""


def same(first: str | None, second: str | None) -> bool:
    """Whether two texts mean one unit, number for number."""
    if _text(first) == _text(second):
        return True
    try:
        return math.isclose(convert(1.0, first, second), 1.0, rel_tol=1e-12)
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
    """The value (a number or an array of any shape) in ``target`` instead of ``source``.

    Equal texts change nothing, whether they can be read or not.

    Raises:
        UnitError: one of them is unknown; they measure different things; they are prices of different years;
            or they are temperature scales, where a reading and a difference convert differently.
    """
    if _text(source) == _text(target):
        return value
    source_factor, source_unit, source_prices = _parse(_text(source))
    target_factor, target_unit, target_prices = _parse(_text(target))
    if source_prices != target_prices:
        raise UnitError(detail=f"{source!r} and {target!r} are in prices of different years")
    if source_unit != target_unit and (_is_degrees(source_unit) or _is_degrees(target_unit)):
        raise UnitError(detail=f"{source!r} to {target!r}: a reading and a difference convert differently")
    try:
        factor = _registry().Quantity(source_factor, source_unit).to(target_unit).magnitude
    except pint.PintError as error:
        raise UnitError(detail=f"cannot convert {source!r} to {target!r}: {error}") from error
    ratio = factor / target_factor if target_factor else math.inf
    if not 0.0 < ratio < math.inf:
        raise UnitError(detail=f"cannot convert {source!r} to {target!r}: no finite factor")
    return value * ratio


def _text(unit: str | None) -> str:
    return " ".join((unit or "").split())


def _is_degrees(unit: Any) -> bool:
    return str(unit) in {"delta_degree_Celsius", "delta_degree_Fahrenheit"}
