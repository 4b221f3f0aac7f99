import numpy as np
import pytest

from sostrades_api.engine import UnitError, units


@pytest.mark.parametrize(
    ("source", "target", "factor"),
    [
        ("GtCO2", "tCO2", 1e9),
        ("GtC", "GtCO2", 44 / 12),
        ("Gt C", "GtCO2", 44 / 12),
        ("trillion 2010 USD", "billion 2010 USD", 1e3),
        ("T$", "billion USD", 1e3),
        ("G$2010", "billion 2010 USD", 1.0),
        ("-", "%", 100.0),
        ("ppm", "-", 1e-6),
        ("per 5 years", "1/year", 0.2),
        ("W/m^2", "W/m2", 1.0),
        ("W/m2/°C", "W/m**2/degC", 1.0),
        ("$/t CO2", "USD/tCO2", 1.0),
        ("millions of people", "person", 1e6),
        ("USD/kW h", "USD/kWh", 1.0),
        ("ft", "m", 0.3048),
        ("lb", "kg", 0.45359237),
    ],
)
def test_units_of_models_are_converted(source, target, factor):
    assert units.convert(1.0, source, target) == pytest.approx(factor, rel=1e-14)
    assert units.convert(np.array([0.0, 2.0]), source, target).tolist() == pytest.approx([0.0, 2 * factor])


@pytest.mark.parametrize("unit", ["nobody knows", "((", "per 5 years", "", "-", "%%", None])
def test_equal_texts_always_fit(unit):
    assert units.convert(7.0, unit, unit) == 7.0
    assert units.same(unit, unit)
    assert units.compatible(unit, unit)


@pytest.mark.parametrize(
    ("source", "target", "why"),
    [
        ("m", "kg", "cannot convert"),
        ("nobody knows", "m", "not a unit"),
        ("m", "((", "not a unit"),
        ("USD", "EUR", "cannot convert"),
        ("trillion 2010 USD", "trillion USD", "prices of different years"),
        ("degC", "K", "a reading and a difference"),
        ("m" * 101, "m", "not a unit"),
        ("1e400 m", "m", "no finite factor"),
        ("0 m", "m", "no finite factor"),
    ],
)
def test_units_that_do_not_fit_say_why(source, target, why):
    with pytest.raises(UnitError, match=why):
        units.convert(1.0, source, target)
    assert not units.compatible(source, target)
    assert not units.same(source, target)


@pytest.mark.parametrize("unit", ["9^9^9^9", "9**9**9", "m^99999999", "(9^9)^9^9", "m^(9^9)"])
def test_a_tower_of_powers_is_refused_instead_of_computed(unit):
    with pytest.raises(UnitError, match="not a small number"):
        units.convert(1.0, unit, "m")
