"""Whatever the process: the order of declaration changes no bit, solvers agree, a DAG equals its formula."""

import random

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sostrades_api.engine import build, run
from sostrades_api.engine.comparison import same_bits
from tests.engine.making import discipline, process

weights = st.lists(st.floats(-1, 1), min_size=1, max_size=8)


def weighted(reads, weight, made):
    return lambda i: {made: 1.0 + sum(weight * i[name] for name in reads)}


def shuffled(disciplines, seed):
    names = list(disciplines)
    random.Random(seed).shuffle(names)
    return {name: disciplines[name] for name in names}


@st.composite
def dags(draw):
    """For each variable, which earlier ones it reads, and a weight."""
    size = draw(st.integers(1, 12))
    reads = [draw(st.lists(st.integers(0, i), max_size=3, unique=True)) for i in range(size)]
    return reads, [draw(st.floats(-2, 2)) for _ in range(size)]


@settings(deadline=None)
@given(dags(), st.integers())
def test_a_random_dag_equals_its_direct_evaluation(dag, seed):
    reads, factors = dag
    expected = [1.5]
    disciplines = {}
    for i, (sources, factor) in enumerate(zip(reads, factors, strict=True)):
        names = [f"v{source}" for source in sources]
        made = f"v{i + 1}"
        disciplines[f"D{i}"] = discipline(dict.fromkeys(names), {made: None}, weighted(names, factor, made))
        expected.append(1.0 + sum(factor * expected[source] for source in sources))
    given_values = {"v0": 1.5} if any(0 in sources for sources in reads) else {}
    result = run(process(shuffled(disciplines, seed)), given_values)
    for i, value in enumerate(expected[1:], start=1):
        assert result.values[f"v{i}"] == value


@st.composite
def contractions(draw):
    """Coupled equations x_i = 1 + w * sum of some x_j, with |w| * count < 1."""
    size = draw(st.integers(2, 7))
    reads = [draw(st.lists(st.integers(0, size - 1), max_size=4, unique=True)) for _ in range(size)]
    return reads, [draw(st.floats(-0.8, 0.8)) / max(len(sources), 1) for sources in reads]


def coupled(equations, kind, convert):
    reads, factors = equations
    disciplines = {}
    for i, (sources, factor) in enumerate(zip(reads, factors, strict=True)):
        names = [f"x{source}" for source in sources]
        run_it = weighted(names, factor, f"x{i}")
        if kind["type"] == "dataframe":
            run_it = table_version(names, factor, f"x{i}")
        start = {**kind, "default": convert(0.5)}
        disciplines[f"D{i}"] = discipline(dict.fromkeys(names, start), {f"x{i}": kind}, run_it)
    return disciplines


def table_version(reads, weight, made):
    return lambda i: {
        made: pd.DataFrame(
            {"v": 1.0 + sum(weight * i[name]["v"].to_numpy() for name in reads)}, index=range(2)
        )
    }


FLOAT = ({"type": "float"}, float)
TABLE = (
    {"type": "dataframe", "dataframe_descriptor": {"v": {"type": "float"}}},
    lambda start: pd.DataFrame({"v": [start, start]}),
)


@settings(deadline=None, max_examples=60)
@given(
    contractions(),
    st.integers(),
    st.sampled_from(["MDAGaussSeidel", "MDAJacobi"]),
    st.sampled_from(["", "SimpleCache"]),
)
def test_the_order_of_declaration_changes_no_bit(equations, seed, solver, cache):
    disciplines = coupled(equations, *FLOAT)
    values = {"sub_mda_class": solver, "cache_type": cache}
    one = build(process(disciplines)).execute(values)
    other = build(process(shuffled(disciplines, seed))).execute(values)
    assert set(one.values) == set(other.values)
    for name in one.values:
        assert same_bits(one.values[name], other.values[name])


@settings(deadline=None, max_examples=30)
@pytest.mark.parametrize(("kind", "convert"), [FLOAT, TABLE], ids=["floats", "tables"])
@given(equations=contractions())
def test_gauss_seidel_and_jacobi_agree(kind, convert, equations):
    plan = build(process(coupled(equations, kind, convert)))
    seidel = plan.execute({"tolerance": 1e-12})
    jacobi = plan.execute({"sub_mda_class": "MDAJacobi", "tolerance": 1e-12})
    for name, value in seidel.values.items():
        if name != "residuals_history":
            other = jacobi.values[name]
            found, wanted = (
                (value, other) if kind["type"] == "float" else (value["v"].iloc[0], other["v"].iloc[0])
            )
            assert found == pytest.approx(wanted, rel=1e-10, abs=1e-10)


@settings(deadline=None, max_examples=30)
@given(contractions())
def test_floats_and_tables_take_the_same_iterations(equations):
    floats = run(process(coupled(equations, *FLOAT)))
    tables = run(process(coupled(equations, *TABLE)))
    assert floats.runs == tables.runs
