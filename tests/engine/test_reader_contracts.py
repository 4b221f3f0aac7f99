"""What a reader declares holds of what it is given, though another discipline makes it."""

import numpy as np
import pandas as pd
import pytest

from sostrades_api.engine import DeclarationMisfit, InvalidOutput, NotFinite, build, run
from tests.engine.making import discipline, process

FLOAT = {"type": "float"}
FLOATS = {"type": "list", "subtype_descriptor": {"list": "float"}}
FRAME = {"type": "dataframe"}


def table(*names, **columns):
    declared = {**{name: {"type": "float"} for name in names}, **columns}
    return {"type": "dataframe", "dataframe_descriptor": declared}


def read(made, value, *readers, compute=lambda d: d):
    """What readers, declared so, are given of a value that is declared as ``made``."""
    seen = []

    def look(inputs):
        seen.append(compute(inputs["d"]))
        return {}

    models = {"Maker": discipline({}, {"d": made}, lambda _inputs: {"d": value})}
    for number, reader in enumerate(readers):
        models[f"Reader{number}"] = discipline({"d": reader}, {}, look)
    run(process(models))
    return seen


def test_nothing_is_no_float_for_who_needs_one():
    with pytest.raises(InvalidOutput, match="Reader0 will read it"):
        read({**FLOAT, "optional": True}, None, FLOAT)


def test_a_missing_number_is_refused_for_who_needs_all():
    with pytest.raises(NotFinite, match="Reader0 will read it"):
        read({**FLOATS, "optional": True}, [1.0, float("nan")], FLOATS)


def test_who_takes_nothing_is_given_nothing():
    assert read({**FLOAT, "optional": True}, None, {**FLOAT, "optional": True}) == [None]


def test_elements_that_are_not_declared_are_what_the_reader_declares():
    with pytest.raises(InvalidOutput, match="element 0: must be a float"):
        read({"type": "list"}, ["9", "10"], FLOATS)
    (seen,) = read({"type": "list"}, [1, 2], FLOATS)
    assert [type(item) for item in seen] == [float, float]


def test_columns_that_are_not_declared_are_those_the_reader_declares():
    with pytest.raises(InvalidOutput, match="missing: v"):
        read(FRAME, pd.DataFrame({"w": [1.0]}), table("v"))
    with pytest.raises(InvalidOutput, match="'v' must hold float values"):
        read(FRAME, pd.DataFrame({"v": ["x"]}), table("v"))


def test_a_table_without_declared_columns_may_have_more_than_are_read():
    made = pd.DataFrame({"c": ["x"], "b": [1], "a": [2.0]})
    one, other = read(FRAME, made, table("a", "b"), table(c={"type": "string"}, b={"type": "float"}))
    assert list(one)[:2] == ["a", "b"]
    assert list(other)[:2] == ["c", "b"]
    assert one["b"].dtype == np.float64
    assert sorted(one) == sorted(other) == ["a", "b", "c"]


def test_readers_of_a_table_without_declared_columns_must_agree():
    models = {
        "Maker": discipline({}, {"d": FRAME}, lambda _inputs: {"d": pd.DataFrame()}),
        "One": discipline({"d": table("v")}, {}, lambda _inputs: {}),
        "Other": discipline({"d": table(v={"type": "string"})}, {}, lambda _inputs: {}),
    }
    with pytest.raises(DeclarationMisfit, match="column 'v'"):
        build(process(models))


def test_columns_are_read_in_the_order_in_which_they_are_declared():
    made = pd.DataFrame({"b": [1.0], "a": [2.0]})
    assert read(table("b", "a"), made, table("a", "b"), compute=lambda t: t.to_numpy().tolist()) == [
        [[2.0, 1.0]]
    ]


@pytest.mark.parametrize("kind", ["MDAGaussSeidel", "MDANewtonRaphson"])
def test_columns_are_in_order_within_a_loop(kind):
    models = {
        "A": discipline(
            {"x": {**FLOAT, "default": 0.0}},
            {"t": table("b", "a")},
            lambda i: {"t": pd.DataFrame({"b": [10.0], "a": [0.5 * i["x"] + 1.0]})},
        ),
        "B": discipline({"t": table("a", "b")}, {"x": None}, lambda i: {"x": float(i["t"].to_numpy()[0, 0])}),
    }
    assert run(process(models), {"sub_mda_class": kind}).values["x"] == pytest.approx(2.0)


@pytest.mark.parametrize(
    ("made", "value", "reader"),
    [
        (FLOAT, 50.0, {**FLOAT, "range": [0, 1]}),
        ({"type": "string"}, "zzz", {"type": "string", "possible_values": ["a", "b"]}),
        ({**FLOAT, "unit": "m"}, 50.0, {**FLOAT, "unit": "km", "range": [0, 0.01]}),
        (table("v"), pd.DataFrame({"v": [50.0]}), table(v={"type": "float", "range": [0, 1]})),
        (FRAME, pd.DataFrame({"v": [50.0], "w": [1.0]}), table(v={"type": "float", "range": [0, 1]})),
    ],
)
def test_a_readers_limits_hold(made, value, reader):
    with pytest.raises(InvalidOutput, match=r"'Maker'.*Reader0 will read it"):
        read(made, value, reader)


def test_a_limit_in_another_unit_takes_the_value_that_lies_on_it():
    assert read({**FLOAT, "unit": "-"}, 0.07, {**FLOAT, "unit": "%", "range": [0, 7]}) == [pytest.approx(7.0)]


def test_ranges_that_exclude_each_other_are_found_at_build():
    models = {
        "Maker": discipline({}, {"d": {**FLOAT, "range": [2, 3]}}, lambda _inputs: {"d": 2.0}),
        "Reader": discipline({"d": {**FLOAT, "range": [0, 1]}}, {}, lambda _inputs: {}),
    }
    with pytest.raises(DeclarationMisfit, match="no value satisfies both"):
        build(process(models))


def test_a_loop_may_pass_beyond_a_readers_limits_on_its_way():
    models = {
        "A": discipline({"b": {**FLOAT, "default": 9.0}}, {"a": None}, lambda i: {"a": 0.1 * i["b"]}),
        "B": discipline({"a": {**FLOAT, "range": [0, 0.5]}}, {"b": None}, lambda i: {"b": i["a"] + 0.1}),
    }
    assert 0.0 < run(process(models)).values["a"] < 0.5


def test_whole_numbers_are_read_as_floats_where_those_are_declared():
    whole = table(v={"type": "int"})
    (seen,) = read(
        whole, pd.DataFrame({"v": [10**10]}), table("v"), compute=lambda t: (t["v"] * t["v"]).iloc[0]
    )
    assert seen == 1e20
    assert read({"type": "int"}, 7, FLOAT, compute=type) == [float]
