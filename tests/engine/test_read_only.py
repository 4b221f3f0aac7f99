import contextlib
import copy
import json
import pickle

import numpy as np
import pandas as pd
import pytest

from sostrades_api.engine import DisciplineRaised, build, run
from sostrades_api.engine.protection import freeze, hand_out, thaw
from tests.engine.making import discipline, process

ARRAY, FRAME = {"type": "array"}, {"type": "dataframe"}
LIST, DICT = {"type": "list"}, {"type": "dict"}


@pytest.mark.parametrize(
    ("descriptor", "default", "change"),
    [
        (ARRAY, [1.0, 2.0], lambda x: x.__setitem__(0, 9.0)),
        (ARRAY, [1.0, 2.0], lambda x: np.add(x, 1, out=x)),
        (LIST, [1.0], lambda x: x.append(2.0)),
        (LIST, [[1.0]], lambda x: x[0].append(2.0)),
        (LIST, [2.0, 1.0], lambda x: x.sort()),
        (DICT, {"a": 1.0}, lambda x: x.update(a=2.0)),
        (DICT, {"a": {"b": 1.0}}, lambda x: x["a"].pop("b")),
        (DICT, {"a": np.zeros(2)}, lambda x: x["a"].fill(1.0)),
    ],
)
def test_changing_an_input_in_place_is_an_error_of_the_discipline(descriptor, default, change):
    def run_it(inputs):
        change(inputs["x"])
        return {"y": 1.0}

    with pytest.raises(DisciplineRaised, match="read-only"):
        run(process({"Model": discipline({"x": {**descriptor, "default": default}}, {"y": None}, run_it)}))


def test_changing_a_table_changes_the_disciplines_own_copy_only():
    given = pd.DataFrame({"a": [1.0, 2.0]})

    def spoil(inputs):
        inputs["x"].loc[0, "a"] = 99.0
        inputs["x"]["b"] = 1.0
        return {"y": float(inputs["x"]["a"].sum())}

    def read(inputs):
        return {"z": float(inputs["x"]["a"].sum())}

    both = process(
        {"A": discipline({"x": FRAME}, {"y": None}, spoil), "B": discipline({"x": FRAME}, {"z": None}, read)}
    )
    result = run(both, {"x": given})
    assert (result.values["y"], result.values["z"]) == (101.0, 3.0)
    assert given.equals(pd.DataFrame({"a": [1.0, 2.0]}))


def test_tables_inside_a_dict_are_protected_too():
    given = {"fr": pd.DataFrame({"a": [1.0]})}

    def spoil(inputs):
        inputs["x"]["fr"].loc[0, "a"] = 99.0
        return {"y": 1.0}

    def read(inputs):
        return {"z": float(inputs["x"]["fr"]["a"].iloc[0])}

    tables = {"type": "dict", "subtype_descriptor": {"dict": "dataframe"}}
    both = process(
        {
            "A": discipline({"x": tables}, {"y": None}, spoil),
            "B": discipline({"x": tables}, {"z": None}, read),
        }
    )
    assert run(both, {"x": given}).values["z"] == 1.0
    assert given["fr"]["a"].tolist() == [1.0]


def test_lists_inside_cells_are_protected_too():
    given = pd.DataFrame({"a": [[1.0], [2.0]]})

    def spoil(inputs):
        inputs["x"]["a"].iloc[0].append(3.0)
        return {"y": 1.0}

    with pytest.raises(DisciplineRaised, match="read-only"):
        run(process({"A": discipline({"x": FRAME}, {"y": None}, spoil)}), {"x": given})
    assert given["a"].tolist() == [[1.0], [2.0]]
    assert type(thaw(freeze(given))["a"].iloc[0]) is list


def test_a_default_cannot_be_spoiled_for_the_next_execution():
    def spoil(inputs):
        inputs["x"].loc[0, "a"] += 1.0
        return {"y": float(inputs["x"]["a"].iloc[0])}

    default = pd.DataFrame({"a": [1.0]})
    plan = build(process({"A": discipline({"x": {**FRAME, "default": default}}, {"y": None}, spoil)}))
    assert [plan.execute().values["y"] for _ in range(2)] == [2.0, 2.0]


def test_a_buffer_that_a_discipline_keeps_and_writes_again_cannot_spoil_what_it_returned():
    buffer = np.zeros(4)

    def from_buffer(inputs):
        buffer[:] = inputs["b"] / 2 + 1
        return {"a": buffer[:2]}

    loop = process(
        {
            "A": discipline({"b": {**ARRAY, "default": [0.0] * 4}}, {"a": ARRAY}, from_buffer),
            "B": discipline({"a": ARRAY}, {"b": ARRAY}, lambda i: {"b": np.tile(i["a"] / 2 + 1, 2)}),
        }
    )
    assert run(loop, {"sub_mda_class": "MDAJacobi"}).values["a"].tolist() == pytest.approx([2.0, 2.0])


