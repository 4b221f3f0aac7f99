"""The floats of couplings as one vector, and back."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from sostrades_api.engine.comparison import same_bits
from sostrades_api.engine.coupling_vector import CouplingVector
from sostrades_api.engine.loop import Loop
from sostrades_api.engine.protection import freeze

FLOATS = st.floats(allow_nan=False)


def loop_of(count):
    return Loop(nodes=(), couplings=tuple(range(count)), feedback=(), only_floats=False)


tables = st.integers(0, 4).flatmap(
    lambda rows: st.builds(
        lambda a, b, n: pd.DataFrame({"a": a, "n": n, "b": b}),
        hnp.arrays(np.float64, rows, elements=FLOATS),
        hnp.arrays(np.float64, rows, elements=FLOATS),
        hnp.arrays(np.int64, rows),
    )
)
float_tables = hnp.arrays(np.float64, st.tuples(st.integers(0, 4), st.integers(1, 3)), elements=FLOATS).map(
    lambda matrix: pd.DataFrame(matrix, columns=[f"c{i}" for i in range(matrix.shape[1])])
)
leaves = st.one_of(
    FLOATS,
    st.integers(-9, 9),
    st.text(max_size=2),
    st.none(),
    hnp.arrays(np.float64, hnp.array_shapes(max_dims=2, max_side=3), elements=FLOATS),
    hnp.arrays(np.int64, 2),
    tables,
    float_tables,
)
values_of_loops = st.lists(
    st.recursive(
        leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner)
    ),
    max_size=4,
)


@settings(deadline=None)
@given(values_of_loops)
def test_what_is_gathered_and_scattered_is_the_same_to_the_bit(values):
    values = [freeze(value) for value in values]
    vector = CouplingVector.of(loop_of(len(values)), values)
    numbers = vector.gather(values)
    assert numbers.shape == (vector.size,) == (len(vector.slots()),)
    scattered = list(values)
    vector.scatter(numbers, scattered)
    assert all(map(same_bits, values, scattered))


def test_a_vector_is_laid_out_in_the_order_of_the_couplings():
    values = [1.0, np.array([2.0, 3.0]), 7, pd.DataFrame({"a": [4.0, 5.0], "year": [1, 2]})]
    vector = CouplingVector.of(loop_of(4), values)
    assert vector.layout == ((0, slice(0, 1)), (1, slice(1, 3)), (2, slice(3, 3)), (3, slice(3, 5)))
    assert vector.gather(values).tolist() == [1.0, 2.0, 3.0, 4.0, 5.0]
    vector.scatter(np.arange(5.0), values)
    assert (values[0], values[1].tolist(), values[2]) == (0.0, [1.0, 2.0], 7)
    assert values[3].to_dict("list") == {"a": [3.0, 4.0], "year": [1, 2]}


def test_what_is_scattered_cannot_be_written_and_outlives_the_vector():
    values, numbers = [np.array([1.0, 2.0])], np.array([3.0, 4.0])
    CouplingVector.of(loop_of(1), values).scatter(numbers, values)
    numbers[:] = 0.0
    assert values[0].tolist() == [3.0, 4.0]
    assert not values[0].flags.writeable


def test_another_number_of_floats_needs_a_new_layout():
    vector = CouplingVector.of(loop_of(1), [np.zeros(2)])
    with pytest.raises(ValueError, match="broadcast"):
        vector.gather([np.zeros(3)])
