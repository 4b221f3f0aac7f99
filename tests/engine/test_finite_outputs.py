"""No output holds a number that is missing or not finite, wherever it hides, unless it is optional."""

import numpy as np
import pandas as pd
import pytest

from sostrades_api.engine import CouplingNotConverged, NotFinite, SettingsError, run
from tests.engine.making import discipline, process

NAN, INF = float("nan"), float("inf")
FRAME = {"type": "dataframe"}


def made(value, **descriptor):
    model = discipline({}, {"y": descriptor}, lambda _inputs: {"y": value})
    return run(process({"Model": model})).values["y"]


def column(*cells, dtype=object):
    return pd.DataFrame({"c": pd.Series(list(cells), dtype=dtype)})


CELLS = [
    (column(NAN, 1.0), "row 1 is nan"),
    (column(1.0, INF), "row 2 is inf"),
    (column(1.0, None, "x"), "row 2 is missing"),
    (column("a", pd.NA), "row 2 is missing"),
    (column("a", None, dtype="str"), "row 2 is missing"),
    (column("a", None, dtype="string"), "row 2 is missing"),
    (column(np.float32("nan"), "x"), "row 1 is nan"),
    (column([1.0], [1.0, NAN]), "row 2 holds what is nan"),
    (column([1.0, [2.0, -INF]]), "row 1 holds what is -inf"),
    (column([1.0, None]), "row 1 holds what is missing"),
    (column([np.array([1.0, NAN])]), "row 1 holds what is not finite"),
]


@pytest.mark.parametrize(("frame", "fault"), CELLS)
def test_a_table_with_such_a_cell_is_refused(frame, fault):
    with pytest.raises(NotFinite, match=f"column 'c', {fault}"):
        made(frame, **FRAME)


@pytest.mark.parametrize(("frame", "_fault"), CELLS)
def test_an_optional_table_may_have_such_cells(frame, _fault):
    assert len(made(frame, **FRAME, optional=True)) == len(frame)


@pytest.mark.parametrize(
    ("kind", "frame"),
    [
        ("list", column([1.0, NAN])),
        ("list", column([[INF]])),
        ("list", column([1.0], None)),
        ("string", column("a", None)),
        ("string", column("a", None, dtype="str")),
        ("multiple", column("a", NAN)),
    ],
)
def test_a_declared_column_with_such_a_cell_is_refused(kind, frame):
    with pytest.raises(NotFinite, match="column 'c'"):
        made(frame, **FRAME, dataframe_descriptor={"c": {"type": kind}})


@pytest.mark.parametrize("bad", [NAN, INF, None, [NAN], {"k": None}, column("a", None), column([NAN])])
@pytest.mark.parametrize(
    ("descriptor", "wrap"),
    [({"type": "list"}, lambda bad: [1.0, bad]), ({"type": "dict"}, lambda bad: {"x": [bad]})],
)
def test_a_list_or_a_dict_with_such_an_element_is_refused(bad, descriptor, wrap):
    with pytest.raises(NotFinite):
        made(wrap(bad), **descriptor)
    made(wrap(bad), **descriptor, optional=True)


def test_whole_tables_of_texts_lists_and_numbers_pass():
    frame = pd.DataFrame({"t": ["a", ""], "l": [[1.0, [2]], []], "m": pd.Series([1.0, "x"], dtype=object)})
    assert made(frame, **FRAME).equals(frame)


def test_the_tolerance_of_loops_cannot_be_so_wide_that_a_doubling_loop_has_converged():
    doubling = process(
        {
            "A": discipline({"b": {"type": "float", "default": 1.0}}, {"a": None}, lambda i: {"a": i["b"]}),
            "B": discipline({"a": None}, {"b": None}, lambda i: {"b": 2 * i["a"]}),
        }
    )
    with pytest.raises(SettingsError, match="tolerance"):
        run(doubling, {"tolerance": 1.0})
    with pytest.raises(CouplingNotConverged):
        run(doubling, {"tolerance": 0.01})
