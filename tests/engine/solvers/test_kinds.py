"""Loops whose couplings change what they are: missing, longer, whole numbers that count."""

import numpy as np
import pandas as pd
import pytest

from sostrades_api.engine import run
from tests.engine.making import discipline, process
from tests.engine.solvers.ways import WAYS

OPTIONAL = {"type": "float", "optional": True}


def loop(descriptor, start, step):
    """A makes a of b, B passes it back."""
    return process(
        {
            "A": discipline(
                {"b": {**descriptor, "default": start}}, {"a": descriptor}, lambda i: {"a": step(i["b"])}
            ),
            "B": discipline({"a": descriptor}, {"b": descriptor}, lambda i: {"b": i["a"]}),
        }
    )


@pytest.mark.parametrize("way", [*WAYS, "damped"])
def test_a_missing_number_stays_missing(way):
    values = {"relaxation_factor": 0.9} if way == "damped" else WAYS[way]
    vanishing = loop(OPTIONAL, 1.0, lambda b: None if b is None or b > 1.4 else b / 2 + 1)
    assert run(vanishing, values).values["a"] is None


@pytest.mark.parametrize("way", [*WAYS, "damped"])
def test_a_number_that_was_missing_at_first_is_solved_for(way):
    values = {"relaxation_factor": 0.9} if way == "damped" else WAYS[way]
    appearing = loop(OPTIONAL, None, lambda b: 1.0 if b is None else b / 2 + 1)
    assert run(appearing, values).values["a"] == pytest.approx(2.0, rel=1e-9)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("start", "length"), [(3, 1), (1, 3)])
def test_an_array_that_changes_its_length_is_solved(way, start, length):
    changing = loop({"type": "array"}, np.zeros(start), lambda b: np.resize(b, length) / 2 + 1)
    assert run(changing, WAYS[way]).values["a"].tolist() == pytest.approx([2.0] * length, rel=1e-9)


@pytest.mark.parametrize("way", ["seidel", "jacobi", "newton", "broyden", "seidel newton"])
@pytest.mark.parametrize("kind", ["number", "column", "list", "dict"])
def test_whole_numbers_must_stand_still_however_large(way, kind):
    last = 10**12 + 9
    descriptor, start, step = {
        "number": ({"type": "int"}, last - 9, lambda b: min(b + 1, last)),
        "column": (
            {"type": "dataframe", "dataframe_descriptor": {"n": {"type": "int"}}},
            pd.DataFrame({"n": [last - 9]}),
            lambda b: (b + 1).clip(upper=last),
        ),
        "list": (
            {"type": "list", "subtype_descriptor": {"list": "int"}},
            [last - 9],
            lambda b: [min(b[0] + 1, last)],
        ),
        "dict": ({"type": "dict"}, {"n": last - 9}, lambda b: {"n": min(b["n"] + 1, last)}),
    }[kind]
    found = run(loop(descriptor, start, step), {**WAYS[way], "tolerance": 1e-6}).values["a"]
    wanted = {"number": last, "column": [last], "list": [last], "dict": {"n": last}}[kind]
    assert (found["n"].tolist() if kind == "column" else found) == wanted


def test_arrays_deep_in_cells_of_a_loop_are_compared():
    def deep(_):
        return pd.DataFrame({"s": pd.Series([[np.array([1.0, 2.0])]], dtype=object)})

    start = pd.DataFrame({"s": pd.Series([[1.0]], dtype=object)})
    found = run(loop({"type": "dataframe"}, start, deep)).values["a"]
    assert found["s"].iloc[0][0].tolist() == [1.0, 2.0]
