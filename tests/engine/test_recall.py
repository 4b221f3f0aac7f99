"""What was computed for these inputs is not computed again, in whatever execution, plan or study."""

import os
import sys
from dataclasses import replace
from typing import ClassVar

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sostrades_api.engine import Place, Process, build
from sostrades_api.engine.comparison import same_bits
from sostrades_api.engine.digests import value_digest
from sostrades_api.engine.protection import freeze
from sostrades_api.engine.result_cache import ComputedResult, MemoryCache
from sostrades_api.engine.versions import discipline_version, sources_of
from tests.engine import counted_models
from tests.engine.counted_models import Adds, After, Chained, Doubles, Left, OfOthers, Random, Right, Slow
from tests.engine.making import discipline, process


@pytest.fixture(autouse=True)
def runs():
    counted_models.RUNS.clear()
    return counted_models.RUNS


def everything():
    """A cache for which every discipline is worth a look-up."""
    return MemoryCache(least_seconds=0.0)


LINE = {"A": Doubles, "B": Adds}
LOOP = {"A": Doubles, "L": Left, "R": Right}


def test_only_what_depends_on_a_changed_input_runs_in_another_execution(runs):
    cache = everything()
    build(process(LINE)).execute({"x": 3.0}, cache=cache)
    runs.clear()
    result = build(process(LINE)).execute({"x": 3.0, "u": 5.0}, cache=cache)
    assert runs == ["Adds"]
    assert result.reused == ("A",)
    assert result.values["z"] == 11.0


def test_the_same_discipline_elsewhere_re_uses_its_outputs(runs):
    cache = everything()
    build(process(LINE)).execute({"x": 3.0}, cache=cache)
    runs.clear()
    other = Process("other", disciplines={"Deep.Down": Doubles}, namespaces={"ns": "Deep"})
    assert build(other).execute({"Deep.x": 3.0}, cache=cache).values["Deep.y"] == 6.0
    assert runs == []


def test_a_loop_is_found_as_a_whole_with_its_residuals(runs):
    cache = everything()
    plan = build(process(LOOP))
    first = plan.execute(cache=cache)
    runs.clear()
    again = plan.execute(cache=cache)
    assert runs == []
    for name, value in first.values.items():
        assert same_bits(value, again.values[name])
    assert again.converged


@pytest.mark.parametrize(
    "change", [{"b": 0.1}, {"tolerance": 1e-6}, {"sub_mda_class": "MDAJacobi"}, {"x": 2.0}]
)
def test_a_loop_of_another_start_setting_or_input_is_solved_again(runs, change):
    cache = everything()
    plan = build(process(LOOP))
    plan.execute(cache=cache)
    runs.clear()
    result = plan.execute(change, cache=cache)
    assert "Left" in runs
    assert same_bits(result.values["a"], plan.execute(change).values["a"])


def ring_of_three(third):
    """Three disciplines in a ring: the first reads from X, the second from Y, the third from here."""
    outside = ["X", "Y", third]
    places = {
        f"D{i}": Place(
            OfOthers, namespaces={"before": f"R{i}", "after": f"R{(i + 1) % 3}", "outside": outside[i]}
        )
        for i in range(3)
    }
    return build(Process("ring", disciplines=places))


def test_loops_that_read_the_same_values_by_other_wires_are_not_the_same(runs):
    cache, given = everything(), {"X.outside": 1.0, "Y.outside": 2.0}
    ring_of_three("X").execute(given, cache=cache)
    other = ring_of_three("Y").execute(given, cache=cache)
    assert other.reused == ()
    assert other.values["R0.x"] == pytest.approx(ring_of_three("Y").execute(given).values["R0.x"])


def test_an_unconverged_loop_is_not_kept(runs):
    cache = everything()
    plan = build(process(LOOP))
    few = {"max_mda_iter": 2, "allow_unconverged": True}
    plan.execute(few, cache=cache)
    runs.clear()
    assert not plan.execute(few, cache=cache).converged
    assert runs == ["Left", "Right", "Left", "Right"]


def test_what_is_not_deterministic_runs_and_what_follows_depends_on_its_value(runs):
    cache = everything()
    plan = build(process({"R": Random, "B": Adds}))
    values = [plan.execute(cache=cache).values["z"] for _ in range(2)]
    assert runs == ["Random", "Adds", "Random", "Adds"]
    assert values[0] != values[1]


