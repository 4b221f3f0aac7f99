import numpy as np
import pytest

from sostrades_api.engine import MISSING, DescriptorError, Discipline, Visibility
from sostrades_api.engine.descriptor import parse_descriptor


def parse(descriptor, name="x"):
    return parse_descriptor(name, descriptor, owner="Model", side="DESC_IN")


def test_a_wrong_descriptor_fails_when_the_class_is_made():
    with pytest.raises(DescriptorError) as caught:

        class Wrong(Discipline):
            DESC_IN = {"x": {"type": "float", "defautl": 1.0}}

    error = caught.value
    assert (error.owner, error.side, error.variable, error.key) == ("Wrong", "DESC_IN", "x", "defautl")
    assert "did you mean 'default'?" in str(error)
    assert "Wrong.DESC_IN['x']" in str(error)


@pytest.mark.parametrize(
    ("descriptor", "key", "detail"),
    [
        ({"unit": "m"}, "type", "is needed"),
        ({"type": "flaot"}, "type", "did you mean 'float'?"),
        ({"type": "float", "range": [1]}, "range", "must be [low, high]"),
        ({"type": "float", "range": [2, 1]}, "range", "above high"),
        ({"type": "float", "range": ["a", 1]}, "range", "two numbers"),
        ({"type": "string", "range": [0, 1]}, "range", "only for numbers"),
        ({"type": "float", "default": "1"}, "default", "not a number"),
        ({"type": "float", "default": 3.0, "range": [0, 1]}, "default", "outside [0, 1]"),
        ({"type": "int", "default": True}, "default", "not a whole number"),
        ({"type": "string", "possible_values": []}, "possible_values", "at least one"),
        ({"type": "string", "possible_values": ["a", 1]}, "possible_values", "not text"),
        ({"type": "list", "subtype_descriptor": {"dict": "float"}}, "subtype_descriptor", "the type is list"),
        ({"type": "list", "subtype_descriptor": {"list": "real"}}, "type", "is no type"),
        ({"type": "list", "subtype_descriptor": {"list": "float", "dict": "int"}}, "subtype_descriptor", ""),
        ({"type": "dataframe", "dataframe_descriptor": ["a"]}, "dataframe_descriptor", "must be a dict"),
        (
            {"type": "dataframe", "dataframe_descriptor": {"a": {"type": "double"}}},
            "dataframe_descriptor['a']",
            "'double' is none of",
        ),
        (
            {"type": "dataframe", "dataframe_descriptor": {"a": {"type": "float", "units": "m"}}},
            "dataframe_descriptor['a']",
            "did you mean 'unit'?",
        ),
        ({"type": "float", "dataframe_descriptor": {}}, "dataframe_descriptor", "only for dataframes"),
        ({"type": "float", "optional": 1}, "optional", "True or False"),
        ({"type": "float", "unit": 3}, "unit", "must be text"),
        ({"type": "float", "visibility": "Public"}, "visibility", "none of Local"),
        ({"type": "float", "user_level": "1"}, "user_level", "whole number"),
        ("float", "", "must be a dict"),
    ],
)
def test_a_wrong_descriptor_names_the_key_and_what_is_wrong(descriptor, key, detail):
    with pytest.raises(DescriptorError) as caught:
        parse(descriptor)
    assert caught.value.key == key
    assert detail in caught.value.detail


@pytest.mark.parametrize("name", ["a.b", "", " a", "a\n", 3])
def test_a_name_is_text_without_dots(name):
    with pytest.raises(DescriptorError, match="without dots and blanks"):
        parse({"type": "float"}, name=name)


def test_nested_types_are_read_from_one_key_dicts():
    variable = parse({"type": "dict", "subtype_descriptor": {"dict": {"list": "float"}}})
    assert str(variable.value_type) == "dict of list of float"
    assert variable.check({"a": [1, 2.5]}) == {"a": [1.0, 2.5]}


def test_a_namespace_makes_a_variable_shared_and_none_makes_it_local():
    assert parse({"type": "float", "namespace": "ns"}).visibility is Visibility.SHARED
    assert parse({"type": "float", "visibility": "Shared"}).visibility is Visibility.LOCAL
    assert parse({"type": "float", "visibility": "Internal"}).visibility is Visibility.INTERNAL


def test_columns_are_read_from_dicts_and_from_sostrades_tuples():
    variable = parse(
        {
            "type": "dataframe",
            "dataframe_descriptor": {
                "years": ("int", [1900, 2100], False),
                "gdp": {"type": "float", "unit": "T$"},
            },
        }
    )
    assert variable.columns is not None
    assert variable.columns["years"].range == (1900.0, 2100.0)
    assert not variable.columns["years"].editable
    assert variable.columns["gdp"].unit == "T$"


def test_a_half_open_range_has_none_for_no_limit():
    assert parse({"type": "float", "range": [0, None]}).check(1e300) == 1e300


def test_a_default_is_kept_read_only_and_apart_from_the_array_it_was_made_of():
    original = np.array([1.0, 2.0])
    variable = parse({"type": "array", "default": original})
    original[0] = 9.0
    assert variable.default.tolist() == [1.0, 2.0]
    assert not variable.default.flags.writeable


def test_a_default_of_none_means_no_default_unless_the_variable_is_optional():
    assert parse({"type": "float", "default": None}).default is MISSING
    assert parse({"type": "float", "default": None, "optional": True}).default is None
