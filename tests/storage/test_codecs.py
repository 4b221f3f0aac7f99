import io
import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from sostrades_api.storage import CorruptValueError, UnstorableValueError
from sostrades_api.storage.codecs import Codec, decode, encode, hand_out
from tests.storage.sameness import same

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
PLAIN = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(), inner, max_size=5),
    max_leaves=20,
)
ARRAYS = hnp.arrays(
    st.one_of(
        hnp.floating_dtypes(endianness="="),
        hnp.integer_dtypes(endianness="="),
        hnp.unsigned_integer_dtypes(endianness="="),
        hnp.boolean_dtypes(),
    ),
    hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=5),
)


def column(rows: int) -> st.SearchStrategy:
    def of(cells, dtype):
        return st.lists(cells, min_size=rows, max_size=rows).map(lambda found: pd.Series(found, dtype=dtype))

    return st.one_of(
        of(st.floats(), "float64"),
        of(st.floats(width=32), "float32"),
        of(st.integers(-(2**63), 2**63 - 1), "int64"),
        of(st.integers(0, 2**64 - 1), "uint64"),
        of(st.booleans(), "bool"),
        of(st.text(st.characters(exclude_categories=["Cs"])) | st.none(), "str"),
        of(st.integers(-(2**62), 2**62) | st.none(), "Int64"),
        of(st.datetimes(), "datetime64[us]"),
        of(st.sampled_from(["low", "high"]), "category"),
        of(PLAIN, "object"),
    )


@st.composite
def frames(draw) -> pd.DataFrame:
    rows = draw(st.integers(0, 6))
    names = draw(st.lists(st.text(max_size=8), unique=True, min_size=1, max_size=5))
    return pd.DataFrame({name: draw(column(rows)) for name in names}, index=pd.RangeIndex(rows))


def round_trip(value):
    encoded = encode(value)
    return decode(encoded.codec, encoded.data)


@given(PLAIN)
@settings(deadline=None)
def test_scalars_lists_and_dicts_come_back_exactly(value):
    assert same(round_trip(value), value)
    assert encode(value).codec == Codec.JSON


@given(ARRAYS)
@settings(deadline=None)
def test_arrays_come_back_exactly_and_read_only(array):
    back = round_trip(array)
    assert same(back, array)
    assert not back.flags.writeable


@given(frames())
@settings(deadline=None)
def test_dataframes_come_back_exactly(frame):
    assert same(round_trip(frame), frame)


@given(
    st.recursive(
        SCALARS | ARRAYS | frames(),
        lambda i: st.lists(i, max_size=3) | st.dictionaries(st.text() | st.integers(), i, max_size=3),
        max_leaves=5,
    )
)
@settings(deadline=None)
def test_nested_tables_come_back_exactly_with_the_same_digest_each_time(value):
    encoded = encode(value)
    back = decode(encoded.codec, encoded.data)
    assert same(back, value)
    assert encode(back).digest == encoded.digest
    json.dumps(encoded.summary, allow_nan=False)


def test_a_dataframe_keeps_index_labels_and_order_of_columns():
    frame = pd.DataFrame({"b": [1.5, 2.5], 2020: [1, 2]}, index=pd.Index([10, 20], name="year"))
    pd.testing.assert_frame_equal(round_trip(frame), frame)


def test_time_zones_and_nullable_numbers_keep_their_types():
    frame = pd.DataFrame(
        {
            "at": pd.to_datetime(["2020-01-01", None]).tz_localize("UTC"),
            "count": pd.array([2**62 + 1, None], dtype="Int64"),
            "flag": pd.array([True, None], dtype="boolean"),
        }
    )
    pd.testing.assert_frame_equal(round_trip(frame), frame)


def test_equal_values_have_one_digest_whatever_their_memory_layout():
    array = np.arange(6.0).reshape(2, 3)
    assert encode(array).digest == encode(np.asfortranarray(array)).digest
    frame = pd.DataFrame({"a": [1.0, 2.0], "b": [3.0, 4.0]})
    sliced = pd.DataFrame({"a": [1.0, 2.0, 9.0], "b": [3.0, 4.0, 9.0]}).iloc[:2]
    assert encode(frame).digest == encode(sliced).digest


