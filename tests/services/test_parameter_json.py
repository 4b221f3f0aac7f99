"""Values as JSON, both ways."""

import json
import math

import numpy as np
import orjson
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sostrades_api.engine import InvalidValue, ValueType, VariableType
from sostrades_api.services.parameter_json import (
    from_json,
    json_bytes,
    json_layout,
    json_value,
    number_from_text,
)
from sostrades_api.services.parameter_summary import NOT_SUMMARISED, summarised
from sostrades_api.services.parameter_units import convert_unit
from sostrades_api.services.study_case_names import find_relative_name, full_name
from sostrades_api.storage.codecs import encode

FLOAT, INT = ValueType(VariableType.FLOAT), ValueType(VariableType.INT)
DATAFRAME = ValueType(VariableType.DATAFRAME)
NUMBERS = st.floats(allow_nan=True, allow_infinity=False)
FRAMES = st.lists(st.tuples(NUMBERS, st.text(max_size=5)), max_size=6).map(
    lambda rows: pd.DataFrame({"a": [row[0] for row in rows], "b": [row[1] for row in rows]})
)
SCALARS = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats() | st.text(max_size=5)
ANY = st.recursive(
    SCALARS | FRAMES | st.lists(NUMBERS, max_size=4).map(np.array),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4),
    max_leaves=10,
)


@settings(deadline=None)
@given(frame=FRAMES)
def test_a_table_that_is_put_in_comes_back(frame):
    sent = orjson.loads(orjson.dumps(json_value(frame, tables=True)))
    back = from_json(sent, value_type=DATAFRAME)
    assert list(back.columns) == ["a", "b"]
    assert back["b"].tolist() == frame["b"].tolist()
    np.testing.assert_array_equal(back["a"].to_numpy(dtype=float), frame["a"].to_numpy(dtype=float))


@settings(deadline=None)
@given(value=ANY, tables=st.booleans())
def test_every_value_has_a_strict_json_form(value, tables):
    text = json.dumps(json_value(value, tables=tables), allow_nan=False)
    assert orjson.loads(text) is not NotImplemented


@settings(deadline=None)
@given(value=ANY)
def test_a_summary_shows_what_the_value_itself_would(value):
    shown = summarised(encode(value).summary)
    if shown is NOT_SUMMARISED:
        return
    shape, columns = json_layout(value)
    assert shown["shape"] == shape
    assert shown["columns"] == columns
    assert orjson.dumps(shown["value"]) == orjson.dumps(json_value(value))


@given(study=st.text(min_size=1, max_size=20), relative=st.text(min_size=1, max_size=20))
def test_the_relative_name_is_what_follows_the_study_name(study, relative):
    assert find_relative_name(study, full=full_name(study, relative=relative)) == relative


@pytest.mark.parametrize("text", ["1", "-2", "+3", "1.5", "1e3", "-1.5E-3", "0001"])
def test_a_text_that_is_a_number_is_one_for_number_variables_only(text):
    assert number_from_text(text, value_type=FLOAT) == float(text)
    assert number_from_text(text, value_type=ValueType(VariableType.STRING)) == text


@pytest.mark.parametrize(
    "text", ["", " 1", "1 ", "nan", "inf", "0x1", "1_000", "1,5", "--1", "٣", "1e", "9" * 400]
)
def test_any_other_text_stays_text(text):
    assert number_from_text(text, value_type=FLOAT) == text


@pytest.mark.parametrize(
    ("value", "value_type", "source", "target", "expected"),
    [
        (7, FLOAT, "km", "m", 7000.0),
        (1, INT, "km", "m", 1000),
        (0.001, INT, "km", "m", 1),
        (0.0015, INT, "km", "m", 1.5),
        (1.0, FLOAT, None, "m", 1.0),
        (1.0, FLOAT, "-", None, 1.0),
        (
            {"a": [1.0]},
            ValueType(VariableType.DICT, ValueType(VariableType.LIST, FLOAT)),
            "km",
            "m",
            {"a": [1000.0]},
        ),
        (True, FLOAT, "km", "m", True),
        ("x", FLOAT, "km", "m", "x"),
    ],
)
def test_units_are_converted_and_what_is_no_number_is_left_to_the_check(
    value, value_type, source, target, expected
):
    converted, _ = convert_unit(value, value_type=value_type, source=source, target=target)
    assert converted == expected
    assert type(converted) is type(expected)


@pytest.mark.parametrize("source", ["s", "nonsense", "m**", "(", "1/0", "m;rm", "x" * 1000])
def test_a_unit_that_is_none_or_does_not_fit_is_refused(source):
    with pytest.raises(InvalidValue):
        convert_unit(1.0, value_type=FLOAT, source=source, target="m")


def test_whole_numbers_of_any_size_have_a_json_form():
    value = json_value(pd.DataFrame({"a": [10**30, 1]}), tables=True)
    assert json.loads(json_bytes({"x": value, "y": None})) == {
        "x": {"columns": ["a"], "data": [[10**30], [1]]},
        "y": None,
    }


def test_infinities_have_no_json_form():
    assert json_value([math.inf, -math.inf, math.nan, np.float64(1)]) == [None, None, None, 1.0]
