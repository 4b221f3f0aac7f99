import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sostrades_api.engine import InvalidValue
from sostrades_api.engine.comparison import same_bits
from sostrades_api.engine.descriptor import parse_descriptor


def variable(**descriptor):
    return parse_descriptor("x", descriptor, owner="Model", side="DESC_IN")


def faults(value, **descriptor):
    with pytest.raises(InvalidValue) as caught:
        variable(**descriptor).check(value)
    return caught.value.faults


@pytest.mark.parametrize(
    ("kind", "value", "checked"),
    [
        ("float", 1, 1.0),
        ("float", np.float32(0.5), 0.5),
        ("float", math.inf, math.inf),
        ("int", np.int64(3), 3),
        ("string", "", ""),
        ("bool", np.True_, True),
        ("list", (1, "a", None), [1, "a", None]),
        ("dict", {}, {}),
    ],
)
def test_a_right_value_comes_back_as_a_plain_python_value(kind, value, checked):
    found = variable(type=kind).check(value)
    assert found == checked
    assert type(found) is type(checked)


@pytest.mark.parametrize(
    ("kind", "value", "fault"),
    [
        ("float", True, "True is a bool, not a number"),
        ("float", "1.0", "'1.0' is a str, not a number"),
        ("float", math.nan, "nan is not a number"),
        ("float", 10**400, "too large"),
        ("float", 1 + 2j, "is a complex"),
        ("int", 1.0, "1.0 is a float, not a whole number"),
        ("int", False, "not a whole number"),
        ("string", 1, "1 is an int, not text"),
        ("bool", 1, "1 is an int, not true or false"),
        ("bool", "true", "not true or false"),
        ("list", {"a": 1}, "not a list"),
        ("list", "abc", "not a list"),
        ("dict", [1], "not a dict"),
        ("dict", {1: 2}, "key 1 is not text"),
        ("array", 3.0, "not an array of numbers"),
        ("array", ["a"], "is not an array of numbers"),
        ("array", [[1.0], [1.0, 2.0]], "different lengths"),
        ("array", [True, False], "is not an array of numbers"),
        ("dataframe", {"a": [1]}, "not a table"),
        ("float", None, "a value is needed"),
    ],
)
def test_a_value_of_another_type_is_refused_by_name(kind, value, fault):
    assert fault in faults(value, type=kind)[0]


def test_an_optional_variable_takes_none():
    assert variable(type="float", optional=True).check(None) is None


def test_a_range_and_possible_values_hold_for_every_element():
    ranged = {"type": "list", "subtype_descriptor": {"list": "float"}, "range": [0, 1]}
    assert faults([0.5, 2, -1], **ranged) == (
        "element 1: 2.0 is outside [0, 1]",
        "element 2: -1.0 is outside [0, 1]",
    )
    chosen = {"type": "list", "subtype_descriptor": {"list": "string"}, "possible_values": ["a", "b"]}
    assert faults(["a", "c"], **chosen) == ("element 1: 'c' is not one of 'a', 'b'",)
    assert faults([[0.0, 3.0]], type="array", range=[0, 1]) == ("element [0, 1]: 3.0 is outside [0, 1]",)


def test_nested_faults_say_where_they_are():
    nested = {"type": "dict", "subtype_descriptor": {"dict": {"list": "int"}}}
    assert faults({"a": [1, 2.5]}, **nested) == ("key 'a': element 1: 2.5 is a float, not a whole number",)


TABLE = {
    "type": "dataframe",
    "dataframe_descriptor": {
        "years": {"type": "int", "range": [2000, 2100]},
        "gdp": {"type": "float", "range": [0, None]},
        "free": {"type": "float"},
        "name": {"type": "string"},
        "on": {"type": "bool"},
    },
}


def table(**changed):
    columns = {
        "years": [2020, 2025],
        "gdp": [1.0, 2.0],
        "free": [0.5, None],
        "name": ["a", None],
        "on": [True, False],
    }
    return pd.DataFrame({**columns, **changed})


def test_columns_are_put_in_declared_order_with_normal_dtypes():
    shuffled = table(gdp=[1, 2])[["on", "name", "free", "gdp", "years"]]
    checked = variable(**TABLE).check(shuffled)
    assert list(checked.columns) == ["years", "gdp", "free", "name", "on"]
    assert [str(dtype) for dtype in checked.dtypes] == ["int64", "float64", "float64", "str", "bool"]


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"gdp": [1.0, -1.0]}, "column 'gdp', row 2: -1.0 is outside [0, inf]"),
        ({"gdp": [1.0, None]}, "column 'gdp', row 2: nan is outside [0, inf]"),
        ({"gdp": ["1.0", 2.0]}, "column 'gdp', row 1: '1.0' is not a number"),
        ({"gdp": [True, False]}, "column 'gdp', row 1: True is not a number"),
        ({"years": [2020.0, 2025.0]}, "column 'years', row 1: 2020.0 is not a whole number"),
        ({"years": [2020, 2500]}, "column 'years', row 2: 2500 is outside [2000, 2100]"),
        ({"name": ["a", 3]}, "column 'name', row 2: 3 is not string"),
        ({"name": [1.5, 2.5]}, "column 'name', row 1: 1.5 is not string"),
        ({"on": [1, 0]}, "column 'on', row 1: 1 is not bool"),
        ({"more": [1, 2]}, "unknown columns: more"),
    ],
)
def test_a_fault_in_a_table_names_row_and_column(changed, fault):
    assert fault in faults(table(**changed), **TABLE)[0]


