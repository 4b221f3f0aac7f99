"""Results by address: stored whole and to the bit or not at all, and forgotten in time."""

import datetime as dt
import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import func, select, text, update
from sqlalchemy.orm import Session

from sostrades_api.engine import ComputedResult as Computed
from sostrades_api.engine import build
from sostrades_api.engine.comparison import same_bits
from sostrades_api.engine.layout import difference
from sostrades_api.engine.protection import freeze
from sostrades_api.models import ComputedOutput, ComputedResult, StoredValue, db, utc_now
from sostrades_api.services.computed_result_collect import computed_result_mark_used
from sostrades_api.services.computed_result_find import computed_result_find
from sostrades_api.services.computed_result_store import NewResult, computed_result_store
from sostrades_api.services.garbage_collect import garbage_collect, garbage_find
from sostrades_api.services.unit_of_work import unit_of_work
from sostrades_api.storage import ValueStore
from sostrades_api.worker.result_keeper import ResultKeeper
from tests.engine import counted_models
from tests.engine.counted_models import Adds, Doubles, Left, Right
from tests.engine.making import discipline, process
from tests.support.live import wait_until

LARGE = np.arange(5000.0)
OUTPUTS = (
    0.1 + 0.2,
    -0.0,
    None,
    [1, True, "x"],
    {"a": LARGE, "b": {"c": [0.1]}},
    pd.DataFrame({"year": [2020, 2021], "x": [0.1, 0.2], "name": ["a", "b"]}),
    LARGE,
)


def new(address, *outputs, seconds=1.0, replace=False):
    computed = Computed(outputs=outputs, seconds=seconds)
    return NewResult(address=address, label="Model", computed=computed, replace=replace)


def count(session, table=ComputedResult):
    counted = session.scalar(select(func.count()).select_from(table))
    session.rollback()
    return counted


@pytest.fixture
def store(session, platform):
    return lambda *results: computed_result_store(session, results, values=platform.values)


@pytest.fixture
def find(session, platform):
    """What is known of addresses, as another process finds it."""

    def run(*addresses):
        values = ValueStore(platform.settings.resolved_value_store_url)
        found = computed_result_find(session, addresses, values=values)
        session.rollback()
        return found

    return run


def test_outputs_come_back_to_the_bit_with_their_digests(session, store, find):
    assert store(new("a", *OUTPUTS, seconds=2.5), new("b", 1.0)) == 2
    found = find("a", "b", "c").results
    assert set(found) == {"a", "b"}
    assert found["a"].seconds == 2.5
    assert all(map(same_bits, found["a"].outputs, OUTPUTS))
    digests = session.scalars(
        select(ComputedOutput.digest).where(ComputedOutput.address == "a").order_by(ComputedOutput.place)
    )
    assert list(found["a"].references) == digests.all()


def test_a_result_costs_no_second_copy_of_a_value(session, platform, store):
    with unit_of_work(session):
        platform.values.put(session, LARGE)
    store(new("a", LARGE), new("b", LARGE))
    assert count(session, StoredValue) == 1


def test_the_first_result_of_an_address_stays_unless_it_is_replaced(store, find):
    store(new("a", 1.0, 2.0))
    assert store(new("a", 3.0, 4.0), new("b", 5.0)) == 1
    assert list(find("a").results["a"].outputs) == [1.0, 2.0]
    assert store(new("a", 6.0, replace=True)) == 1
    assert list(find("a").results["a"].outputs) == [6.0]


