"""What is wrong with a file is said, and where."""

import pytest

from sostrades_api.engine import InvalidValue
from sostrades_api.storage.csv_format import CsvError, parse
from tests.storage.test_csv_format import nested, variable


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
        (b"name;x\na;1\n", "separated by semicolons: use commas, and points in numbers; missing columns"),
        (b"name;x\na;1,5\n", "separated by semicolons"),
        (b"name\tx\na\t1\n", "separated by tabs"),
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
