"""An interrupted execution goes on with what itself has made, whatever others may take from it."""

import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sostrades_api.engine import ExecutionStopped, Observer, Place, Process, build, recall
from sostrades_api.engine.result_cache import MemoryCache
from tests.engine import counted_models
from tests.engine.counted_models import Adds, Doubles, Drawn, Left, Random, Right, Steady
from tests.engine.making import process


@pytest.fixture(autouse=True)
def runs():
    counted_models.RUNS.clear()
    return counted_models.RUNS


class Checkpoints:
    """In memory; what ``forgets`` names is lost."""

    def __init__(self, least_seconds=0.0):
        self.least_seconds = least_seconds
        self.resumes = False
        self.kept, self.labels = {}, {}
        self.forgets = ()

    def take_up(self):
        assert self.resumes
        return {key: made for key, made in self.kept.items() if self.labels[key] not in self.forgets}

    def keep(self, key, result, *, label):
        self.kept[key], self.labels[key] = result, label


class Reused(Observer):
    def __init__(self):
        self.resumed = ()

    def on_disciplines_reused(self, event):
        self.resumed = event.resumed


@pytest.fixture
def interrupt(runs):
    """``interrupt(plan, checkpoints, after=2, ...)``: run until so many disciplines have run; then resume."""

    def run(plan, checkpoints, *, after, inputs=None, **options):
        with pytest.raises(ExecutionStopped):
            plan.execute(inputs, checkpoints=checkpoints, should_stop=lambda: len(runs) >= after, **options)
        first = list(runs)
        runs.clear()
        checkpoints.resumes = True
        observer = Reused()
        result = plan.execute(inputs, checkpoints=checkpoints, observer=observer, **options)
        return first, list(runs), observer.resumed, result

    return run


def test_what_is_not_deterministic_and_what_follows_is_not_run_a_second_time(interrupt):
    plan = build(process({"R": Random, "B": Adds}))
    first, second, resumed, result = interrupt(plan, Checkpoints(), after=1, cache=MemoryCache())
    assert (first, second, resumed) == (["Random"], ["Adds"], ("R",))
    assert result.values["z"] == result.values["y"] + 1.0


@pytest.mark.parametrize("cache", [None, MemoryCache(least_seconds=0.0)])
def test_without_trust_in_results_of_others_an_execution_trusts_its_own(interrupt, cache):
    plan = build(process({"A": Doubles, "B": Adds}))
    given = {"x": 3.0, "reuse_results": False}
    if cache is not None:
        plan.execute(given, cache=cache)
        counted_models.RUNS.clear()
    first, second, resumed, result = interrupt(plan, Checkpoints(), after=1, inputs=given, cache=cache)
    assert (first, second, resumed) == (["Doubles"], ["Adds"], ("A",))
    assert result.values["z"] == 7.0


def test_nothing_is_taken_up_by_another_execution_or_for_other_inputs(runs):
    plan, checkpoints = build(process({"R": Random, "B": Adds})), Checkpoints()
    plan.execute({"u": 1.0}, checkpoints=checkpoints)
    checkpoints.resumes = True
    runs.clear()
    plan.execute({"u": 2.0}, checkpoints=checkpoints)
    assert runs == ["Adds"]
    runs.clear()
    plan.execute({"u": 2.0}, checkpoints=Checkpoints())
    assert runs == ["Random", "Adds"]


def test_what_was_made_of_a_draw_that_is_lost_is_made_again_of_the_new_one():
    plan, checkpoints = build(process({"R": Random, "B": Adds})), Checkpoints()
    plan.execute(checkpoints=checkpoints)
    checkpoints.resumes, checkpoints.forgets = True, ("Random",)
    counted_models.RUNS.append("so that it draws another")
    result = plan.execute(checkpoints=checkpoints)
    assert counted_models.RUNS[-2:] == ["Random", "Adds"]
    assert result.values["z"] == result.values["y"] + 1.0


def test_each_of_two_draws_keeps_its_own():
    places = {name: Place(Random, namespaces={"ns": name}) for name in ("A", "B")}
    plan, checkpoints = build(Process("two", disciplines=places)), Checkpoints()
    first = plan.execute(checkpoints=checkpoints).values
    assert first["A.y"] != first["B.y"]
    checkpoints.resumes = True
    again = plan.execute(checkpoints=checkpoints).values
    assert (again["A.y"], again["B.y"]) == (first["A.y"], first["B.y"])


def test_a_quick_draw_is_kept_once_something_slow_was_made_of_it(monkeypatch):
    checkpoints, quick = Checkpoints(least_seconds=0.05), Adds.run
    build(process({"R": Random, "A": Adds})).execute(checkpoints=checkpoints)
    assert checkpoints.labels == {}

    def slow(self, inputs):
        time.sleep(0.06)
        return quick(self, inputs)

    monkeypatch.setattr(Adds, "run", slow)
    build(process({"R": Random, "A": Adds})).execute(checkpoints=checkpoints)
    assert sorted(checkpoints.labels.values()) == ["Adds", "Random"]