def test_a_class_made_in_a_function_is_not_re_used_as_others_may_look_the_same():
    cache = everything()
    for factor in (1.0, 2.0):
        model = discipline(
            {"x": {"type": "float", "default": 1.0}}, {"y": None}, lambda i, by=factor: {"y": by * i["x"]}
        )
        assert discipline_version(model) is None
        assert build(process({"A": model})).execute(cache=cache).values["y"] == factor


def test_what_is_quicker_than_a_look_up_is_run(runs):
    class Counting(MemoryCache):
        asked = 0

        def find(self, addresses):
            self.asked += len(addresses)
            return super().find(addresses)

    cache = Counting(least_seconds=60.0)
    plan = build(process(LINE))
    plan.execute(cache=cache)
    assert cache.asked == 2  # nobody knew what they cost
    plan.execute(cache=cache)
    assert cache.asked == 2
    assert runs == ["Doubles", "Adds"] * 2


def test_digests_that_the_caller_knows_are_taken(runs):
    cache = everything()
    plan = build(process(LINE))
    plan.execute({"x": 3.0}, cache=cache, digests={"x": "three"})
    runs.clear()
    assert plan.execute({"x": 3.0}, cache=cache, digests={"x": "three"}).values["y"] == 6.0
    assert runs == []


def test_outputs_of_another_shape_than_declared_are_not_taken(runs):
    class Wrong(MemoryCache):
        def find(self, addresses):
            few = ComputedResult(outputs=(), seconds=1.0)
            return dict.fromkeys(addresses, few)

    assert build(process(LINE)).execute(cache=Wrong(least_seconds=0.0)).values["z"] == 3.0
    assert runs == ["Doubles", "Adds"]


def test_a_long_chain_has_an_address():
    size = sys.getrecursionlimit() + 100
    chained = {
        f"D{i}": Place(Chained, namespaces={"before": f"N{i}", "after": f"N{i + 1}"}) for i in range(size)
    }
    plan = build(Process("chain", disciplines=chained))
    plan.remember_costs(dict.fromkeys(plan.disciplines[:-1], 0.0))
    cache = MemoryCache(least_seconds=1e-9)
    first = plan.execute({"N0.x": 1.0}, cache=cache)
    assert first.values[f"N{size}.x"] == pytest.approx(1.0 + size)


def test_a_memory_cache_forgets_what_was_not_used_for_longest():
    cache = MemoryCache(entries=2)
    nothing = ComputedResult(outputs=(), seconds=1.0)
    for address in "ab":
        cache.store(address, nothing, label="", replace=False)
    cache.find("a")
    cache.store("c", nothing, label="", replace=False)
    assert list(cache.find("abc")) == ["a", "c"]


