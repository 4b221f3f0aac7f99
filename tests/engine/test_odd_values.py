"""Values that nobody can store, calculate with or look through are refused, and say which and where."""

import collections.abc
import decimal

import numpy as np
import pandas as pd
import pytest

from sostrades_api.engine import (
    Composed,
    DescriptorError,
    Discipline,
    DisciplineRaised,
    InvalidInputs,
    InvalidOutput,
    NotFinite,
    PlaceError,
    Process,
    StructureFailed,
    UnitError,
    build,
    run,
    units,
)
from tests.engine.making import discipline, process, returning

FRAME = {"type": "dataframe"}
FLOAT = {"type": "float"}


def in_cells(*cells):
    return pd.DataFrame({"a": pd.Series(list(cells), dtype=object)})


@pytest.mark.parametrize(
    ("cell", "kind"),
    [
        (decimal.Decimal("NaN"), "Decimal"),
        (complex("nan"), "complex"),
        (len, "builtin_function_or_method"),
        (pd.Timestamp(2020, 1, 1), "Timestamp"),
        (np.datetime64("NaT"), "datetime64"),
        ({1, 2}, "set"),
        ([[1.0, {2}]], "set"),
        ([np.array([1j])], "array of complex128"),
    ],
)
@pytest.mark.parametrize("optional", [False, True])
def test_what_cannot_be_stored_is_refused_in_a_cell(cell, kind, optional):
    with pytest.raises(InvalidOutput, match=f"column 'a', row 2 holds a {kind}"):
        returning({**FRAME, "optional": optional}, in_cells("text", cell))


def test_not_a_time_is_missing_in_a_cell():
    with pytest.raises((NotFinite, InvalidOutput), match="row 1"):
        returning(FRAME, in_cells(pd.NaT))


def test_lists_and_arrays_lie_in_cells():
    made = returning(FRAME, in_cells([1.0, "a"], np.array([1.0]), None).head(2))
    assert made["a"].tolist() == [[1.0, "a"], np.array([1.0])]


def test_an_array_in_a_cell_does_not_change_with_what_looks_into_it():
    array = np.array([1.0, 2.0])
    view = array[:]
    made = returning(FRAME, in_cells(array))
    view[0] = 9.0
    assert made["a"][0].tolist() == [1.0, 2.0]


def test_a_list_that_holds_itself_is_refused_both_ways():
    endless = []
    endless.append(endless)
    with pytest.raises(InvalidOutput, match=r"'A', output 'y': .*in themselves"):
        returning({"type": "list"}, endless)
    plan = build(process({"A": discipline({"x": {"type": "list"}}, {"y": None}, lambda _i: {"y": 1.0})}))
    with pytest.raises(InvalidInputs, match="in themselves"):
        plan.execute({"x": endless})


def test_a_mapping_that_raises_names_its_discipline():
    class Lazy(collections.abc.Mapping):
        def __getitem__(self, key):
            raise RuntimeError(key)

        def __iter__(self):
            return iter(["y"])

        def __len__(self):
            return 1

    with pytest.raises(DisciplineRaised, match="'A' raised RuntimeError"):
        run(process({"A": discipline({}, {"y": None}, lambda _i: Lazy())}))


# --- given values -----------------------------------------------------------------------------------------

FLOATS = {"type": "list", "subtype_descriptor": {"list": "float"}}
TABLE = {"type": "dataframe", "dataframe_descriptor": {"v": FLOAT}}
INEXACT = 2**53 + 1


def given(declared, value):
    seen = []
    model = discipline({"x": declared}, {}, lambda i: seen.append(i["x"]) or {})
    run(process({"A": model}), {"x": value})
    return seen[0]


@pytest.mark.parametrize(
    ("declared", "value"),
    [
        (FLOAT, INEXACT),
        (FLOATS, [1.0, -INEXACT]),
        (TABLE, pd.DataFrame({"v": [1, INEXACT]})),
        (TABLE, pd.DataFrame({"v": pd.Series([1.5, INEXACT], dtype=object)})),
        ({"type": "array"}, [INEXACT]),
    ],
)
def test_a_whole_number_that_a_float_would_round_is_refused(declared, value):
    with pytest.raises(InvalidInputs, match="too large for a float to hold exactly"):
        given(declared, value)


@pytest.mark.parametrize("number", [2**53, -(2**60), 10**20, 10**23, 123456789012345680000])
def test_a_whole_number_that_a_float_is_written_as_is_taken(number):
    assert given(FLOAT, number) == float(number)


def test_a_large_whole_number_of_an_array_is_taken_when_it_is_exact():
    assert given({"type": "array"}, [2**60, 1]).tolist() == [2.0**60, 1.0]


@pytest.mark.parametrize("value", [[1.0, True], [[1.0], [np.True_]]])
def test_a_flag_is_no_number_of_an_array(value):
    with pytest.raises(InvalidInputs, match="with true or false"):
        given({"type": "array"}, value)


def test_a_given_mask_is_refused():
    with pytest.raises(InvalidInputs, match="mask"):
        given({"type": "array"}, np.ma.array([1.0, 5.0], mask=[False, True]))


# --- declarations -----------------------------------------------------------------------------------------


def test_a_range_beyond_floats_is_an_error_of_its_descriptor():
    with pytest.raises(DescriptorError, match="too large for a float"):
        discipline({"x": {**FLOAT, "range": [0, 10**400]}}, {}, lambda _i: {})


def test_no_disciplines_are_an_empty_dict():
    with pytest.raises(PlaceError, match="must be a dict by path, not None"):
        build(Process("p", disciplines=None))


@pytest.mark.parametrize("said", ["disciplines", "namespaces", "inputs"])
def test_what_a_process_adds_are_dicts(said):
    added = Process(
        "p",
        inputs={"n": {"type": "int", "default": 1}},
        structure=lambda _values: Composed(**{said: None}),
    )
    with pytest.raises(StructureFailed, match=f"{said} must be a dict"):
        build(added)


@pytest.mark.parametrize("at", ["A..B", ".", " ", 1, None, "A ", ".A"])
def test_a_namespace_lies_at_a_path(at):
    class Model(Discipline):
        DESC_OUT = {"y": {**FLOAT, "namespace": "ns"}}

        def run(self, inputs):
            return {"y": 1.0}

    with pytest.raises(PlaceError, match="namespace 'ns' must be a path"):
        build(Process("p", disciplines={"M": Model}, namespaces={"ns": at}))


def test_residuals_are_their_readers_own():
    result = run(process({"A": discipline({}, {"y": None}, lambda _i: {"y": 1.0})}))
    columns = list(result.residuals)
    mine, other = result.residuals, result.values["residuals_history"]
    mine["more"] = other["more"] = 1.0
    assert list(result.residuals) == list(result.values["residuals_history"]) == columns


# --- units ------------------------------------------------------------------------------------------------


def test_a_kt_is_a_kilotonne():
    assert units.convert(1.0, "kt", "t") == pytest.approx(1000.0)
    assert units.convert(1.0, "USD/kt", "USD/t") == pytest.approx(0.001)
    assert not units.compatible("kt", "m/s")


@pytest.mark.parametrize("unit", ["dB", "Np", "dBm", "1/dB"])
def test_logarithmic_units_are_not_converted_by_a_factor(unit):
    with pytest.raises(UnitError, match="logarithmic"):
        units.convert(1.0, unit, "-")
    assert units.same(unit, unit)