def test_a_table_that_a_discipline_keeps_and_changes_cannot_spoil_what_it_returned():
    kept = pd.DataFrame({"v": [0.0]})

    def from_kept(inputs):
        kept.loc[0, "v"] = inputs["b"]["v"].iloc[0] / 2 + 1
        return {"a": kept}

    loop = process(
        {
            "A": discipline({"b": {**FRAME, "default": pd.DataFrame({"v": [0.0]})}}, {"a": FRAME}, from_kept),
            "B": discipline({"a": FRAME}, {"b": FRAME}, lambda i: {"b": i["a"] / 2 + 1}),
        }
    )
    for solver in ("MDAGaussSeidel", "MDAJacobi"):
        assert run(loop, {"sub_mda_class": solver}).values["a"]["v"].tolist() == pytest.approx([2.0])


def test_what_is_read_from_a_result_is_the_readers_own():
    model = discipline({"x": {"type": "float", "default": 1.0}}, {"y": LIST}, lambda _i: {"y": [1.0, [2.0]]})
    result = run(process({"Model": model}))
    first = result.values["y"]
    first[1].append(3.0)
    assert result.values["y"] == [1.0, [2.0]]
    assert type(first) is list


def test_frozen_values_copy_to_plain_ones_and_serialise_like_them():
    frozen = freeze({"a": [1.0, {"b": 2.0}]})
    assert json.dumps(frozen) == '{"a": [1.0, {"b": 2.0}]}'
    for plain in (copy.deepcopy(frozen), pickle.loads(pickle.dumps(frozen)), thaw(frozen), frozen.copy()):
        assert type(plain) is dict
        assert plain == frozen
    assert type(copy.copy(frozen["a"])) is list
    assert hand_out(frozen) == frozen
    for operation in ("d |= {}", "del d['a']", "d.clear()", "d['a'] += [1]", "d['a'] *= 2"):
        with pytest.raises(TypeError, match="read-only"):
            exec(operation, {"d": frozen})


def address(array):
    return array.__array_interface__["data"][0]


def test_an_array_that_nobody_else_holds_is_handed_on_without_a_copy():
    seen = []

    def make(inputs):
        made = inputs["x"] + 1
        seen.append(address(made))
        return {"y": made}

    chain = process(
        {
            "A": discipline({"x": {**ARRAY, "default": [1.0]}}, {"y": ARRAY}, make),
            "B": discipline(
                {"y": ARRAY}, {"w": ARRAY}, lambda i: seen.append(address(i["y"])) or {"w": i["y"]}
            ),
            "C": discipline({"w": ARRAY}, {"z": None}, lambda i: seen.append(address(i["w"])) or {"z": 1.0}),
        }
    )
    run(chain)
    assert seen[0] == seen[1] == seen[2]


@pytest.mark.parametrize(
    ("descriptor", "wrap"),
    [
        (ARRAY, lambda array: array),
        (LIST, lambda array: [array]),
        ({"type": "list", "subtype_descriptor": {"list": "array"}}, lambda array: [array]),
        ({"type": "dict", "subtype_descriptor": {"dict": "array"}}, lambda array: {"k": array}),
    ],
)
@pytest.mark.parametrize("keep", [lambda array: array[:], lambda array: array, memoryview])
def test_a_view_kept_from_before_returning_cannot_change_what_was_returned(descriptor, wrap, keep):
    kept = []

    def make(_inputs):
        made = np.array([1.0, 2.0])
        kept.append(keep(made))
        return {"a": wrap(made)}

    def write_into_the_view(inputs):
        with contextlib.suppress(TypeError, ValueError):  # read-only is right, too
            kept[0][0] = np.nan
        return {"b": 1.0}

    both = process(
        {
            "A": discipline({}, {"a": descriptor}, make),
            "B": discipline({"a": descriptor}, {"b": None}, write_into_the_view),
        }
    )
    made = run(both).values["a"]
    while not isinstance(made, np.ndarray):
        made = made["k"] if isinstance(made, dict) else made[0]
    assert made.tolist() == [1.0, 2.0]


def test_the_write_flag_of_an_array_that_was_given_cannot_be_set_back():
    def unlock(inputs):
        inputs["y"].flags.writeable = True
        return {"z": 1.0}

    for made in (lambda i: {"y": i["x"] * 2.0}, lambda i: {"y": i["x"]}):
        chain = process(
            {
                "A": discipline({"x": {**ARRAY, "default": [1.0]}}, {"y": ARRAY}, made),
                "B": discipline({"y": ARRAY}, {"z": None}, unlock),
            }
        )
        with pytest.raises(DisciplineRaised, match="WRITEABLE"):
            run(chain)


@pytest.mark.parametrize("solver", ["MDAGaussSeidel", "MDAJacobi"])
def test_relaxed_arrays_cannot_be_unlocked_either(solver):
    unlocked = []

    def half(inputs):
        try:
            inputs["b"].flags.writeable = True
        except ValueError:
            return {"a": inputs["b"] / 2 + 1}
        unlocked.append(True)
        return {"a": inputs["b"] / 2 + 1}

    loop = process(
        {
            "A": discipline({"b": {**ARRAY, "default": [0.0]}}, {"a": ARRAY}, half),
            "B": discipline({"a": ARRAY}, {"b": ARRAY}, lambda i: {"b": i["a"] / 2 + 1}),
        }
    )
    run(loop, {"sub_mda_class": solver, "relaxation_factor": 0.7})
    assert not unlocked
