"""What is kept of loads, and for how long."""

import datetime as dt
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError

from sostrades_api.errors import UnavailableError
from sostrades_api.services import study_case_loader
from sostrades_api.services.study_case_load import LoadedStudy
from sostrades_api.services.study_case_loader import LoadRequest, StudyLoader

REQUEST = LoadRequest(
    study_case_id=1, created_at=dt.datetime(2026, 1, 1, tzinfo=dt.UTC), process_name="dice2016r", revision=1
)


class NoSession:
    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None


class DeadRedis:
    def get(self, _name):
        raise RedisConnectionError

    def set(self, _name, _value, *, ex):
        raise RedisConnectionError


@pytest.fixture
def loads(monkeypatch):
    """Counts loads; each gives 1000 bytes of the revision it is told."""
    calls = []

    def load(_session, study_case_id, **options):
        calls.append((study_case_id, options["prefix"]))
        variables = {"x": {"value": "y" * 1000}}
        return LoadedStudy(revision=1, execution_id=None, fingerprint="f", variables=variables)

    monkeypatch.setattr(study_case_loader, "study_case_load", load)
    return calls


@pytest.fixture
def make_loader():
    loaders = []

    def make(**options):
        loaders.append(StudyLoader(NoSession, values=None, **options))
        return loaders[-1]

    yield make
    for loader in loaders:
        loader.close()


def prefixed(prefix):
    return LoadRequest(**{**REQUEST.__dict__, "prefix": prefix})


def test_one_load_serves_all_that_ask_at_once(make_loader, loads):
    loader, start = make_loader(), threading.Barrier(8)

    def ask(_):
        start.wait()
        return loader.load(REQUEST, timeout=10).body

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(ask, range(8)))) == 1
    assert len(loads) == 1


def test_the_least_recently_used_loads_are_dropped(make_loader, loads):
    loader = make_loader(max_bytes=8000)
    for prefix in ("a", "b", "a", "c", "a", "d", "a"):
        loader.load(prefixed(prefix), timeout=10)
    assert [prefix for _, prefix in loads] == ["a", "b", "c", "d"]
    loader.load(prefixed("b"), timeout=10)
    assert [prefix for _, prefix in loads][4:] == ["b"]


def test_a_load_that_would_fill_the_memory_alone_is_not_kept(make_loader, loads):
    loader = make_loader(max_bytes=1500)
    for _ in range(2):
        assert loader.load(REQUEST, timeout=10) is not None
    assert len(loads) == 2


def test_a_dead_redis_costs_nothing_but_the_sharing(make_loader, loads):
    loader = make_loader(shared=DeadRedis())
    assert loader.load(REQUEST, timeout=10).revision == 1
    assert loader.load(REQUEST, timeout=0).revision == 1
    assert len(loads) == 1


def test_a_study_that_changed_while_it_loaded_is_kept_as_what_it_is(make_loader, loads):
    loader = make_loader()
    asked = LoadRequest(**{**REQUEST.__dict__, "revision": 0})
    assert loader.load(asked, timeout=10).revision == 1
    assert loader.load(REQUEST, timeout=0).revision == 1
    assert len(loads) == 1


@pytest.mark.parametrize("timeout", [0, -5, -(10**20), float("-inf")])
def test_no_time_means_not_waiting(make_loader, monkeypatch, timeout):
    gate = threading.Event()
    monkeypatch.setattr(study_case_loader, "study_case_load", lambda *_, **__: gate.wait(10))
    assert make_loader().load(REQUEST, timeout=timeout) is None
    gate.set()


def test_names_that_are_asked_for_count_as_memory_too(make_loader, loads):
    loader = make_loader(max_bytes=40_000)
    for number in range(10):
        loader.load(prefixed(f"{number}" * 10_000), timeout=10)
    loader.load(prefixed("9" * 10_000), timeout=10)
    assert len(loads) == 10
    loader.load(prefixed("0" * 10_000), timeout=10)
    assert len(loads) == 11


def test_so_many_loads_are_kept_and_no_more(make_loader, loads):
    loader = make_loader(max_entries=2)
    for prefix in ("a", "b", "c", "c", "b", "a"):
        loader.load(prefixed(prefix), timeout=10)
    assert [prefix for _, prefix in loads] == ["a", "b", "c", "a"]


@pytest.fixture
def gate(monkeypatch, loads):
    """Loads wait until it is opened."""
    opened, load = threading.Event(), study_case_loader.study_case_load

    def wait(*args, **options):
        opened.wait(30)
        return load(*args, **options)

    monkeypatch.setattr(study_case_loader, "study_case_load", wait)
    yield opened
    opened.set()


def test_more_loads_than_may_wait_are_refused_until_some_are_done(make_loader, loads, gate):
    loader = make_loader(threads=1, max_pending=2)
    assert loader.load(prefixed("a"), timeout=0) is None
    assert loader.load(prefixed("b"), timeout=0) is None
    assert loader.load(prefixed("a"), timeout=0) is None
    with pytest.raises(UnavailableError):
        loader.load(prefixed("c"), timeout=0)
    gate.set()
    assert loader.load(prefixed("b"), timeout=10) is not None
    assert loader.load(prefixed("c"), timeout=10) is not None


def test_of_large_loads_that_nobody_came_back_for_two_are_kept(make_loader, loads, gate):
    loader = make_loader(threads=1, max_bytes=1500)
    for prefix in "abc":
        assert loader.load(prefixed(prefix), timeout=0) is None
    gate.set()
    loader.load(prefixed("d"), timeout=10)
    loader.load(prefixed("c"), timeout=10)
    assert [prefix for _, prefix in loads] == ["a", "b", "c", "d"]
    loader.load(prefixed("a"), timeout=10)
    assert [prefix for _, prefix in loads] == ["a", "b", "c", "d", "a"]


def test_a_load_asked_of_a_process_that_is_ending_is_to_be_asked_again(make_loader, loads):
    loader = make_loader()
    loader.close()
    with pytest.raises(UnavailableError, match="ending"):
        loader.load(REQUEST, timeout=1)
    assert loads == []