def test_a_loop_is_taken_up_as_a_whole_or_starts_again(interrupt):
    plan = build(process({"R": Random, "L": Left, "Right": Right}))
    first, second, resumed, result = interrupt(plan, Checkpoints(), after=4)
    assert first == ["Random", "Left", "Right", "Left"]
    assert second == ["Left", "Right"] * (len(second) // 2)
    assert resumed == ("R",)
    whole = Checkpoints()
    made = plan.execute(checkpoints=whole)
    assert len(made.values["residuals_history"]) > 1
    whole.resumes = True
    counted_models.RUNS.clear()
    taken = plan.execute(checkpoints=whole)
    assert counted_models.RUNS == []
    assert taken.values["residuals_history"].equals(made.values["residuals_history"])
    assert result.converged


def test_recomputing_runs_a_discipline_and_what_depends_on_it_and_replaces_what_was_known(runs):
    cache = MemoryCache(least_seconds=0.0)
    plan = build(process({"A": Doubles, "B": Adds}))
    plan.execute({"x": 3.0}, cache=cache)
    for recompute, ran in [(["B"], ["Adds"]), (["A"], ["Doubles", "Adds"]), ([], []), (["Nobody"], [])]:
        runs.clear()
        result = plan.execute({"x": 3.0}, cache=cache, recompute=recompute)
        assert runs == ran
        assert result.values["z"] == 7.0


def test_a_recomputation_that_was_interrupted_does_not_compute_a_third_time(interrupt):
    cache = MemoryCache(least_seconds=0.0)
    plan = build(process({"A": Doubles, "B": Adds}))
    plan.execute({"x": 3.0}, cache=cache)
    counted_models.RUNS.clear()
    first, second, resumed, _ = interrupt(
        plan, Checkpoints(), after=1, inputs={"x": 3.0}, cache=cache, recompute=["A"]
    )
    assert (first, second, resumed) == (["Doubles"], ["Adds"], ("A",))


def test_threads_keep_and_take_up_too(runs):
    plan, checkpoints = build(process({"R": Random, "B": Adds})), Checkpoints()
    first = plan.execute({"n_processes": 2}, checkpoints=checkpoints)
    checkpoints.resumes = True
    runs.clear()
    again = plan.execute({"n_processes": 2}, checkpoints=checkpoints)
    assert runs == []
    assert again.values["z"] == first.values["z"]


NODES = st.lists(
    st.tuples(st.sampled_from([Steady, Drawn]), st.integers(0, 9), st.sampled_from([0.0, 1.0])),
    min_size=1,
    max_size=9,
)


@given(nodes=NODES, cached=st.booleans(), data=st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_however_often_it_is_interrupted_all_values_are_of_one_draw(nodes, cached, data, monkeypatch):
    """Even when checkpoints are lost on the way, and whatever was quick."""
    monkeypatch.setattr(recall, "perf_counter", lambda: counted_models.CLOCK[0])
    parents = [f"N{parent % number}" if number else "Root" for number, (_, parent, _) in enumerate(nodes)]
    places = {
        f"N{number}": Place(kind, namespaces={"before": parents[number], "after": f"N{number}"})
        for number, (kind, _, _) in enumerate(nodes)
    }
    given_values = {"Root.x": 1.0} | {f"N{n}.cost": cost for n, (_, _, cost) in enumerate(nodes)}
    plan, checkpoints = build(Process("forest", disciplines=places)), Checkpoints(least_seconds=0.5)
    cache = MemoryCache(least_seconds=0.5) if cached else None
    values: dict[str, float] = {}
    interruptions = data.draw(st.lists(st.integers(0, len(nodes)), max_size=5))
    for allowed in [*interruptions, 10**6]:
        counted_models.RUNS.clear()
        try:
            values = plan.execute(
                given_values,
                cache=cache,
                checkpoints=checkpoints,
                should_stop=lambda allowed=allowed: len(counted_models.RUNS) > allowed,
            ).values
            break
        except ExecutionStopped:
            checkpoints.resumes = True
            for key in data.draw(st.sets(st.sampled_from(sorted(checkpoints.kept) or [""]), max_size=2)):
                checkpoints.kept.pop(key, None)
    for number, (kind, _, _) in enumerate(nodes):
        read, made = ({"Root.x": 1.0} | dict(values))[f"{parents[number]}.x"], values[f"N{number}.x"]
        assert made == read + 1.0 if kind is Steady else (read, made) in counted_models.DRAWS