def test_two_writers_never_mix_their_outputs(app, platform, find):
    with app.app_context():
        engine = db.engine
    start = threading.Barrier(4)

    def write(value):
        start.wait()
        for number in range(10):
            with Session(engine) as own:
                results = [new(f"{number}-{k}", *[value] * 5, replace=value == 3.0) for k in range(3)]
                computed_result_store(own, results, values=platform.values)

    threads = [threading.Thread(target=write, args=(float(k),)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = find(*(f"{number}-{k}" for number in range(10) for k in range(3))).results
    assert len(found) == 30
    for result in found.values():
        assert len(result.outputs) == 5
        assert len(set(result.outputs)) == 1


@pytest.mark.database("postgresql")
def test_writers_lock_results_in_one_order(app, session, store):
    """By turns they would wait for each other: here one that has the first waits for the second."""
    store(new("b", 1.0))
    store(new("a", 1.0))  # behind it in the table
    with app.app_context():
        engine = db.engine
    lock = select(ComputedResult.address).with_for_update()
    waits = text("select count(*) from pg_stat_activity where wait_event_type = 'Lock'")
    with Session(engine) as own, Session(engine) as other, ThreadPoolExecutor() as pool:
        own.execute(lock.where(ComputedResult.address == "a"))
        marked = pool.submit(computed_result_mark_used, other, ["b", "a"])
        wait_until(lambda: count_of(session, waits))
        own.execute(lock.where(ComputedResult.address == "b"))
        own.commit()
        marked.result(timeout=30)


def count_of(session, query):
    counted = session.scalar(query)
    session.rollback()
    return counted


@pytest.mark.database("sqlite")
@pytest.mark.parametrize(
    "value",
    [
        LARGE[::2],
        np.ones((3, 4)).T,
        {"inside": [LARGE[::2]]},
        pd.DataFrame(np.ones((3, 4)), copy=False),
        pd.DataFrame({"a": [1.0], "b": [1.0]}).assign(c=1.0),
        {"inside": pd.DataFrame({"a": [1.0], "b": [1.0]}).assign(c=1.0)},
        pd.DataFrame([[1.0, 2.0]], columns=pd.CategoricalIndex(["a", "b"])),
        pd.DataFrame({"a": pd.Series([np.float64(1.0)], dtype=object)}),
        pd.DataFrame({"a": [(1.0, 2.0)]}),
        np.array(["text", None], dtype=object),
        object(),
    ],
)
def test_what_would_not_be_the_same_to_the_last_bit_is_not_kept(session, store, value, caplog):
    caplog.set_level(logging.INFO)
    assert store(new("a", value), new("b", 1.0)) == 1
    assert count(session) == 1
    assert caplog.text.count("not kept: Model.0: ") == 1


WIDE = pd.DataFrame({"year": [1, 1, 2, 2], "region": ["a", "b"] * 2, "v": [0.1, 0.2, 0.3, 0.4]})
FLOATS = pd.DataFrame({"a": [0.1, 0.2, 0.3], "b": [0.4, 0.5, 0.6]})
TABLES = {
    "pivot": WIDE.pivot_table(index="year", columns="region", values="v").reset_index(drop=True),
    "turned_table": FLOATS.T.set_axis(["x", "y", "z"], axis="columns").reset_index(drop=True),
    "every_other_row": pd.DataFrame(np.ones((6, 2)), columns=["a", "b"]).iloc[::2].reset_index(drop=True),
    "column_by_column": FLOATS.assign(c=[1.0, 2.0, 3.0], s=["x", "y", "z"], d=[3.0, 1.0, 2.0]),
    "categories": FLOATS.set_axis(pd.CategoricalIndex(["a", "b"]), axis="columns"),
    "objects": FLOATS.set_axis(pd.Index(["a", "b"], dtype=object), axis="columns").assign(c=[[1], [2], [3]]),
    "turned_array": np.ones((3, 4)).T,
}


@pytest.mark.database("sqlite")
@pytest.mark.parametrize("name", TABLES)
def test_an_everyday_table_is_kept_and_found_as_a_fresh_run_gives_it(store, find, name):
    made = TABLES[name]
    kind = "array" if name == "turned_array" else "dataframe"
    model = discipline(
        {}, {"y": {"type": kind}, "d": {"type": "dict"}}, lambda _: {"y": made, "d": {"k": made}}
    )
    plan = build(process({"A": model}))
    fresh = [plan.execute().values.slots[plan.slot(name)] for name in ("y", "d")]
    assert store(new("a", *fresh)) == 1
    for one, other in zip(fresh, find("a").results["a"].outputs, strict=True):
        assert difference(one, freeze(other)) is None


@pytest.mark.database("sqlite")
def test_a_result_whose_file_is_gone_or_damaged_is_said_to_be_broken(session, platform, store, find):
    store(new("gone", LARGE), new("damaged", LARGE + 1), new("whole", LARGE + 2))
    digests = {address: find(address).results[address].references[0] for address in ("gone", "damaged")}
    platform.values.blobs.delete([digests["gone"]])
    folder = Path(platform.settings.value_store_url.removeprefix("file://"))
    (damaged,) = folder.rglob(digests["damaged"])
    damaged.write_bytes(damaged.read_bytes()[:-8] + b"12345678")
    found = find("gone", "damaged", "whole")
    assert set(found.results) == {"whole"}
    assert sorted(found.broken) == ["damaged", "gone"]


def used_days_ago(session, address, days):
    with unit_of_work(session):
        moment = utc_now() - dt.timedelta(days=days)
        session.execute(
            update(ComputedResult).where(ComputedResult.address == address).values(last_used_at=moment)
        )


def test_unused_results_go_with_the_values_that_only_they_have(session, platform, store, find):
    store(new("old", LARGE, 1.0), new("used", LARGE, 2.0))
    for address in ("old", "used"):
        used_days_ago(session, address, 31)
    assert sorted(find("old", "used").aging) == ["old", "used"]
    computed_result_mark_used(session, ["used"])
    assert find("used").aging == []
    given = {"values": platform.values, "settings": platform.settings, "older_than": dt.timedelta(0)}
    expected = garbage_find(session, **given)
    collected = garbage_collect(session, **given)
    assert (expected.results, collected.results, collected.values) == (1, 1, 1)
    assert set(find("old", "used").results) == {"used"}
    for_ever = platform.settings.model_copy(update={"result_cache_days": 0})
    used_days_ago(session, "used", 31)
    assert garbage_collect(session, values=platform.values, settings=for_ever).results == 0


@pytest.mark.database("sqlite")
def test_beyond_their_bytes_the_results_unused_for_longest_go(session, platform, store, find):
    store(*(new(str(day), LARGE + day) for day in range(4)))
    for day in range(4):
        used_days_ago(session, str(day), day)
    few = platform.settings.model_copy(update={"result_cache_bytes": 2 * (LARGE.nbytes + 200)})
    assert garbage_collect(session, values=platform.values, settings=few).results == 2
    assert set(find(*"0123").results) == {"0", "1"}


@pytest.mark.database("sqlite")
def test_results_whose_files_are_gone_are_collected(session, platform, store, find):
    store(new("gone", LARGE), new("whole", LARGE + 1))
    platform.values.blobs.delete([find("gone").results["gone"].references[0]])
    assert garbage_collect(session, values=platform.values, settings=platform.settings).results == 1
    assert set(find("whole").results) == {"whole"}


class Everything(ResultKeeper):
    """Keeps what took no time, too."""

    least_seconds = 0.0


PLAN = build(process({"A": Doubles, "B": Adds, "L": Left, "R": Right}))
EDITS = st.fixed_dictionaries(
    {},
    optional={
        "x": st.sampled_from([1.0, -0.0, 0.1, 3.0]),
        "u": st.sampled_from([0.5, 1.0]),
        "b": st.sampled_from([0.0, 0.25]),
        "tolerance": st.sampled_from([1e-10, 1e-6]),
        "sub_mda_class": st.sampled_from(["MDAGaussSeidel", "MDAJacobi"]),
        "n_processes": st.just(2),
        "reuse_results": st.booleans(),
    },
)


@pytest.mark.database("sqlite")
@hypothesis_settings(
    deadline=None, max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(edits=st.lists(EDITS, min_size=1, max_size=5))
def test_any_edits_give_the_results_of_full_runs_to_the_bit(app, platform, edits):
    with app.app_context():
        engine = db.engine
    counted_models.RUNS.clear()
    for values in edits:
        keeper = Everything(engine, values=ValueStore(platform.settings.resolved_value_store_url))
        result = PLAN.execute(values, cache=keeper)
        keeper.close()
        full = PLAN.execute(values)
        assert result.converged == full.converged
        for name, value in full.values.items():
            assert same_bits(result.values[name], value), name
    keeper = Everything(engine, values=platform.values)
    assert len(PLAN.execute({**edits[-1], "reuse_results": True}, cache=keeper).reused) == 4