def test_missing_columns_and_an_index_of_its_own_are_refused():
    assert faults(table().drop(columns="gdp"), **TABLE) == ("missing columns: gdp",)
    assert "index of its own" in faults(table().set_index("years", drop=False), **TABLE)[0]
    twice = pd.concat([table()[["years"]], table()[["years"]]], axis=1)
    assert "different texts" in faults(twice, **TABLE)[0]


def test_only_the_first_faulty_rows_are_listed():
    many = pd.DataFrame({"a": [-1.0] * 100})
    found = faults(many, type="dataframe", dataframe_descriptor={"a": {"type": "float", "range": [0, 1]}})
    assert len(found) == 6
    assert found[-1] == "column 'a': 95 more rows are wrong"


def test_dicts_of_tables_are_checked_table_by_table():
    nested = {
        "type": "dict",
        "subtype_descriptor": {"dict": "dataframe"},
        "dataframe_descriptor": {"a": {"type": "float"}},
    }
    assert faults({"fr": pd.DataFrame({"b": [1.0]})}, **nested)[0] == "key 'fr': missing columns: a"


def test_a_table_without_declared_columns_takes_storable_cells_only():
    assert variable(type="dataframe").check(pd.DataFrame({"a": [1], "b": ["x"]})).shape == (1, 2)
    assert "not multiple" in faults(pd.DataFrame({"a": [object()]}), type="dataframe")[0]


def test_checking_leaves_the_given_table_as_it_was():
    given = table(gdp=[1, 2])
    before = given.copy(deep=True)
    checked = variable(**TABLE).check(given)
    checked.loc[0, "gdp"] = 99.0
    pd.testing.assert_frame_equal(given, before)


def test_a_column_may_be_called_like_a_python_argument():
    named = variable(type="dataframe", dataframe_descriptor={"self": {"type": "float"}})
    assert named.check(pd.DataFrame({"self": [1]}))["self"].dtype == np.float64


values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@settings(deadline=None)
@given(st.lists(values))
def test_checking_a_checked_value_changes_nothing(value):
    declared = variable(type="list")
    once = declared.check(value)
    assert same_bits(declared.check(once), once)


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.integers(2000, 2100), st.floats(allow_infinity=False, allow_nan=True)), max_size=8)
)
def test_a_checked_table_checks_to_the_same_bits(rows):
    declared = variable(
        type="dataframe",
        dataframe_descriptor={"years": {"type": "int"}, "value": {"type": "float"}},
    )
    given_table = pd.DataFrame({"years": [r[0] for r in rows], "value": [r[1] for r in rows]})
    once = declared.check(given_table.astype({"years": "int64", "value": "float64"}))
    pd.testing.assert_frame_equal(declared.check(once), once, check_exact=True)


def test_an_array_of_whole_numbers_becomes_floats_so_that_no_model_truncates():
    checked = variable(type="array").check([5, 2])
    assert checked.dtype == np.float64
    assert faults(np.array([2**62 + 1]), type="array") == (
        "a whole number is too large for a float to hold exactly",
    )


@pytest.mark.parametrize("value", [[], [[]], np.zeros((0, 3))])
def test_an_empty_array_is_an_array(value):
    assert variable(type="array", range=[0, 1]).check(value).size == 0


def test_an_undeclared_element_is_checked_by_what_it_is():
    inner = variable(type="list").check([np.int64(1), np.array([1]), pd.DataFrame({"a": [1]}), {"k": (1,)}])
    assert [type(item).__name__ for item in inner] == ["int", "ndarray", "DataFrame", "dict"]
    assert (
        "cannot" in faults([object()], type="list")[0] or "not a value" in faults([object()], type="list")[0]
    )


def test_a_table_of_any_integer_width_and_objects_is_normalised():
    declared = variable(
        type="dataframe",
        dataframe_descriptor={"n": {"type": "int"}, "on": {"type": "bool"}, "l": {"type": "list"}},
    )
    checked = declared.check(
        pd.DataFrame(
            {
                "n": pd.Series([1, 2], dtype=object),
                "on": pd.Series([True, False], dtype=object),
                "l": [[1], [2]],
            },
            index=[0, 1],
        )
    )
    assert [str(dtype) for dtype in checked.dtypes] == ["int64", "bool", "object"]
    assert type(checked.index) is pd.RangeIndex
    wide = pd.DataFrame({"n": pd.Series([2**70, 1], dtype=object), "on": [True, True], "l": [[], []]})
    with pytest.raises(InvalidValue, match="does not fit 64 bits"):
        declared.check(wide)
    with pytest.raises(InvalidValue, match="row 1: 1 is not list"):
        declared.check(pd.DataFrame({"n": [1], "on": [True], "l": [1]}))


def test_what_cannot_be_stored_is_refused():
    assert faults(2**63, type="int") == ("9223372036854775808 does not fit 64 bits",)
    assert "lone surrogate" in faults("\ud800", type="string")[0]
    assert "is not text" in faults({"\ud800": 1}, type="dict")[0]
    assert "not multiple" in faults(pd.DataFrame({"a": [1j]}), type="dataframe")[0]
    assert "not multiple" in faults(pd.DataFrame({"a": pd.to_datetime(["2020-01-01"])}), type="dataframe")[0]


@pytest.mark.parametrize("kind", ["int", "float"])
def test_numbers_of_pandas_own_dtypes_are_normalised_or_named(kind):
    declared = variable(type="dataframe", dataframe_descriptor={"a": {"type": kind}})
    checked = declared.check(pd.DataFrame({"a": pd.array([1, 2], dtype="Int64")}))
    assert str(checked["a"].dtype) == f"{kind}64"
    with pytest.raises(InvalidValue, match="row 2: <NA> is not a"):
        declared.check(pd.DataFrame({"a": pd.array([1, None], dtype="Int64")}))
