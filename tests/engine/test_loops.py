import math

import numpy as np
import pandas as pd
import pytest

from sostrades_api.engine import CouplingNotConverged, MissingInitialValue, Observer, build, run
from tests.engine.making import discipline, process

SOLVERS = ["MDAGaussSeidel", "MDAJacobi"]
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


def pair(descriptor, start, **options):
    """A = B / 2 + 1, B = A / 2 + 1: the answer is 2 everywhere."""
    return process(
        {
            "A": discipline(
                {"b": {**descriptor, "default": start}},
                {"a": descriptor},
                lambda i: {"a": halved_plus_one(i["b"])},
            ),
            "B": discipline({"a": descriptor}, {"b": descriptor}, lambda i: {"b": halved_plus_one(i["a"])}),
        },
        **options,
    )


@pytest.mark.parametrize("solver", SOLVERS)
def test_a_loop_coupled_only_by_tables_ends_at_two_in_every_cell(solver):
    start = pd.DataFrame({"name": ["x", "y", "z"], "v": [0.0, 100.0, -3.0]})
    result = run(pair(TABLE, start, numerical={"tolerance": 1e-12}), {"sub_mda_class": solver})
    assert result.converged
    for name in ("a", "b"):
        assert result.values[name]["v"].tolist() == pytest.approx([2.0] * 3, rel=1e-11)
        assert result.values[name]["name"].tolist() == ["x", "y", "z"]


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize(
    ("descriptor", "start"),
    [
        ({"type": "float"}, 0.0),
        ({"type": "array"}, [0.0, 5.0]),
        ({"type": "array"}, [[0.0, 5.0], [1e6, 1.0]]),
        ({"type": "list", "subtype_descriptor": {"list": "float"}}, [0.0, 7.0]),
        ({"type": "dict", "subtype_descriptor": {"dict": "float"}}, {"u": 0.0, "w": -8.0}),
        ({"type": "dict", "subtype_descriptor": {"dict": "array"}}, {"u": np.zeros(3)}),
        (
            {"type": "dict", "subtype_descriptor": {"dict": "dataframe"}},
            {"u": pd.DataFrame({"name": ["x"], "v": [0.0]})},
        ),
        ({"type": "dict"}, {"u": {"w": [0.0, 1.0]}, "t": "text"}),
    ],
)
def test_every_number_of_every_type_counts_in_convergence(solver, descriptor, start):
    result = run(pair(descriptor, start), {"sub_mda_class": solver})

    def numbers(value):
        if isinstance(value, pd.DataFrame):
            return value["v"].tolist()
        if isinstance(value, np.ndarray):
            return value.ravel().tolist()
        if isinstance(value, (dict, list)):
            inner = value.values() if isinstance(value, dict) else value
            return [number for item in inner for number in numbers(item)]
        return [] if isinstance(value, str) else [value]

    assert result.converged
    for name in ("a", "b"):
        assert numbers(result.values[name]) == pytest.approx(
            [2.0] * len(numbers(result.values[name])), rel=1e-9
        )


@pytest.mark.parametrize("solver", SOLVERS)
def test_an_unconverged_loop_fails_the_execution(solver):
    growing = process(
        {
            "A": discipline(
                {"b": {"type": "float", "default": 1.0}}, {"a": None}, lambda i: {"a": 2 * i["b"]}
            ),
            "B": discipline({"a": None}, {"b": None}, lambda i: {"b": i["a"]}),
        }
    )
    with pytest.raises(CouplingNotConverged) as caught:
        run(growing, {"sub_mda_class": solver, "max_mda_iter": 7, "tolerance": 1e-3})
    error = caught.value
    assert error.disciplines == ("A", "B")
    assert (error.iterations, error.tolerance) == (7, 1e-3)
    assert error.residual > 0.1
    assert [row[1] for row in error.history] == list(range(1, 8))
    assert "did not converge" in str(error)


@pytest.mark.parametrize("solver", SOLVERS)
def test_an_accepted_unconverged_loop_says_so_in_the_result(solver):
    result = run(
        pair({"type": "float"}, 0.0),
        {"sub_mda_class": solver, "max_mda_iter": 3, "allow_unconverged": True},
    )
    assert not result.converged
    assert len(result.residuals) == 3
    assert result.residuals["residual"].iloc[-1] > 1e-10


def test_a_loop_without_a_value_to_start_from_names_the_variable():
    endless = process(
        {
            "A": discipline({"b": None}, {"a": None}, lambda i: {"a": i["b"] / 2}),
            "B": discipline({"a": None}, {"b": None}, lambda i: {"b": i["a"] + 1}),
        }
    )
    with pytest.raises(MissingInitialValue) as caught:
        run(endless)
    assert (caught.value.variable, caught.value.consumer) == ("b", "A")
    assert run(endless, {"b": 0.0}).values["b"] == pytest.approx(2.0)