def test_different_values_and_types_have_different_digests():
    values = [
        0,
        0.0,
        -0.0,
        False,
        None,
        "",
        "0",
        [],
        {},
        [0],
        float("nan"),
        float("inf"),
        np.zeros(1),
        np.zeros((1, 1)),
    ]
    assert len({encode(value).digest for value in values}) == len(values)


def test_the_order_of_keys_is_part_of_a_dict():
    assert encode({"a": 1, "b": 2}).digest != encode({"b": 2, "a": 1}).digest


def test_tuples_and_numpy_scalars_are_stored_as_what_they_stand_for():
    assert same(round_trip((np.float64(1.5), np.int64(2), np.bool_(True))), [1.5, 2, True])


@pytest.mark.parametrize(
    "value",
    [
        object(),
        {1, 2},
        b"bytes",
        1j,
        np.array([object()]),
        np.ma.masked_array([1.0, 2.0], mask=[True, False]),
        pd.Series([1.0]),
        pd.DataFrame({"a": [object()]}),
        pd.DataFrame({"a": [1j]}),
        pd.DataFrame({"a": [1.0]}, index=pd.MultiIndex.from_tuples([(1, 2)])),
        {(1, 2): 3},
        [lambda: None],
        10**5000,
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_cannot_be_kept_exactly_is_refused(value):
    with pytest.raises(UnstorableValueError):
        encode(value)


def test_a_value_that_contains_itself_is_refused():
    value: list = []
    value.append(value)
    with pytest.raises(UnstorableValueError, match="contains itself"):
        encode(value)


@pytest.mark.parametrize("value", [[1, 2], np.arange(3), pd.DataFrame({"a": [1]}), {"a": np.arange(3)}])
def test_truncated_bytes_are_an_error_and_not_a_value(value):
    encoded = encode(value)
    with pytest.raises(CorruptValueError):
        decode(encoded.codec, encoded.data[: len(encoded.data) // 2])


def test_a_pickled_array_is_never_loaded():
    file = io.BytesIO()
    np.save(file, np.array([object()], dtype=object), allow_pickle=True)
    with pytest.raises(CorruptValueError):
        decode(Codec.NPY, file.getvalue())


def test_an_unknown_codec_is_an_error():
    with pytest.raises(CorruptValueError, match="unknown codec"):
        decode("pickle", b"")


def test_summaries_say_shape_and_columns():
    assert encode(1.0).summary is None
    assert encode([1, 2, 3]).summary == {"kind": "list", "length": 3}
    assert encode(np.zeros((2, 3))).summary == {"kind": "ndarray", "shape": [2, 3], "dtype": "<f8"}
    frame = pd.DataFrame({"a": [1.0], "b": [2.0]})
    table = {"kind": "dataframe", "shape": [1, 2], "columns": ["a", "b"]}
    assert encode(frame).summary == table
    assert encode({"x": frame, "y": float("nan")}).summary == {
        "kind": "dict",
        "length": 2,
        "items": [["x", table], ["y", {"kind": "plain", "value": None}]],
    }


def test_the_summary_of_very_many_tables_stays_short():
    summary = encode({f"frame {number}": pd.DataFrame({"a": [number]}) for number in range(500)}).summary
    assert summary == {"kind": "dict", "length": 500, "tables": True}


def test_what_a_reader_does_to_a_value_does_not_reach_the_original():
    original = {"list": [1, [2]], "frame": pd.DataFrame({"a": [1.0]})}
    handed = hand_out(original)
    handed["list"][1].append(3)
    handed["frame"].loc[0, "a"] = 9.0
    handed["frame"]["b"] = 1
    assert original["list"] == [1, [2]]
    assert original["frame"].to_dict("list") == {"a": [1.0]}
