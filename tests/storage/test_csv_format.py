import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from sostrades_api.engine.descriptor import parse_descriptor
from sostrades_api.storage.csv_format import CsvError, dump, parse
from tests.storage.sameness import same

INT64 = st.integers(-(2**63), 2**63 - 1)
FLOATS = st.floats(allow_nan=False)
TEXTS = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8
) | st.sampled_from(
    [
        "",
        "NA",
        "nan",
        "1e5",
        "true",
        "True",
        "=1+1",
        "007",
        "+1",
        "-inf",
        "[1]",
        '"[1]"',
        '"',
        "a,b",
        "a\r\nb",
        " 5",
        "é",
    ]
)


def variable(**descriptor):
    return parse_descriptor("v", descriptor, owner="Test", side="DESC_IN")


def nested(*kinds: str):
    descriptor = kinds[-1]
    for kind in kinds[-2::-1]:
        descriptor = {kind: descriptor}
    return (
        variable(type=kinds[0], subtype_descriptor=descriptor) if len(kinds) > 1 else variable(type=kinds[0])
    )


ANYTHING = st.recursive(
    st.none() | st.booleans() | INT64 | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
COLUMNS = st.sampled_from(["a", "b", "value", "variable"])
SCALARS = {"float": FLOATS, "int": st.integers(), "bool": st.booleans(), "string": TEXTS}
FRAME = variable(
    type="dataframe",
    dataframe_descriptor={
        "number": {"type": "float"},
        "count": {"type": "int"},
        "name, of it": {"type": "string"},
        "flag": {"type": "bool"},
        "items": {"type": "list"},
    },
)
UNTYPED = variable(type="dataframe")


def comes_back_or_is_refused(declared, value) -> bool:
    try:
        dump(declared, value)
    except CsvError as error:
        assert "no CSV form" in str(error)  # noqa: PT017 - either is right
        return True
    return comes_back(declared, value)


def comes_back(declared, value) -> bool:
    return same(parse(declared, dump(declared, value)), value)


@st.composite
def declared_frames(draw, min_rows=0):
    rows = draw(st.integers(min_rows, 4))

    def cells(of):
        return draw(st.lists(of, min_size=rows, max_size=rows))

    return pd.DataFrame(
        {
            "number": pd.Series(cells(st.floats()), dtype="float64"),
            "count": pd.Series(cells(INT64), dtype="int64"),
            "name, of it": pd.Series(cells(TEXTS | st.none()), dtype="str"),
            "flag": pd.Series(cells(st.booleans()), dtype="bool"),
            "items": pd.Series(cells(st.lists(FLOATS | TEXTS, max_size=3)), dtype="object"),
        }
    )


@pytest.mark.parametrize("kind", SCALARS)
@given(data=st.data())
@settings(deadline=None)
def test_scalars_lists_and_dicts_of_them_come_back_exactly(kind, data):
    values = SCALARS[kind]
    assert comes_back(variable(type=kind), data.draw(values))
    assert comes_back(nested("list", kind), data.draw(st.lists(values, max_size=5)))
    assert comes_back(nested("dict", kind), data.draw(st.dictionaries(TEXTS, values, max_size=5)))
    assert comes_back(
        nested("dict", "list", kind), data.draw(st.dictionaries(TEXTS, st.lists(values, max_size=3)))
    )


@given(
    st.lists(
        st.none() | st.booleans() | st.integers() | FLOATS | TEXTS | st.lists(INT64 | TEXTS, max_size=3),
        max_size=6,
    )
)
@settings(deadline=None)
def test_lists_of_no_declared_type_come_back_exactly(value):
    assert comes_back(variable(type="list"), value)


@given(st.lists(st.dictionaries(TEXTS.filter(bool), FLOATS, max_size=4), min_size=1, max_size=5))
@settings(deadline=None)
def test_lists_of_dicts_come_back_with_the_keys_they_had(value):
    declared = nested("list", "dict", "float")
    if not any(value):
        with pytest.raises(CsvError):
            dump(declared, value)
        return
    back = parse(declared, dump(declared, value))
    assert back == value
    first_seen = list(dict.fromkeys(name for row in value for name in row))
    assert list(dict.fromkeys(name for row in back for name in row)) == first_seen


@given(
    hnp.arrays(
        st.sampled_from([np.float64, np.int64]),
        hnp.array_shapes(min_dims=1, max_dims=2, min_side=1, max_side=5),
    )
)
@settings(deadline=None)
def test_arrays_come_back_exactly(array):
    assert comes_back(variable(type="array"), array)


@given(declared_frames())
@settings(deadline=None)
def test_declared_dataframes_come_back_exactly(frame):
    assert comes_back(FRAME, frame)


@given(st.dictionaries(TEXTS, declared_frames(min_rows=1), min_size=1, max_size=3))
@settings(deadline=None)
def test_dicts_of_declared_dataframes_come_back_exactly(frames):
    declared = variable(
        type="dict",
        subtype_descriptor={"dict": "dataframe"},
        dataframe_descriptor=dict(FRAME.columns),
    )
    assert comes_back(declared, frames)


@st.composite
def undeclared_frames(draw):
    rows = draw(st.integers(0, 3))

    def cells(of, dtype):
        return pd.Series(draw(st.lists(of, min_size=rows, max_size=rows)), dtype=dtype)

    kinds = {"float64": st.floats(), "int64": INT64, "bool": st.booleans()}
    kinds |= {"str": TEXTS, "object": st.booleans() | INT64 | FLOATS | TEXTS | st.lists(TEXTS, max_size=2)}
    names = draw(st.lists(COLUMNS, unique=True, max_size=3))
    frame = {}
    for name in names:
        dtype = draw(st.sampled_from(list(kinds)))
        column = cells(kinds[dtype], dtype)
        if dtype == "object":  # of one type only, it would come back as a column of that
            column = pd.concat([column, pd.Series([["x"]], dtype=object)], ignore_index=True)
        frame[name] = column.iloc[-rows:].reset_index(drop=True) if rows else column.iloc[:0]
    return pd.DataFrame(frame, index=pd.RangeIndex(rows))


@given(st.dictionaries(TEXTS, undeclared_frames(), max_size=3))
@settings(deadline=None)
def test_dicts_of_any_dataframes_come_back_exactly_or_are_refused(frames):
    assert comes_back_or_is_refused(nested("dict", "dataframe"), frames)
    assert comes_back_or_is_refused(variable(type="dict"), frames)


@given(st.dictionaries(TEXTS, declared_frames(), max_size=3))
@settings(deadline=None)
def test_dicts_of_declared_dataframes_come_back_unless_one_is_empty(frames):
    declared = variable(
        type="dict", subtype_descriptor={"dict": "dataframe"}, dataframe_descriptor=dict(FRAME.columns)
    )
    assert comes_back_or_is_refused(declared, frames)


@given(st.lists(ANYTHING, max_size=4) | st.lists(st.dictionaries(TEXTS, ANYTHING, max_size=3), max_size=4))
@settings(deadline=None)
def test_lists_of_anything_come_back_exactly_or_are_refused(value):
    assert comes_back_or_is_refused(variable(type="list"), with_keys_in_one_order(value))


def with_keys_in_one_order(value):
    if not all(isinstance(row, dict) for row in value):
        return value
    order = dict.fromkeys(name for row in value for name in row)
    return [{name: row[name] for name in order if name in row} for row in value]


@given(st.dictionaries(TEXTS, ANYTHING, max_size=4))
@settings(deadline=None)
def test_dicts_of_anything_come_back_exactly_or_are_refused(value):
    assert comes_back_or_is_refused(variable(type="dict"), value)


@given(
    st.lists(st.floats(), max_size=4), st.lists(st.dictionaries(TEXTS, st.floats(), max_size=3), max_size=3)
)
@settings(deadline=None)
def test_missing_numbers_in_lists_and_dicts_of_floats_come_back(numbers, records):
    assert comes_back(nested("list", "float"), numbers)
    assert comes_back(nested("dict", "float"), {str(at): number for at, number in enumerate(numbers)})
    try:
        text = dump(nested("list", "dict", "float"), records)
    except CsvError:
        assert not any(records)
        return
    back = parse(nested("list", "dict", "float"), text)
    assert all(
        same({name: row[name] for name in wanted}, wanted) for row, wanted in zip(back, records, strict=True)
    )
    assert [len(row) for row in back] == [len(row) for row in records]


@pytest.mark.parametrize(
    "frames",
    [
        {"full": pd.DataFrame({"x": [1.0]}), "empty": pd.DataFrame({"x": pd.Series(dtype="float64")})},
        {"one": pd.DataFrame({"x": [1.0]}), "other": pd.DataFrame({"x": [1.0], "y": [2.0]})},
        {"one": pd.DataFrame({"x": [1.0], "y": [2.0]}), "other": pd.DataFrame({"y": [1.0], "x": [2.0]})},
        {"none": pd.DataFrame(index=pd.RangeIndex(2))},
    ],
)
def test_a_dict_of_tables_that_would_change_is_refused(frames):
    for declared in (nested("dict", "dataframe"), variable(type="dict")):
        with pytest.raises(CsvError, match="no CSV form"):
            dump(declared, frames)


@pytest.mark.parametrize("value", [[{"a": None, "b": 1.0}], [{"a": math.nan}], [math.nan, "x"]])
def test_a_list_that_would_lose_an_entry_is_refused(value):
    with pytest.raises(CsvError, match="no CSV form"):
        dump(variable(type="list"), value)


@given(
    st.lists(st.floats(), min_size=1, max_size=5),
    st.lists(INT64, min_size=1, max_size=5),
    st.lists(TEXTS | st.just(math.nan), min_size=1, max_size=5),
)
@settings(deadline=None)
def test_undeclared_columns_keep_numbers_and_texts_apart(numbers, counts, texts):
    for column in (
        pd.Series(numbers, dtype="float64"),
        pd.Series(counts),
        pd.Series([*texts, "x"], dtype="str"),
    ):
        assert comes_back(UNTYPED, pd.DataFrame({"only": column}))
        assert comes_back(UNTYPED, pd.DataFrame({"a": column, "b": column}))


def test_the_formats_are_the_documented_ones():
    assert dump(variable(type="float"), 1.5) == b"value\n1.5\n"
    assert dump(nested("list", "int"), [1, 2]) == b"value\n1\n2\n"
    assert dump(variable(type="array"), np.array([[1.0, 2.0], [3.0, 4.5]])) == b"0,1\n1.0,2.0\n3.0,4.5\n"
    assert dump(nested("dict", "float"), {"a": 1.0, "b": 2.0}) == b"variable,value\na,1.0\nb,2.0\n"
    assert dump(nested("list", "dict", "float"), [{"a": 1.0}, {"b": 2.0}]) == b"a,b\n1.0,\n,2.0\n"
    frame = pd.DataFrame({"year": [2020, 2025], "co2": [0.1 + 0.2, math.nan]})
    assert dump(UNTYPED, frame) == b"year,co2\n2020,0.30000000000000004\n2025,\n"
    frames = {"one": frame, "two": frame.iloc[:1]}
    assert dump(nested("dict", "dataframe"), frames) == (
        b"variable,year,co2\none,2020,0.30000000000000004\none,2025,\ntwo,2020,0.30000000000000004\n"
    )


@pytest.mark.parametrize(
    "data",
    [
        b"year,name\n2020,a\n2025,b\n",
        b"\xef\xbb\xbfyear,name\n2020,a\n2025,b\n",
        b"year,name\r\n2020,a\r\n2025,b\r\n",
        b"year,name\r2020,a\r2025,b",
        b"year,name\n2020,a\n\n\n2025,b\n\n",
        b'"year","name"\n"2020","a"\n"2025","b"\n\n\n',
    ],
    ids=["plain", "BOM", "CRLF", "CR", "blank lines", "all quoted"],
)
def test_spreadsheets_dialects_of_csv_are_understood(data):
    declared = variable(
        type="dataframe", dataframe_descriptor={"year": {"type": "int"}, "name": {"type": "string"}}
    )
    assert parse(declared, data).to_dict("list") == {"year": [2020, 2025], "name": ["a", "b"]}


def test_quoted_cells_hold_commas_quotes_and_line_ends():
    assert parse(nested("list", "string"), b'value\n"a,b"\n"say ""hi"""\n"two\nlines"\n') == [
        "a,b",
        'say "hi"',
        "two\nlines",
    ]


def test_an_empty_cell_is_missing_and_a_quoted_one_is_empty_text():
    declared = variable(
        type="dataframe", dataframe_descriptor={"t": {"type": "string"}, "x": {"type": "float"}}
    )
    frame = parse(declared, b't,x\n,\n"",""\n')
    assert frame["t"].isna().tolist() == [True, False]
    assert frame["t"][1] == ""
    assert frame["x"].isna().tolist() == [True, True]


def test_cells_are_never_evaluated():
    text = "__import__('os').system('false')"
    assert parse(nested("list", "string"), f'value\n"{text}"\n=1+1\n'.encode()) == [text, "=1+1"]
    with pytest.raises(CsvError, match="not a list or a dict in JSON"):
        parse(nested("dict", "list", "float"), b"variable,value\na,(1 for _ in ())\n")


def test_an_optional_value_may_be_absent():
    declared = variable(type="float", optional=True)
    assert parse(declared, dump(declared, None)) is None


@pytest.mark.parametrize("value", [np.zeros((2, 2, 2)), np.zeros((3, 0))])
def test_what_has_no_csv_form_is_refused(value):
    with pytest.raises(CsvError, match="no CSV form"):
        dump(variable(type="array"), value)
