import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from sostrades_api.engine import InvalidValue
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
def test_dicts_of_dataframes_come_back_exactly(frames):
    declared = variable(
        type="dict",
        subtype_descriptor={"dict": "dataframe"},
        dataframe_descriptor=dict(FRAME.columns),
    )
    assert comes_back(declared, frames)


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


def test_the_formats_are_those_of_the_contract():
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


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (b"", "empty"),
        (b"\n \n", "empty"),
        ("name,x\né,1\n".encode("latin-1"), "line 2 is not UTF-8"),
        ("name,x\na,1\n".encode("utf-16"), "UTF-16"),
        (b"name,x\na\0,1\n", "line 2 has a NUL byte"),
        (b"name,y\na,1\n", "missing columns: x; unknown columns: y"),
        (b"name\na\n", "missing columns: x"),
        (b"name,x,z\na,1,2\n", "unknown columns: z"),
        (b"name,x,x\na,1,2\n", "twice"),
        (b",name,x\n0,a,1\n", "leave out the index"),
        (b"name,x\na,1\nb\n", "row 2 has 1 cells, not 2"),
        (b"name,x\na,1\nb,2,3\n", "row 2 has 3 cells, not 2"),
        (b"name,x\na,1\nb,abc\n", "column 'x', row 2: 'abc' is not a number"),
        (b'name,x\na,"1,5"\n', "column 'x', row 1: '1,5' is not a number"),
        (b"name,x\na,1_000\n", "column 'x', row 1: '1_000' is not a number"),
        (b'name,x\na,"1\n', "line 2 has a quote"),
        (b'name,x\n"a"b,1\n', "line 2 has a quote"),
        (b'name,x\na"b,1\n', "line 2 has a quote"),
        (b"name;x\na;1\n", "missing columns: name, x"),
        (b'"name,x\n', "a quote in the header"),
    ],
)
def test_a_wrong_file_is_an_error_that_says_where(data, fault):
    declared = variable(
        type="dataframe", dataframe_descriptor={"name": {"type": "string"}, "x": {"type": "float"}}
    )
    with pytest.raises(InvalidValue, match=fault):
        parse(declared, data)


@pytest.mark.parametrize(
    ("kinds", "data", "fault"),
    [
        (("float",), b"value\n", "0 rows under the header, one is needed"),
        (("float",), b"value\n1\n2\n", "2 rows under the header"),
        (("float",), b"value\n\n", "0 rows|column 'value', row 1: is empty"),
        (("float",), b"1.5\n", "the header is '1.5', not 'value'"),
        (("int",), b"value\n1.5\n", "'1.5' is not a whole number"),
        (("int",), b"value\n" + b"9" * 5000 + b"\n", "has too many digits"),
        (("bool",), b"value\nyes\n", "'yes' is not True or False"),
        (("list", "float"), b"value\n1\n\n3\n", "column 'value', row 2: is empty"),
        (("list", "float"), b"a,b\n1,2\n", "the header is 'a,b', not 'value'"),
        (("dict", "float"), b"key,value\na,1\n", "not 'variable,value'"),
        (
            ("dict", "float"),
            b"variable,value\na,1\na,2\n",
            "column 'variable', row 2: 'a' stands there twice",
        ),
        (("dict", "float"), b"variable,value\n,1\n", "column 'variable', row 1: is empty"),
        (("dict", "float"), b"variable,value\na,\n", "column 'value', row 1: is empty"),
        (("dict", "dataframe"), b"name,x\na,1\n", "the first column is 'name', not 'variable'"),
        (("array",), b"0,2\n1,2\n", "the header is '0,2', not '0,1'"),
        (("array",), b"0,1\n1,x\n", "column '1', row 1: 'x' is not a number"),
    ],
)
def test_a_wrong_file_of_another_type_is_an_error_too(kinds, data, fault):
    with pytest.raises(CsvError, match=fault):
        parse(nested(*kinds), data)


def test_faults_in_a_dict_of_dataframes_name_the_row_of_the_file():
    declared = variable(
        type="dict", subtype_descriptor={"dict": "dataframe"}, dataframe_descriptor={"x": {"type": "float"}}
    )
    with pytest.raises(CsvError, match="column 'x', row 4: 'oops'"):
        parse(declared, b"variable,x\na,1\nb,2\na,3\nb,oops\n")


def test_many_faults_are_counted_and_not_all_told():
    data = b"value\n" + b"x\n" * 1000
    with pytest.raises(CsvError) as caught:
        parse(nested("list", "float"), data)
    assert len(caught.value.faults) == 6
    assert caught.value.faults[-1] == "995 more cells or rows are wrong"


def test_an_optional_value_may_be_absent():
    declared = variable(type="float", optional=True)
    assert parse(declared, dump(declared, None)) is None


@pytest.mark.parametrize("value", [np.zeros((2, 2, 2)), np.zeros((3, 0))])
def test_what_has_no_csv_form_is_refused(value):
    with pytest.raises(CsvError, match="no CSV form"):
        dump(variable(type="array"), value)


def test_a_header_of_a_million_columns_is_refused_quickly():
    with pytest.raises(CsvError, match="more than 100000 columns"):
        parse(UNTYPED, b"a," * 1_000_000 + b"a\n")


def test_a_hundred_thousand_unbalanced_quotes_are_refused_quickly():
    with pytest.raises(CsvError):
        parse(UNTYPED, b"a,b\n" + b'"x,' * 100_000)
