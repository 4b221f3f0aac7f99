"""The quick looks at arrays and tables see what the slow ones do."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sostrades_api.engine import output_faults, tables
from sostrades_api.engine.flattening import flatten
from sostrades_api.engine.output_faults import all_finite
from sostrades_api.engine.protection import hand_out


@pytest.mark.parametrize("size", [0, 1, 5, 8191, 8192, 8193, 100_000])
@pytest.mark.parametrize("magnitude", [1.0, 1e200, 1e308])
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


@given(st.lists(st.floats(width=64), max_size=140), st.booleans())
def test_any_numbers_are_finite_when_each_of_them_is(numbers, one_thread):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(output_faults, "_HAS_ONE_THREAD", one_thread)
        patch.setattr(output_faults, "_PIECE", 7)
        assert all_finite(np.array(numbers)) == bool(np.isfinite(numbers).all())


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


KINDS = ("float64", "float64", "int64", "bool", "float32", "str", "object")


@st.composite
def put_together(draw):
    """A table whose columns came in pieces, so that they lie in memory in any order."""
    rows, dtypes = draw(st.integers(0, 3)), draw(st.lists(st.sampled_from(KINDS), min_size=1, max_size=6))
    cells = st.lists(st.integers(0, 3), min_size=rows, max_size=rows)
    made = {f"c{i}": pd.Series(draw(cells)).astype(dtype) for i, dtype in enumerate(dtypes)}
    order = draw(st.permutations(list(made)))
    cut = draw(st.integers(0, len(order)))
    frame = pd.DataFrame({name: made[name] for name in order[:cut]}, index=range(rows))
    for name in order[cut:]:
        frame[name] = made[name]
    return frame[sorted(frame.columns)] if draw(st.booleans()) else frame


@settings(deadline=None, max_examples=40)
@given(put_together(), st.booleans())
def test_tables_are_made_flat_alike_however_they_lie_in_memory(frame, known):
    whole = tables.plainly_ordered(frame)
    flat = flatten([frame])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tables, "_BLOCKS_KNOWN", known)
        again = flatten([whole])
    assert flat.key == again.key
    assert flat.starts == again.starts
    assert np.array_equal(flat.numbers, again.numbers)
    floats = [name for name, dtype in frame.dtypes.items() if dtype.kind == "f"]
    assert flat.numbers.tolist() == [x for name in floats for x in frame[name].tolist()]


@settings(deadline=None, max_examples=40)
@given(put_together(), st.integers(0, 5), st.integers(0, 2))
def test_another_whole_number_flag_or_text_is_seen_when_tables_are_made_flat(frame, column, row):
    column, row = column % frame.shape[1], row % max(len(frame), 1)
    if len(frame) and frame.dtypes.iloc[column].kind != "f":
        other = frame.copy()
        name, cell = frame.columns[column], frame.iloc[row, column]
        changed = other[name].tolist()
        changed[row] = not cell if other[name].dtype.kind == "b" else cell + cell or type(cell)(1)
        other[name] = pd.Series(changed).astype(other[name].dtype)
        assert flatten([frame]).key != flatten([other]).key


@settings(deadline=None, max_examples=40)
@given(put_together())
def test_one_glance_at_a_table_sees_what_single_looks_do(frame):
    found, floats, plain = tables.glance(frame)
    assert (found, plain) == (tables.layout(frame), tables.in_plain_order(frame))
    assert all(one is other for one, other in zip(floats, tables.float_blocks(frame), strict=True))


@settings(deadline=None, max_examples=40)
@given(put_together(), st.booleans(), st.booleans())
def test_neither_who_made_a_kept_table_nor_who_is_given_it_changes_it(frame, declared, named):
    columns = pd.Index(list(frame.columns)) if declared else None
    frame.index.name = "row" if named else None
    wanted = frame.copy()
    kept = tables.kept_table(frame, columns=columns)
    for own in (hand_out(kept), tables.own_table(kept), frame):
        pd.testing.assert_frame_equal(own, wanted)
        own.columns.name = own.index.name = "changed"
        own.insert(0, "new", 1.0)
        if len(own) and own.dtypes.iloc[1].kind in "fi":
            own.iloc[0, 1] = 7
        del own[own.columns[-1]]
        pd.testing.assert_frame_equal(kept, wanted)
    assert list(kept) == list(wanted)
    assert [kept.iloc[:, i].tolist() for i in range(kept.shape[1])] == [wanted[n].tolist() for n in wanted]
