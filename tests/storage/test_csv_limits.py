"""Small files cannot keep a server busy."""

import numpy as np
import pandas as pd
import pytest

from sostrades_api.storage.csv_format import CsvError, dump, parse
from tests.storage.test_csv_format import UNTYPED, comes_back, nested, variable


def header(columns: int) -> bytes:
    return ",".join(f"c{position}" for position in range(columns)).encode()


@pytest.mark.parametrize("columns", [5_001, 5_002, 1_000_000])
def test_a_header_of_too_many_columns_is_refused_quickly(columns):
    with pytest.raises(CsvError, match="more than 5000 columns"):
        parse(UNTYPED, header(columns) + b"\n")


def test_a_dict_of_too_many_tables_or_columns_is_refused_quickly():
    tables = nested("dict", "dataframe")
    rows = b"".join(b"k%d,1\n" % number for number in range(30_000))
    with pytest.raises(CsvError, match="more than 1000 tables"):
        parse(tables, b"variable,x\n" + rows)
    with pytest.raises(CsvError, match="more than 10000 columns in all"):
        parse(
            tables,
            b"variable," + header(100) + b"\n" + b"".join(b"k%d%b\n" % (k, b"," * 100) for k in range(999)),
        )
    frames = {f"k{number}": pd.DataFrame({"x": [1]}) for number in range(1_001)}
    with pytest.raises(CsvError, match="more than 1000 tables has no CSV form"):
        dump(tables, frames)
    frames.popitem()
    assert comes_back(tables, frames)
    with pytest.raises(CsvError, match="more than 5000 columns has no CSV form"):
        dump(variable(type="array"), np.zeros((1, 5_001)))
    assert comes_back(variable(type="array"), np.zeros((1, 5_000)))


def test_tables_whose_rows_are_mixed_in_the_file_keep_their_order():
    frames = parse(nested("dict", "dataframe"), b"variable,x\nb,1\na,2\nb,3\na,4\nb,5\n")
    assert {key: frame["x"].tolist() for key, frame in frames.items()} == {"b": [1, 3, 5], "a": [2, 4]}
    assert list(frames) == ["b", "a"]


def test_a_key_that_stands_twice_at_the_end_of_many_is_found_quickly():
    rows = b"".join(b"k%d,1\n" % number for number in range(100_000))
    with pytest.raises(CsvError, match="row 100001: 'k99999' stands there twice"):
        parse(nested("dict", "int"), b"variable,value\n" + rows + b"k99999,1\n")


def test_of_many_unknown_columns_only_some_are_named():
    declared = variable(type="dataframe", dataframe_descriptor={"x": {"type": "float"}})
    with pytest.raises(CsvError, match=r"unknown columns: c0, c1, c2, c3, c4 and 995 more \(declared: x\)"):
        parse(declared, header(1_000) + b"\n")


def test_a_hundred_thousand_unbalanced_quotes_are_refused_quickly():
    with pytest.raises(CsvError):
        parse(UNTYPED, b"a,b\n" + b'"x,' * 100_000)
