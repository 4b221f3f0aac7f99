"""What one discipline makes in one unit, another reads in its own."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sostrades_api.engine import Discipline, DisciplineRaised, UnitMisfit, build, run
from sostrades_api.engine.testing import check_discipline
from tests.engine.making import discipline, process


def coupled(made, read, value, *, seen=None):
    """Run A, which makes y as ``made`` declares, and B, which reads it as ``read`` does; what B was given."""
    given = {} if seen is None else seen

    def keep(inputs):
        given.update(inputs)
        return {"z": 0.0}

    first = discipline({}, {"y": made}, lambda _: {"y": value})
    second = discipline({"y": read}, {"z": None}, keep)
    result = run(process({"A": first, "B": second}))
    return given["y"], result.values["y"]


def unit(text, kind="float", **more):
    return {"type": kind, "unit": text, **more}


def test_a_number_is_handed_over_in_the_readers_unit():
    assert coupled(unit("GtCO2"), unit("tCO2"), 2.0) == (2e9, 2.0)
    assert coupled(unit("W/m2"), unit("W/m^2"), 2.0) == (2.0, 2.0)


def test_arrays_lists_and_dicts_are_converted_too():
    read, held = coupled(unit("km", "array"), unit("m", "array"), np.array([1.0, 2.5]))
    assert read.tolist() == [1000.0, 2500.0]
    assert held.tolist() == [1.0, 2.5]
    assert not read.flags.writeable
    nested = {"subtype_descriptor": {"dict": {"list": "float"}}}
    read, _ = coupled(unit("km", "dict", **nested), unit("m", "dict", **nested), {"a": [1.0], "b": []})
    assert read == {"a": [1000.0], "b": []}


def test_columns_of_tables_are_converted_each_by_its_own_unit():
    def frame(mass, money):
        columns = {"years": {"type": "int"}, "co2": unit(mass), "gdp": unit(money)}
        return {"type": "dataframe", "dataframe_descriptor": columns}

    table = pd.DataFrame({"years": [2020, 2025], "co2": [1.0, 2.0], "gdp": [3.0, 4.0]})
    read, held = coupled(frame("GtCO2", "USD"), frame("MtCO2", "kUSD"), table)
    assert read["co2"].tolist() == [1000.0, 2000.0]
    assert read["gdp"].tolist() == [0.003, 0.004]
    assert read["years"].tolist() == [2020, 2025]
    pd.testing.assert_frame_equal(held, table)


@pytest.mark.parametrize(
    ("made", "read", "kind"),
    [
        ("m", "kg", "float"),
        ("2005 USD", "2010 USD", "float"),  # prices of different years
        ("degC", "K", "float"),  # a reading and a difference convert differently
        ("only we know", "m", "float"),
        ("km", "m", "int"),  # would not stay whole
    ],
)
def test_units_that_cannot_be_converted_name_both_ends(made, read, kind):
    with pytest.raises(UnitMisfit) as caught:
        coupled(unit(made, kind), unit(read, kind), 1)
    error = caught.value
    assert (error.first, error.second, error.first_unit, error.second_unit) == ("A", "B", made, read)


def test_a_shared_input_is_given_in_its_first_readers_unit():
    seen = {}
    first = discipline({"x": unit("km", default=2.0, range=[0, 10])}, {"a": None}, lambda i: {"a": i["x"]})
    second = discipline(
        {"x": unit("m", default=2000.0, range=[1000, 5000])}, {"b": None}, lambda i: {"b": i["x"]}
    )
    plan = build(process({"A": first, "B": second}))
    variable = plan.variables["x"].variable
    assert (variable.unit, variable.default, variable.range) == ("km", 2.0, (1.0, 5.0))
    seen = plan.execute({"x": 3.0}).values
    assert (seen["a"], seen["b"]) == (3.0, 3000.0)


def test_the_default_of_a_reader_starts_a_loop_in_the_makers_unit():
    def first(inputs):
        return {"y": 0.5 * inputs["z"] + 1.0}

    def second(inputs):
        return {"z": 0.5 * inputs["y"] / 1000.0}

    a = discipline({"z": None}, {"y": unit("km")}, first)
    b = discipline({"y": unit("m", default=4000.0)}, {"z": None}, second)
    plan = build(process({"A": a, "B": b}))
    assert plan.variables["y"].default == 4.0
    assert plan.execute({}).values["y"] == pytest.approx(4 / 3, rel=1e-9)


def test_a_number_too_large_for_the_readers_unit_is_refused():
    with pytest.raises(DisciplineRaised, match=r"'B' raised OverflowError.*too large"):
        coupled(unit("Gm"), unit("mm"), 1e300)


@settings(deadline=None, max_examples=50)
@given(st.floats(-1e200, 1e200))
def test_what_is_handed_over_is_what_units_convert(number):
    from sostrades_api.engine import units

    read, _ = coupled(unit("GtCO2"), unit("ktCO2"), number)
    assert read == units.convert(number, "GtCO2", "ktCO2")


class Quadratic(Discipline):
    """z = y^2, y in metres."""

    DESC_IN = {"y": unit("m", namespace="ns")}
    DESC_OUT = {"z": {"type": "float", "namespace": "ns"}}

    def run(self, inputs):
        return {"z": inputs["y"] ** 2}

    def jacobian(self, inputs):
        return {("z", "y"): 2 * inputs["y"]}


@pytest.mark.parametrize("method", ["auto", "complex_step", "finite_differences"])
def test_derivatives_know_of_the_conversion(method):
    check_discipline(Quadratic, {"y": 3.0})
    first = discipline({"x": unit("km")}, {"y": unit("km")}, lambda i: {"y": 1.0 * i["x"]})
    plan = build(process({"A": first, "B": Quadratic}))
    found = plan.derivatives({"x": 3.0}, of=("z",), wrt=("x",), method=method)
    assert found["z", "x"] == pytest.approx(2 * 3000.0 * 1000.0, rel=1e-6)


def test_the_unit_of_an_input_depends_on_no_order_of_declaration():
    kilometres = discipline({"x": {"type": "float", "unit": "km"}}, {"a": None}, lambda i: {"a": i["x"]})
    metres = discipline({"x": {"type": "float", "unit": "m"}}, {"b": None}, lambda i: {"b": i["x"]})
    for disciplines in ({"A": kilometres, "B": metres}, {"B": metres, "A": kilometres}):
        plan = build(process(disciplines))
        assert plan.variables["x"].variable.unit == "km"
        assert plan.execute({"x": 5.0}).values["b"] == 5000.0