def test_the_version_changes_with_the_source_of_what_a_discipline_imports(tmp_path, monkeypatch):
    package = tmp_path / "versioned_models"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "numbers_of_it.py").write_text("FACTOR = 2.0\n")
    (package / "data.csv").write_text("1\n")
    (package / "model.py").write_text(
        "from sostrades_api.engine import Discipline\n"
        "from versioned_models.numbers_of_it import FACTOR\n"
        "class Model(Discipline):\n"
        "    DATA_FILES = ('data.csv',)\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))

    def version():
        for name in [name for name in sys.modules if name.startswith("versioned_models")]:
            del sys.modules[name]
        from versioned_models.model import Model

        return discipline_version(Model)

    versions = [version(), version()]
    (package / "numbers_of_it.py").write_text("FACTOR = 3.0\n")
    versions.append(version())
    (package / "data.csv").write_text("2\n")
    versions.append(version())
    assert versions[0] == versions[1]
    assert len(set(versions)) == 3
    (package / "data.csv").unlink()
    assert version() is None


def test_the_version_holds_imports_inside_functions_and_falls_when_a_file_changes_under_the_class(
    tmp_path, monkeypatch
):
    package = tmp_path / "changing_models"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "later.py").write_text("FACTOR = 2.0\n")
    (package / "data.csv").write_text("1\n")
    (package / "model.py").write_text(
        "from sostrades_api.engine import Discipline\n"
        "class Model(Discipline):\n"
        "    DATA_FILES = ('data.csv',)\n"
        "    def run(self, inputs):\n"
        "        from changing_models import later\n"
        "class Other(Discipline):\n"
        "    def run(self, inputs):\n"
        "        return {}\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    from changing_models.model import Model, Other

    assert "changing_models.later" not in sys.modules
    assert package / "later.py" in sources_of(Model)
    assert discipline_version(Model) is not None
    (package / "data.csv").write_text("another\n")
    assert discipline_version(Model) is None
    (package / "later.py").write_text("FACTOR = 3.0\n")
    later = package.stat().st_mtime + 60
    os.utime(package / "model.py", (later, later))
    assert discipline_version(Other) is None


@pytest.mark.parametrize("by", ["threads", "processes"])
def test_what_runs_at_the_same_time_is_found_and_kept_too(runs, by):
    cache = everything()
    together = {"n_processes": 2, "parallel_by": by}
    plan = build(process({**LOOP, "B": Adds}))
    first = plan.execute(together, cache=cache)
    again = plan.execute({**together, "u": 3.0}, cache=cache)
    assert again.reused == ("A", "L", "R")
    for name, value in plan.execute({"u": 3.0}).values.items():
        assert same_bits(again.values[name], value)
    assert len(first.residuals) == len(again.residuals) > 1


def test_everything_is_run_and_replaced_when_results_are_not_to_be_re_used(runs):
    class Noting(MemoryCache):
        replaced: ClassVar[list] = []

        def store(self, address, result, *, label, replace):
            self.replaced.append((label, replace))
            super().store(address, result, label=label, replace=replace)

    cache = Noting(least_seconds=0.0)
    plan = build(process(LINE))
    plan.execute({"x": 3.0}, cache=cache)
    assert plan.execute({"x": 3.0, "reuse_results": False}, cache=cache).reused == ()
    assert cache.replaced == [("Doubles", False), ("Adds", False), ("Doubles", True), ("Adds", True)]


def test_a_result_says_how_long_what_it_re_used_had_taken_and_what_the_cache_calls_it():
    class Named(MemoryCache):
        def find(self, addresses):
            found = super().find(addresses)
            return {key: replace(known, seconds=2.0, references=("ref",)) for key, known in found.items()}

    cache = Named(least_seconds=0.0)
    plan = build(process(LINE))
    plan.execute(cache=cache)
    result = plan.execute(cache=cache)
    assert (result.saved_seconds, result.references) == (4.0, {"y": "ref", "z": "ref"})


VALUES = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**63), 2**63 - 1),
        st.floats(allow_nan=False),
        st.text(max_size=3),
        st.lists(st.floats(allow_nan=False), max_size=3).map(np.array),
        st.lists(st.integers(-9, 9), max_size=3).map(
            lambda n: pd.DataFrame({"a": n, "s": list(map(str, n))})
        ),
    ),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=2), inner, max_size=2),
)


@settings(deadline=None)
@given(VALUES, VALUES)
def test_digests_are_equal_when_values_are_the_same_to_the_bit(one, other):
    one, other = freeze(one), freeze(other)
    assert (value_digest(one) == value_digest(other)) == same_bits(one, other)


@pytest.mark.parametrize("change", [{"categories": ["b", "a"]}, {"ordered": True}])
def test_categories_in_another_order_are_other_values(change):
    """Code 0 is another text then."""
    first, second = (
        freeze(pd.DataFrame({"c": pd.Categorical(["a", "b"], **{"categories": ["a", "b"], **each})}))
        for each in ({}, change)
    )
    assert not same_bits(first, second)
    assert value_digest(first) != value_digest(second)


def test_a_value_of_no_known_type_has_no_digest():
    with pytest.raises(TypeError, match="object has no digest"):
        value_digest(object())


def test_what_was_found_is_not_run_again_once_what_it_reads_has_been_run():
    """The first loop does not converge, so that it is never stored; the second reads it, and is."""
    plan, cache = build(process({"A": Slow, "B": After})), everything()
    values = {"allow_unconverged": True, "max_mda_iter": 4}
    first = plan.execute(values, cache=cache)
    again = plan.execute({**values, "n_processes": 2}, cache=cache)
    assert again.reused == ("B",)
    assert again.residuals.equals(first.residuals)
