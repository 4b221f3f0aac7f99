"""Whatever numbers a discipline computes with, readers get those that are declared."""

import numpy as np
import pandas as pd
import pytest

from sostrades_api.engine import InvalidOutput, NotFinite
from tests.engine.making import returning

ARRAY = {"type": "array"}


def table(kind: str) -> dict:
    return {"type": "dataframe", "dataframe_descriptor": {"v": {"type": kind}}}


@pytest.mark.parametrize(
    "numbers",
    [
        np.array([1, 2]),
        np.array([1, 2], dtype=np.uint8),
        np.array([1, 2], dtype=np.float32),
        np.array([1, 2], dtype=">f8"),
        np.array([1, 2], dtype=np.longdouble),
    ],
)
def test_every_array_holds_doubles(numbers):
    made = returning(ARRAY, numbers)
    assert made.dtype == np.float64
    assert made.dtype.isnative
    assert made.tolist() == [1.0, 2.0]


def test_whole_numbers_of_a_float_column_are_doubles_when_others_read_them():
    made = returning(table("float"), pd.DataFrame({"v": [10**10]}))
    assert float((made["v"] * made["v"]).iloc[0]) == 1e20


def test_only_columns_that_are_declared_as_floats_become_doubles():
    columns = {
        "year": {"type": "int"},
        "v": {"type": "float"},
        "w": {"type": "float"},
        "s": {"type": "string"},
    }
    declared = {"type": "dataframe", "dataframe_descriptor": columns}
    given = pd.DataFrame({"year": np.array([2020], dtype=np.int32), "v": [1], "w": [0.5], "s": ["x"]})
    made = returning(declared, given)
    assert [str(dtype) for dtype in made.dtypes] == ["int64", "float64", "float64", "str"]
    assert made["w"].tolist() == [0.5]


def test_a_column_of_whole_numbers_holds_no_more_than_64_bits():
    with pytest.raises(InvalidOutput, match="'v' holds a number that does not fit 64 bits"):
        returning(table("int"), pd.DataFrame({"v": np.array([2**63], dtype=np.uint64)}))


def test_a_number_beyond_doubles_is_not_finite():
    huge = np.array([1], dtype=np.longdouble) * np.longdouble("1e400")
    with pytest.raises(NotFinite):
        returning(ARRAY, huge)
    with pytest.raises(NotFinite):
        returning(table("float"), pd.DataFrame({"v": huge}))


def test_a_mask_is_refused_and_told():
    with pytest.raises(InvalidOutput, match="without a mask"):
        returning(ARRAY, np.ma.array([1.0, 5.0], mask=[False, True]))


@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")
def test_a_matrix_becomes_an_array():
    made = returning(ARRAY, np.matrix([[1.0, 2.0]]))
    assert type(made) is np.ndarray
    assert (made * made).tolist() == [[1.0, 4.0]]