def test_a_users_value_is_where_a_loop_starts():
    plan = build(pair({"type": "float"}, 100.0))
    assert plan.execute({"b": 2.0, "a": 2.0}).runs == {"A": 1, "B": 1}
    assert plan.execute().runs["A"] > 10


def test_the_residual_history_is_an_output_with_a_row_an_iteration():
    result = run(pair({"type": "float"}, 0.0))
    history = result.values["residuals_history"]
    assert list(history.columns) == ["loop", "iteration", "residual"]
    assert set(history["loop"]) == {"A, B"}
    assert history["iteration"].tolist() == list(range(1, result.runs["A"] + 1))
    assert history["residual"].iloc[-1] <= 1e-10 < history["residual"].iloc[-2]


def test_a_process_without_loops_has_an_empty_residual_history():
    alone = process(
        {"A": discipline({"x": {"type": "float", "default": 1.0}}, {"y": None}, lambda i: {"y": i["x"]})}
    )
    history = run(alone).values["residuals_history"]
    assert history.empty
    assert [str(dtype) for dtype in history.dtypes] == ["str", "int64", "float64"]


@pytest.mark.parametrize("solver", SOLVERS)
def test_text_and_flags_must_be_equal_before_a_loop_has_converged(solver):
    """The number stands still from the second iteration on, the text only from the fifth."""
    text = {"type": "string", "default": ""}
    counting = process(
        {
            "A": discipline(
                {"t": text},
                {"s": {"type": "string"}, "n": None},
                lambda i: {"s": (i["t"] + "x")[:5], "n": 1.0},
            ),
            "B": discipline(
                {"s": {"type": "string"}, "n": None},
                {"t": {"type": "string"}},
                lambda i: {"t": i["s"]},
            ),
        }
    )
    result = run(counting, {"sub_mda_class": solver})
    assert result.values["t"] == "xxxxx"
    assert math.isinf(result.residuals["residual"].iloc[0])


@pytest.mark.parametrize("solver", SOLVERS)
def test_a_table_that_changes_its_rows_has_not_converged_but_does_not_crash(solver):
    """Rows grow from one to four and then stay."""
    frame = {"type": "dataframe", "dataframe_descriptor": {"v": {"type": "float"}}}
    growing = process(
        {
            "A": discipline(
                {"b": {**frame, "default": pd.DataFrame({"v": [2.0]})}},
                {"a": frame},
                lambda i: {"a": pd.DataFrame({"v": np.full(min(len(i["b"]) + 1, 4), 2.0)})},
            ),
            "B": discipline({"a": frame}, {"b": frame}, lambda i: {"b": i["a"]}),
        }
    )
    result = run(growing, {"sub_mda_class": solver})
    assert result.values["b"]["v"].tolist() == [2.0] * 4
    assert np.isinf(result.residuals["residual"].iloc[0])


@pytest.mark.parametrize("solver", SOLVERS)
def test_each_column_converges_on_its_own_scale(solver):
    """A column of 1e-9 beside one of 1e9 must be as exact as it."""
    frame = {
        "type": "dataframe",
        "dataframe_descriptor": {"small": {"type": "float"}, "large": {"type": "float"}},
    }

    def halved(table):
        return pd.DataFrame({"small": table["small"] / 2 + 1e-9, "large": table["large"] / 2 + 1e9})

    coupled = process(
        {
            "A": discipline(
                {"b": {**frame, "default": pd.DataFrame({"small": [0.0], "large": [2e9]})}},
                {"a": frame},
                lambda i: {"a": halved(i["b"])},
            ),
            "B": discipline({"a": frame}, {"b": frame}, lambda i: {"b": halved(i["a"])}),
        }
    )
    result = run(coupled, {"sub_mda_class": solver, "tolerance": 1e-10})
    assert result.values["b"]["small"].iloc[0] == pytest.approx(2e-9, rel=1e-9)


@pytest.mark.parametrize("solver", SOLVERS)
def test_a_coupling_that_tends_to_zero_converges(solver):
    shrinking = process(
        {
            "A": discipline(
                {"b": {"type": "float", "default": 1.0}}, {"a": None}, lambda i: {"a": i["b"] / 4}
            ),
            "B": discipline({"a": None}, {"b": None}, lambda i: {"b": i["a"] / 4}),
        }
    )
    result = run(shrinking, {"sub_mda_class": solver, "tolerance": 1e-8})
    assert abs(result.values["b"]) < 1e-13


