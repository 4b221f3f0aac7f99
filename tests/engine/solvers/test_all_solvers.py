"""What holds whichever way a loop is solved."""

import random

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sostrades_api.engine import build, run
from sostrades_api.engine.comparison import same_bits
from tests.engine.making import discipline, process
from tests.engine.solvers.ways import WAYS

TABLE = {"type": "dataframe", "dataframe_descriptor": {"name": {"type": "string"}, "v": {"type": "float"}}}


def halved_plus_one(value):
    """x / 2 + 1 of every number; strings and names stay."""
    if isinstance(value, pd.DataFrame):
        return value.assign(v=value["v"] / 2 + 1)
    if isinstance(value, dict):
        return {key: halved_plus_one(item) for key, item in value.items()}
    if isinstance(value, list):
        return [halved_plus_one(item) for item in value]
    return value if isinstance(value, str) else value / 2 + 1


def pair(descriptor, start):
    """A = B / 2 + 1, B = A / 2 + 1: the answer is 2 everywhere."""
    return process(
        {
            "A": discipline(
                {"b": {**descriptor, "default": start}},
                {"a": descriptor},
                lambda i: {"a": halved_plus_one(i["b"])},
            ),
            "B": discipline({"a": descriptor}, {"b": descriptor}, lambda i: {"b": halved_plus_one(i["a"])}),
        }
    )


def numbers(value):
    if isinstance(value, pd.DataFrame):
        return value["v"].tolist()
    if isinstance(value, np.ndarray):
        return value.ravel().tolist()
    if isinstance(value, (dict, list)):
        inner = value.values() if isinstance(value, dict) else value
        return [number for item in inner for number in numbers(item)]
    return [] if isinstance(value, str) else [value]


@pytest.mark.parametrize("way", WAYS)
def test_a_loop_coupled_only_by_tables_ends_at_two_in_every_cell(way):
    start = pd.DataFrame({"name": ["x", "y", "z"], "v": [0.0, 100.0, -3.0]})
    result = run(pair(TABLE, start), {**WAYS[way], "tolerance": 1e-12})
    assert result.converged
    for name in ("a", "b"):
        assert result.values[name]["v"].tolist() == pytest.approx([2.0] * 3, rel=1e-11)
        assert result.values[name]["name"].tolist() == ["x", "y", "z"]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("descriptor", "start"),
    [
        ({"type": "float"}, 0.0),
        ({"type": "array"}, [[0.0, 5.0], [1e6, 1.0]]),
        ({"type": "list", "subtype_descriptor": {"list": "float"}}, [0.0, 7.0]),
        ({"type": "dict", "subtype_descriptor": {"dict": "array"}}, {"u": np.zeros(3), "a": np.ones(2)}),
        (
            {"type": "dict", "subtype_descriptor": {"dict": "dataframe"}},
            {"u": pd.DataFrame({"name": ["x"], "v": [0.0]})},
        ),
        ({"type": "dict"}, {"u": {"w": [0.0, 1.0]}, "t": "text"}),
    ],
    ids=["float", "array", "list", "dict of arrays", "dict of tables", "anything"],
)
def test_every_number_of_every_type_is_solved_for(way, descriptor, start):
    result = run(pair(descriptor, start), WAYS[way])
    assert result.converged
    for name in ("a", "b"):
        found = numbers(result.values[name])
        assert found == pytest.approx([2.0] * len(found), rel=1e-9)
        assert found


