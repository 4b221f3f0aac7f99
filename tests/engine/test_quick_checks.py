"""The quick looks at arrays and tables see what the slow ones do."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sostrades_api.engine import output_faults, tables
from sostrades_api.engine.output_faults import all_finite


@pytest.mark.parametrize("size", [0, 1, 5, 4095, 4096, 4097, 100_000])
@pytest.mark.parametrize("magnitude", [1.0, 1e200])
@pytest.mark.parametrize("bad", [None, np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("one_thread", [True, False])
def test_a_number_that_is_not_finite_is_seen_wherever_it_stands(
    monkeypatch, size, magnitude, bad, one_thread
):
    monkeypatch.setattr(output_faults, "_HAS_ONE_THREAD", one_thread)
    for place in {0, size // 2, max(size - 1, 0)}:
        numbers = np.full(size, magnitude)
        if bad is not None and size:
            numbers[place] = bad
        assert all_finite(numbers) == (bad is None or not size)


@given(st.booleans(), st.sampled_from([np.float32, np.float64]), st.booleans())
def test_numbers_are_seen_in_any_layout(transposed, dtype, bad):
    numbers = np.ones((90, 70), dtype=dtype)
    numbers[40, 30] = np.nan if bad else 2.0
    seen = numbers.T[::3, ::2] if transposed else numbers[::2, ::3]
    assert all_finite(seen) == (not bad)


def test_this_pandas_is_one_whose_blocks_are_known():
    assert tables._BLOCKS_KNOWN


@settings(deadline=None)
@pytest.mark.parametrize("known", [True, False])
@given(
    st.lists(st.sampled_from(["float64", "int64", "str", "bool", "object"]), max_size=5),
    st.integers(0, 3),
)
def test_a_table_of_ones_own_is_equal_and_keeps_its_changes_to_itself(known, dtypes, rows):
    made = {f"c{i}": pd.Series([1] * rows).astype(dtype) for i, dtype in enumerate(dtypes)}
    frame = pd.DataFrame(made, index=range(rows))
    wanted = frame.copy()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tables, "_BLOCKS_KNOWN", known)
        own = tables.own_table(frame)
        pd.testing.assert_frame_equal(own, wanted)
        assert tables.layout(own) == tables.layout(frame)
        assert sum(b.size for b in tables.float_blocks(frame)) == rows * dtypes.count("float64")
    own.columns.name = own.index.name = "changed"
    own["new"] = 1.0
    for name in (dtypes and rows and made) or ():
        own.loc[0, name] = own.loc[0, name] if own[name].dtype.kind not in "fi" else 7
    pd.testing.assert_frame_equal(frame, wanted)
