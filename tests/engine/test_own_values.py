"""What a discipline is given is its own: functions written in C change lists that refuse to be changed."""

import heapq

import numpy as np
import pandas as pd
import pytest

from sostrades_api.engine import Declared, Discipline, InputChanged, Process, build, run
from sostrades_api.engine.descriptor import parse_descriptor
from sostrades_api.engine.outputs import checker_of
from tests.engine.making import discipline, process

FLOATS = {"type": "list", "subtype_descriptor": {"list": "float"}}
NESTED = {"type": "list", "subtype_descriptor": {"list": {"list": "float"}}}
DICT = {"type": "dict", "subtype_descriptor": {"dict": "float"}}
FRAME = {"type": "dataframe"}


def seen_by_the_next(declared, given, change):
    """What a second reader sees after the first has changed what it was given, or tried to."""
    seen = []

    def attack(inputs):
        change(inputs["x"])
        return {"y": 0.0}

    def look(inputs):
        seen.append(inputs["x"])
        return {"z": 0.0}

    models = {
        "A": discipline({"x": declared}, {"y": None}, attack),
        "B": discipline({"x": declared, "y": None}, {"z": None}, look),
    }
    run(process(models), {"x": given})
    return seen[0]


@pytest.mark.parametrize(
    ("declared", "given", "change"),
    [
        (FLOATS, [3.0, 1.0, 2.0], heapq.heapify),
        (FLOATS, [3.0, 1.0, 2.0], heapq.heappop),
        (FLOATS, [3.0], lambda x: list.append(x, 9.0)),
        (FLOATS, [3.0], lambda x: x.__init__([9.0])),
        ({"type": "list"}, [3.0, "a"], lambda x: list.append(x, 9.0)),
        (NESTED, [[3.0, 1.0]], lambda x: heapq.heapify(x[0])),
        (DICT, {"k": 1.0}, lambda x: dict.update(x, k=2.0)),
        ({"type": "dict"}, {"k": {"l": 1.0}}, lambda x: dict.update(x["k"], l=2.0)),
    ],
)
def test_what_a_function_in_c_changes_stays_with_its_discipline(declared, given, change):
    assert seen_by_the_next(declared, given, change) == given


def test_a_list_in_a_cell_is_the_readers_own():
    given = pd.DataFrame({"a": pd.Series([[3.0, 1.0]], dtype=object)})
    seen = seen_by_the_next(FRAME, given, lambda x: heapq.heapify(x.loc[0, "a"]))
    assert seen.loc[0, "a"] == [3.0, 1.0]


def test_the_array_behind_a_column_is_read_only():
    with pytest.raises(InputChanged, match="'x'"):
        seen_by_the_next(FRAME, pd.DataFrame({"a": [1.0]}), lambda x: x["a"].array.__setitem__(0, 9.0))


def test_a_table_that_was_handed_through_is_its_readers_own_to_change():
    models = {"A": discipline({"x": FRAME}, {"y": FRAME}, lambda i: {"y": i["x"].assign(b=1.0)})}
    made = run(process(models), {"x": pd.DataFrame({"a": [1.0, 2.0]})}).values["y"]
    made.loc[0, "a"] = 5.0
    made["a"].array[1] = 6.0
    assert made["a"].tolist() == [5.0, 6.0]


def test_structure_cannot_change_a_default():
    class Growing(Discipline):
        DESC_IN = {
            "names": {
                "type": "list",
                "subtype_descriptor": {"list": "string"},
                "default": ["a"],
                "structuring": True,
            }
        }
        DESC_OUT = {"n": {"type": "float"}}

        def structure(self, values):
            heapq.heappush(values["names"], "0")
            return Declared()

        def run(self, inputs):
            return {"n": float(len(inputs["names"]))}

    for _ in range(2):
        assert run(Process("p", disciplines={"G": Growing})).values["G.n"] == 1.0
    assert Growing.inputs["names"].default == ["a"]


def keeping(make):
    """A discipline that makes its table with ``make(buffer)``, and changes in its next run what that kept."""

    class Keeping(Discipline):
        DESC_IN = {"x": {"type": "float", "default": 1.0}}
        DESC_OUT = {"t": {"type": "dataframe"}}

        def __init__(self):
            self.buffer = np.zeros((2, 1))

        def run(self, inputs):
            self.buffer[:] = inputs["x"]
            table, self.buffer = make(self.buffer)
            return {"t": table}

    return build(process({"A": Keeping}))


def with_array(buffer):
    """A table of its own memory, of which a part is kept."""
    table = pd.DataFrame(buffer.copy(), columns=["a"])
    return table, table["a"].array


@pytest.mark.parametrize(
    "make",
    [
        lambda buffer: (pd.DataFrame(buffer, columns=["a"], copy=False), buffer),
        lambda buffer: (pd.DataFrame({"a": buffer[:, 0], "b": [0.0, 0.0]}, copy=False), buffer),
        with_array,
    ],
)
def test_a_table_stays_as_it_is_whatever_its_maker_keeps_of_it(make):
    plan = keeping(make)
    first = plan.execute({"A.x": 3.0})
    plan.execute({"A.x": 9.0})
    assert first.values["A.t"]["a"].tolist() == [3.0, 3.0]


def test_a_given_table_stays_as_it_is_whatever_its_giver_keeps_of_it():
    numbers = np.array([[1.0], [2.0]])
    reader = discipline({"x": FRAME}, {"y": {"type": "float"}}, lambda i: {"y": float(i["x"]["a"].sum())})
    session = build(process({"A": reader})).session()
    session.execute({"x": pd.DataFrame(numbers, columns=["a"], copy=False)})
    numbers[:] = 5.0
    assert session.execute({"x": pd.DataFrame(numbers, columns=["a"])}).values["y"] == 10.0


def test_a_table_that_nobody_else_holds_is_not_copied():
    made = pd.DataFrame({"a": np.ones(3), "b": np.ones(3)}) * 2.0
    memory = made.to_numpy().__array_interface__["data"][0]
    checked = checker_of(parse_descriptor("t", FRAME, owner="A", side="DESC_OUT"))(made)
    assert checked.to_numpy().__array_interface__["data"][0] == memory