@pytest.mark.parametrize("way", WAYS)
def test_texts_and_whole_numbers_of_a_loop_are_carried_along(way):
    """The text grows to three letters, the count to four, while the number halves to its answer."""
    coupled = process(
        {
            "A": discipline(
                {
                    "t": {"type": "string", "default": ""},
                    "n": {"type": "int", "default": 0},
                    "x": {"type": "float", "default": 0.0},
                },
                {"s": {"type": "string"}, "m": {"type": "int"}, "y": None},
                lambda i: {"s": (i["t"] + "x")[:3], "m": min(i["n"] + 1, 4), "y": i["x"] / 2 + 1},
            ),
            "B": discipline(
                {"s": {"type": "string"}, "m": {"type": "int"}, "y": None},
                {"t": {"type": "string"}, "n": {"type": "int"}, "x": None},
                lambda i: {"t": i["s"], "n": i["m"], "x": i["y"]},
            ),
        }
    )
    result = run(coupled, WAYS[way])
    assert (result.values["t"], result.values["n"]) == ("xxx", 4)
    assert result.values["x"] == pytest.approx(2.0, rel=1e-9)


@pytest.mark.parametrize("way", WAYS)
def test_a_table_that_changes_its_rows_on_the_way_is_solved(way):
    frame = {"type": "dataframe", "dataframe_descriptor": {"v": {"type": "float"}}}

    def grown(table):
        rows = min(len(table) + 1, 4)
        return pd.DataFrame({"v": np.resize(table["v"].to_numpy(), rows) / 2 + 1})

    growing = process(
        {
            "A": discipline(
                {"b": {**frame, "default": pd.DataFrame({"v": [0.0]})}},
                {"a": frame},
                lambda i: {"a": grown(i["b"])},
            ),
            "B": discipline({"a": frame}, {"b": frame}, lambda i: {"b": i["a"]}),
        }
    )
    result = run(growing, WAYS[way])
    assert result.values["b"]["v"].tolist() == pytest.approx([2.0] * 4, rel=1e-9)


@st.composite
def contractions(draw):
    """Coupled equations x_i = 1 + w * sin(sum of some x_j), with |w| * count < 1."""
    size = draw(st.integers(2, 7))
    reads = [draw(st.lists(st.integers(0, size - 1), max_size=4, unique=True)) for _ in range(size)]
    return reads, [draw(st.floats(-0.8, 0.8)) / max(len(sources), 1) for sources in reads]


def coupled(equations):
    reads, factors = equations
    disciplines = {}
    for i, (sources, factor) in enumerate(zip(reads, factors, strict=True)):
        names = [f"x{source}" for source in sources]

        def evaluate(inputs, names=names, factor=factor, made=f"x{i}"):
            return {made: 1.0 + factor * float(np.sin(sum(inputs[name] for name in names)))}

        def jacobian(self, inputs, names=names, factor=factor, made=f"x{i}"):
            slope = factor * float(np.cos(sum(inputs[name] for name in names)))
            return {(made, name): slope for name in names}

        start = {"type": "float", "default": 0.5}
        cls = discipline(dict.fromkeys(names, start), {f"x{i}": None}, evaluate)
        if i % 2:
            cls.jacobian = jacobian
        disciplines[f"D{i}"] = cls
    return disciplines


@settings(deadline=None, max_examples=40)
@given(contractions(), st.sampled_from(list(WAYS)))
def test_all_solvers_agree(equations, way):
    plan = build(process(coupled(equations)))
    wanted = plan.execute({"tolerance": 1e-13, "max_mda_iter": 500})
    found = plan.execute({**WAYS[way], "tolerance": 1e-13, "max_mda_iter": 500})
    for name, value in wanted.values.items():
        if name != "residuals_history":
            assert found.values[name] == pytest.approx(value, rel=1e-10, abs=1e-10)


@settings(deadline=None, max_examples=40)
@given(contractions(), st.integers(), st.sampled_from(list(WAYS)))
def test_the_order_of_declaration_changes_no_bit(equations, seed, way):
    disciplines = coupled(equations)
    names = list(disciplines)
    random.Random(seed).shuffle(names)
    one = build(process(disciplines)).execute(WAYS[way])
    other = build(process({name: disciplines[name] for name in names})).execute(WAYS[way])
    for name in one.values:
        assert same_bits(one.values[name], other.values[name])
