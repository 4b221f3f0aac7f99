"""Fixtures of the execution tests: a study case of a test process, and somebody who may run it."""

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from sostrades_api.access import Actor
from sostrades_api.models import StudyCase, StudyParameter
from sostrades_api.queueing import ExecutionQueue
from sostrades_api.services.unit_of_work import unit_of_work
from sostrades_api.settings import Settings


@pytest.fixture
def owner(make_group) -> Any:
    """The group that owns the study cases of the test."""
    return make_group("owners")


@pytest.fixture
def actor(accounts, owner) -> Actor:
    """Acts for the owners."""
    return accounts.actor(owner)


@pytest.fixture
def make_case(session, platform, owner, installed_test_processes) -> Callable[..., StudyCase]:
    """``make_case("test_slow", seconds=2.0)``: a study case of that process with these values."""
    group_id, numbers = owner.id, itertools.count(1)

    def make(process_name: str, **values: Any) -> StudyCase:
        # One writing transaction from its start: workers write to the same SQLite file meanwhile.
        with unit_of_work(session):
            study = StudyCase(
                name=f"case-{next(numbers)}", process_name=process_name, group_id=group_id, created_by="test"
            )
            session.add(study)
            session.flush()
            for name, digest in platform.values.put_many(session, values).items():
                session.add(StudyParameter(study_case_id=study.id, name=name, digest=digest))
        return study

    return make


@pytest.fixture
def queue(live_settings: Settings) -> Iterator[ExecutionQueue]:
    """The queue of a live platform, as its web server uses it."""
    queue = ExecutionQueue.for_web(live_settings)
    yield queue
    queue.redis.close()
