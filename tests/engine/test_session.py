"""Executed again after a change, only what depends on it runs, and the result is that of a full execution."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sostrades_api.engine import (
    CouplingNotConverged,
    Declared,
    Discipline,
    DisciplineRaised,
    ExecutionStopped,
    InvalidInputs,
    OtherStructure,
    build,
    run,
)
from sostrades_api.engine.comparison import same_bits
from tests.engine.making import discipline, process

START = {"type": "float", "default": 0.5}


def weighted(names, weight, made):
    return lambda i: {made: 1.0 + sum(weight * i[name] for name in names)}


def line(size, calls=None):
    """x0 -> D0 -> v0, and each v reads the one before and an input of its own."""
    disciplines = {}
    for i in range(size):
        reads = {f"x{i}": START, **({f"v{i - 1}": None} if i else {})}

        def run(inputs, i=i):
            if calls is not None:
                calls.append(i)
            return {f"v{i}": sum(inputs.values()) / 2}

        disciplines[f"D{i}"] = discipline(reads, {f"v{i}": None}, run)
    return process(disciplines)


def assert_same(one, other):
    assert set(one.values) == set(other.values)
    for name, value in one.values.items():
        assert same_bits(value, other.values[name]), name
    assert one.converged == other.converged


def test_only_what_depends_on_the_change_runs():
    calls = []
    session = build(line(5, calls)).session()
    session.execute()
    calls.clear()
    result = session.execute({"x3": 7.0})
    assert calls == [3, 4]
    assert result.reused == ("D0", "D1", "D2")
    assert result.runs == {"D0": 0, "D1": 0, "D2": 0, "D3": 1, "D4": 1}
    assert_same(result, build(line(5)).execute({"x3": 7.0}))


def test_a_value_given_again_changes_nothing():
    session = build(line(3)).session()
    session.execute({"x0": 2.0})
    result = session.execute({"x0": 2.0})
    assert result.reused == ("D0", "D1", "D2")


def test_minus_zero_is_another_value_than_zero():
    model = discipline({"x": START}, {"y": None}, lambda i: {"y": float(np.copysign(1.0, i["x"]))})
    session = build(process({"A": model})).session()
    assert session.execute({"x": 0.0}).values["y"] == 1.0
    assert session.execute({"x": -0.0}).values["y"] == -1.0


def test_a_change_that_makes_no_difference_goes_no_further():
    calls = []
    both = process(
        {
            "A": discipline({"x": START}, {"y": None}, lambda i: {"y": float(i["x"] > 0)}),
            "B": discipline({"y": None}, {"z": None}, lambda i: calls.append(1) or {"z": i["y"]}),
        }
    )
    session = build(both).session()
    session.execute({"x": 1.0})
    assert session.execute({"x": 2.0}).reused == ("B",)
    assert calls == [1]


def test_a_session_that_is_not_incremental_runs_everything():
    session = build(line(3)).session(incremental=False)
    session.execute()
    assert session.execute().reused == ()


def test_a_discipline_that_is_not_deterministic_always_runs():
    numbers = iter(range(10))
    model = discipline({"x": START}, {"y": None}, lambda i: {"y": float(next(numbers))})
    model.DETERMINISTIC = False
    after = discipline({"y": None}, {"z": None}, lambda i: {"z": i["y"]})
    session = build(process({"A": model, "B": after})).session()
    assert [session.execute().values["z"] for _ in range(3)] == [0.0, 1.0, 2.0]


def test_a_result_handed_out_stays_as_it_was():
    session = build(line(2)).session()
    first = session.execute({"x0": 1.0})
    before = dict(first.values)
    session.execute({"x0": 2.0})
    assert first.values["v0"] == before["v0"]


def test_after_a_failure_what_was_not_done_is_done():
    def sometimes(inputs):
        return {"y": 1 / inputs["x"], "w": inputs["x"]}

    both = process(
        {
            "A": discipline({"x": START}, {"y": None, "w": None}, sometimes),
            "B": discipline({"w": None}, {"z": None}, lambda i: {"z": 2 * i["w"]}),
        }
    )
    session = build(both).session()
    session.execute({"x": 1.0})
    with pytest.raises(DisciplineRaised):
        session.execute({"x": 0.0})
    result = session.execute({"x": 2.0})
    assert (result.values["y"], result.values["z"]) == (0.5, 4.0)


def test_a_session_that_was_stopped_goes_on():
    asked = []
    session = build(line(4)).session()
    with pytest.raises(ExecutionStopped):
        session.execute(should_stop=lambda: asked.append(1) or len(asked) > 2)
    assert session.execute().reused == ("D0", "D1")


def test_a_wrong_value_changes_nothing():
    session = build(line(2)).session()
    first = session.execute()
    with pytest.raises(InvalidInputs):
        session.execute({"x0": 3.0, "x1": "text"})
    assert_same(first, session.execute())


@st.composite
def graphs(draw):
    """Equations over x0..., with loops, that contract; and changes of the inputs that each also has."""
    size = draw(st.integers(2, 8))
    reads = [draw(st.lists(st.integers(0, size - 1), max_size=3, unique=True)) for _ in range(size)]
    factors = [draw(st.floats(-0.8, 0.8)) / max(len(sources), 1) for sources in reads]
    keys = st.one_of(
        st.integers(0, size - 1).map(lambda i: f"u{i}"),
        st.integers(0, size - 1).map(lambda i: f"x{i}"),
    )
    changes = draw(st.lists(st.dictionaries(keys, st.floats(-2, 2), max_size=3), min_size=1, max_size=4))
    return reads, factors, changes


@settings(deadline=None, max_examples=80)
@given(graphs(), st.sampled_from(["MDAGaussSeidel", "MDAJacobi"]), st.sampled_from(["", "SimpleCache"]))
def test_whatever_changes_the_result_is_that_of_a_full_execution_to_the_bit(graph, solver, cache):
    reads, factors, changes = graph
    disciplines = {}
    for i, (sources, factor) in enumerate(zip(reads, factors, strict=True)):
        names = [f"x{source}" for source in sources]
        disciplines[f"D{i}"] = discipline(
            {**dict.fromkeys(names, START), f"u{i}": START},
            {f"x{i}": None},
            weighted([*names, f"u{i}"], factor, f"x{i}"),
        )
    plan = build(process(disciplines, numerical={"sub_mda_class": solver, "cache_type": cache}))
    known = {name for name, variable in plan.variables.items() if variable.io == "in" or variable.in_loop}
    session, given_so_far = plan.session(), {}
    for change in changes:
        usable = {name: value for name, value in change.items() if name in known}
        given_so_far |= usable
        assert_same(session.execute(usable), plan.execute(given_so_far))


def test_an_unconverged_loop_is_solved_again_and_other_settings_solve_all_loops_again():
    loop = process(
        {
            "A": discipline({"b": START}, {"a": None}, lambda i: {"a": -i["b"] + 1}),
            "B": discipline({"a": None}, {"b": None}, lambda i: {"b": i["a"]}),
        }
    )
    session = build(loop).session()
    for _ in range(2):
        with pytest.raises(CouplingNotConverged):
            session.execute({"b": 0.0, "max_mda_iter": 20})
    assert not session.execute({"allow_unconverged": True}).converged
    assert not session.execute().converged
    result = session.execute({"relaxation_factor": 0.5})
    assert result.converged
    assert result.values["a"] == pytest.approx(0.5)


def test_a_profile_says_where_the_time_went():
    result = build(line(3)).execute()
    profile = result.profile
    assert [row.path for row in profile.disciplines] == ["D0", "D1", "D2"]
    assert [row.runs for row in profile.disciplines] == [1, 1, 1]
    assert 0 < profile.discipline_seconds <= profile.total_seconds
    assert profile.engine_share == pytest.approx(1 - profile.discipline_seconds / profile.total_seconds)
    assert profile.peak_memory_bytes > 1_000_000
    frame = profile.to_frame()
    assert list(frame.columns) == ["discipline", "runs", "seconds", "share"]
    assert frame["seconds"].is_monotonic_decreasing


def test_a_loop_inside_that_has_not_converged_is_told_though_the_one_around_it_has():
    start = {"type": "float", "default": 0.0}
    disciplines = {
        "In.A": discipline(
            {"q": start, "o": start}, {"p": None}, lambda i: {"p": 0.999 * i["q"] + 1.0 + 0.0 * i["o"]}
        ),
        "In.B": discipline({"p": None}, {"q": None}, lambda i: {"q": i["p"]}),
        "Around": discipline({"p": None}, {"o": None}, lambda i: {"o": 0.0 * i["p"]}),
    }
    numerical = {"allow_unconverged": True, "tolerance": 0.01, "max_mda_iter": 2000}
    plan = build(
        process(disciplines, numerical=numerical, couplings={"In": {"max_mda_iter": 2, "tolerance": 1e-12}})
    )
    full, session = plan.execute(), plan.session().execute()
    assert not full.converged
    assert (session.converged, session.unconverged_loops) == (False, full.unconverged_loops)


def test_a_session_that_was_given_another_structure_goes_on_with_its_own():
    class Scaled(Discipline):
        DESC_IN = {
            "twice": {"type": "bool", "default": False, "structuring": True},
            "x": {"type": "float", "default": 1.0},
        }
        DESC_OUT = {"y": {"type": "float"}}

        def structure(self, values):
            return Declared(outputs={"z": {"type": "float"}} if values["twice"] else {})

        def run(self, inputs):
            return {"y": inputs["x"]} | ({"z": 2 * inputs["x"]} if inputs["twice"] else {})

    session = build(process({"S": Scaled})).session()
    session.execute()
    with pytest.raises(OtherStructure):
        session.execute({"S.x": 3.0, "S.twice": True})
    assert session.execute({"S.x": 5.0}).values["S.y"] == 5.0


def test_what_reads_a_data_file_that_has_changed_runs_again(tmp_path):
    rate = tmp_path / "rate.txt"
    rate.write_text("2.0")
    made = discipline(
        {"x": {"type": "float", "default": 3.0}},
        {"y": None},
        lambda inputs: {"y": inputs["x"] * float(rate.read_text())},
    )
    made.DATA_FILES = (str(rate),)
    session = build(process({"A": made})).session()
    assert session.execute().values["y"] == 6.0
    assert session.execute().reused == ("A",)
    rate.write_text("10.0")
    assert session.execute().values["y"] == 30.0
    rate.unlink()
    with pytest.raises(DisciplineRaised, match="rate"):
        session.execute()


def test_a_name_that_storage_would_lose_is_taken_from_the_rows_of_a_table():
    table = {"type": "dataframe"}
    reader = discipline({"t": table}, {"y": {"type": "string"}}, lambda i: {"y": f"{i['t'].index}"})
    plan = build(process({"A": reader}))
    plain = pd.DataFrame({"a": [1.0]})
    named = plain.rename_axis("year")
    assert plan.execute({"t": named}).values["y"] == plan.execute({"t": plain}).values["y"]
    maker = discipline({}, {"t": table}, lambda _inputs: {"t": named})
    assert run(process({"A": maker})).values["t"].index.name is None


def test_of_several_loops_that_have_not_converged_each_is_told():
    models = {}
    for name in "AB":
        first, second = f"a{name}", f"b{name}"
        models[f"{name}1"] = discipline(
            {second: START}, {first: None}, lambda i, of=first, by=second: {of: i[by] / 2 + 1}
        )
        models[f"{name}2"] = discipline(
            {first: None}, {second: None}, lambda i, of=second, by=first: {of: i[by]}
        )
    accepted = {"allow_unconverged": True, "max_mda_iter": 3}
    plan = build(process(models))
    for made in (plan.session().execute(accepted), plan.execute(accepted)):
        assert made.unconverged_loops == ("A1, A2", "B1, B2")
        assert set(made.unconverged) == {"aA", "bA", "aB", "bB"}
