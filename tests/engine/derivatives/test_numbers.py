"""The floats of values as vectors, and the blocks of Jacobians that they make."""

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

from sostrades_api.engine.comparison import same_bits
from sostrades_api.engine.derivatives.blocks import ShapeFaultError, block_of, dense, placed
from sostrades_api.engine.derivatives.numbers import count, numbers_of, parts_of, place_of, with_numbers
from sostrades_api.engine.protection import freeze

VALUES = [
    (2.5, [2.5]),
    (np.array([[1.0, 2.0], [3.0, 4.0]]), [1.0, 2.0, 3.0, 4.0]),
    (np.array([1, 2]), []),
    (pd.DataFrame({"a": [1.0, 2.0], "n": [1, 2], "s": ["x", "y"], "b": [3.0, 4.0]}), [1.0, 2.0, 3.0, 4.0]),
    ({"b": 1.0, "a": [2.0, "t", 3]}, [2.0, 1.0]),
    ([1.0, {"k": np.array([2.0])}], [1.0, 2.0]),
    (7, []),
    ("text", []),
    (None, []),
    (True, []),
]


@pytest.mark.parametrize(("value", "expected"), VALUES)
def test_floats_are_taken_out_and_put_back_to_the_bit(value, expected):
    value = freeze(value)
    numbers = numbers_of(value)
    assert numbers.tolist() == expected
    assert count(value) == len(expected)
    assert same_bits(with_numbers(value, numbers), value)


def test_complex_numbers_take_the_place_of_floats():
    for value, expected in VALUES:
        stepped = with_numbers(value, np.array(expected) + 1j)
        assert numbers_of(stepped).imag.tolist() == [1.0] * len(expected)


def test_a_place_is_named_in_the_words_of_its_type():
    table = pd.DataFrame({"a": [1.0, 2.0], "b": [3.0, 4.0]})
    assert place_of(table, 3) == "column 'b', row 1"
    assert place_of(np.zeros((2, 2)), 2) == "element [1, 0]"
    assert place_of({"x": 1.0, "t": table}, 1) == "key 't', column 'a', row 1"
    assert place_of(1.0, 0) == ""
    assert parts_of(table) == {"a": slice(0, 2), "b": slice(2, 4)}


@pytest.mark.parametrize(
    ("entry", "rows", "columns", "expected"),
    [
        (2.0, 1, 1, [[2.0]]),
        (np.array([[2.0]]), 1, 1, [[2.0]]),
        (2, 2, 2, [[2.0, 0.0], [0.0, 2.0]]),
        (np.array([1.0, 2.0]), 2, 2, [[1.0, 0.0], [0.0, 2.0]]),
        ([1.0, 2.0], 1, 2, [[1.0, 2.0]]),
        ([1.0, 2.0], 2, 1, [[1.0], [2.0]]),
        (np.ones((2, 3)), 2, 3, np.ones((2, 3))),
        (np.arange(4.0).reshape(2, 1, 2), 2, 2, [[0.0, 1.0], [2.0, 3.0]]),
        (sp.csr_array([[0.0, 5.0]]), 1, 2, [[0.0, 5.0]]),
    ],
)
def test_a_declared_entry_becomes_a_block(entry, rows, columns, expected):
    np.testing.assert_array_equal(dense(block_of(entry, rows, columns)), expected)


@pytest.mark.parametrize(
    "entry", [2.0, np.ones(3), np.ones((3, 2)), sp.csr_array([[1.0]]), "x", np.full((2, 3), np.inf)]
)
def test_an_entry_that_does_not_fit_is_refused(entry):
    with pytest.raises(ShapeFaultError):
        block_of(entry, 2, 3)


def test_a_block_can_be_part_of_a_larger_one():
    whole = placed(np.ones((1, 2)), (2, 3), slice(1, 2), slice(0, 2))
    np.testing.assert_array_equal(dense(whole), [[0, 0, 0], [1, 1, 0]])