def test_damping_makes_a_diverging_loop_converge_to_the_undamped_answer():
    """x = -1.5 x + 5 diverges undamped; its answer is 2."""
    swinging = process(
        {
            "A": discipline(
                {"b": {"type": "float", "default": 0.0}}, {"a": None}, lambda i: {"a": -1.5 * i["b"] + 5}
            ),
            "B": discipline({"a": None}, {"b": None}, lambda i: {"b": i["a"]}),
        }
    )
    with pytest.raises(CouplingNotConverged):
        run(swinging)
    damped = run(swinging, {"relaxation_factor": 0.5})
    assert damped.values["a"] == pytest.approx(2.0, rel=1e-9)
    assert damped.values["b"] == pytest.approx(2.0, rel=1e-9)


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("factor", [0.5, 1.2])
def test_relaxation_changes_the_way_but_not_the_answer(solver, factor):
    start = pd.DataFrame({"name": ["x"], "v": [0.0]})
    values = {"sub_mda_class": solver, "relaxation_factor": factor, "max_mda_iter": 500}
    relaxed = run(pair(TABLE, start), values)
    plain = run(pair(TABLE, start), {"sub_mda_class": solver})
    assert relaxed.values["a"]["v"].tolist() == pytest.approx([2.0], rel=1e-9)
    assert relaxed.runs != plain.runs


def test_a_discipline_may_be_a_loop_of_its_own():
    own = process(
        {
            "A": discipline(
                {"x": {"type": "float", "default": 0.0}}, {"x": None}, lambda i: {"x": i["x"] / 2 + 1}
            )
        }
    )
    plan = build(own)
    assert plan.loops == (("A",),)
    assert plan.execute().values["x"] == pytest.approx(2.0)


def test_jacobi_fills_values_that_nobody_gave_from_its_first_sweep():
    result = run(pair({"type": "float"}, 0.0), {"sub_mda_class": "MDAJacobi"})
    assert result.values["a"] == pytest.approx(2.0)


@pytest.mark.parametrize("solver", SOLVERS)
def test_the_cache_changes_no_bit_of_the_answer_and_saves_runs(solver):
    """A and B settle on whole numbers after few iterations, while C and D still converge."""
    coupled = process(
        {
            "A": discipline(
                {"d": {"type": "float", "default": 0.0}}, {"a": None}, lambda i: {"a": float(round(i["d"]))}
            ),
            "B": discipline({"a": None}, {"b": None}, lambda i: {"b": i["a"] + 1}),
            "C": discipline(
                {"b": None, "d": {"type": "float", "default": 0.0}},
                {"c": None},
                lambda i: {"c": i["d"] / 3 + i["b"] / 5},
            ),
            "D": discipline({"c": None}, {"d": None}, lambda i: {"d": i["c"]}),
        }
    )
    plan = build(coupled)
    plain = plan.execute({"sub_mda_class": solver})
    cached = plan.execute({"sub_mda_class": solver, "cache_type": "SimpleCache"})
    for name in ("a", "b", "c", "d"):
        assert cached.values[name] == plain.values[name]
    assert cached.residuals.equals(plain.residuals)
    assert cached.runs["B"] < plain.runs["B"]


def test_an_observer_follows_iterations_and_their_residuals():
    seen = []

    class Recorder(Observer):
        def on_iteration_ended(self, event):
            seen.append((event.loop, event.iteration, event.residual))

    result = run(pair({"type": "float"}, 0.0), observer=Recorder())
    assert [event[1] for event in seen] == result.residuals["iteration"].tolist()
    assert seen[0][0] == ("A", "B")


def test_a_range_holds_for_the_answer_of_a_loop_not_on_the_way():
    bounded = {"type": "float", "range": [1.5, 2.5]}
    coupled = process(
        {
            "A": discipline(
                {"b": {"type": "float", "default": -50.0}}, {"a": bounded}, lambda i: {"a": i["b"] / 2 + 1}
            ),
            "B": discipline({"a": {"type": "float"}}, {"b": None}, lambda i: {"b": i["a"] / 2 + 1}),
        }
    )
    assert run(coupled).values["a"] == pytest.approx(2.0)


@pytest.mark.parametrize("solver", SOLVERS)
def test_an_unconverged_loop_names_the_coupling_that_changes_most(solver):
    """``calm`` settles at once, ``wild`` doubles for ever."""
    coupled = process(
        {
            "A": discipline(
                {"b": {"type": "float", "default": 1.0}},
                {"calm": None, "wild": None},
                lambda i: {"calm": 1e9 + 1e-3 * i["b"], "wild": 2 * i["b"]},
            ),
            "B": discipline({"calm": None, "wild": None}, {"b": None}, lambda i: {"b": i["wild"]}),
        }
    )
    with pytest.raises(CouplingNotConverged, match="changes most") as caught:
        run(coupled, {"sub_mda_class": solver, "max_mda_iter": 20})
    assert caught.value.variable in {"wild", "b"}
