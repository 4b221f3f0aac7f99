"""``docs/coming-from-sostrades.md`` is true: what it names here is here, and what is not known says so."""

import re
from pathlib import Path

import pytest

from sostrades_api.engine import DescriptorError, InvalidInputs, build
from sostrades_api.engine.descriptor import parse_descriptor
from sostrades_api.engine.numerical import NUMERICAL_INPUTS, OTHER_NAMES
from sostrades_api.processes import catalogue

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "coming-from-sostrades.md").read_text(encoding="utf-8")
VALUES = {
    "unit": "m",
    "description": "a length",
    "namespace": "ns_public",
    "visibility": "Shared",
    "user_level": 2,
    "structuring": True,
    "range": [0.0, 2.0],
    "default": 1.0,
    "possible_values": [1.0, 2.0],
    "editable": False,
    "optional": True,
    "numerical": True,
}


def test_every_key_that_the_page_says_is_the_same_is_understood():
    known = PAGE[PAGE.index("The keys ") : PAGE.index("are those you")]
    keys = set(re.findall(r"`(\w+)`", known))
    tables = {"dataframe_descriptor", "dynamic_dataframe_columns"}
    assert keys - VALUES.keys() == {"type", "subtype_descriptor"} | tables
    parse_descriptor("x", {"type": "float", **VALUES}, owner="Model", side="DESC_IN")
    kinds = ("float", "int", "string", "bool", "list", "multiple")
    table = {"type": "dataframe", "dataframe_descriptor": {kind: (kind, None, True) for kind in kinds}}
    parse_descriptor("t", {**table, "dynamic_dataframe_columns": True}, owner="Model", side="DESC_IN")
    nested = {"type": "dict", "subtype_descriptor": {"dict": {"list": "dataframe"}}}
    parse_descriptor("n", nested, owner="Model", side="DESC_IN")


@pytest.mark.parametrize("key", ["dataframe_edition_locked", "run_needed"])
def test_a_key_of_sostrades_is_refused_with_what_to_write_instead(key):
    assert f"| `{key}` |" in PAGE
    with pytest.raises(DescriptorError, match=f"{key}.*unknown key; (leave|say) "):
        parse_descriptor("x", {"type": "float", key: True}, owner="Model", side="DESC_IN")


def test_a_misspelt_key_is_refused_with_the_one_that_may_be_meant():
    with pytest.raises(DescriptorError, match="did you mean 'subtype_descriptor'"):
        parse_descriptor("x", {"type": "list", "subtype_desciptor": "x"}, owner="Model", side="DESC_IN")


@pytest.mark.parametrize("name", OTHER_NAMES)
def test_a_numerical_parameter_of_sostrades_is_refused_with_its_name_here(name):
    assert OTHER_NAMES[name] in NUMERICAL_INPUTS
    with pytest.raises(InvalidInputs, match=f"no such variable .*; did you mean '{OTHER_NAMES[name]}'"):
        build(catalogue.get("sellar")).execute({name: 1.0})


def test_every_parameter_that_the_page_names_is_one():
    table = PAGE[PAGE.index("## Numerical parameters") :]
    here = "".join(row.split("|")[2] for row in table.splitlines() if row.startswith("| "))
    named = {name for name in re.findall(r"`(\w+)`", here) if not name.startswith("MDA")}
    assert named - {"initial", "root_mean_square", "magnitude"} < NUMERICAL_INPUTS.keys()
