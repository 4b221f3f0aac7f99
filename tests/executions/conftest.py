"""Fixtures of the execution tests: a study case of a test process, and somebody who may run it."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from sostrades_api.access import Actor
from sostrades_api.models import StudyCase, StudyParameter


@pytest.fixture
def owner(make_group) -> Any:
    """The group that owns the study cases of the test."""
    return make_group("owners")


@pytest.fixture
def actor(accounts, owner) -> Actor:
    """Acts for the owners."""
    return accounts.actor(owner)


@pytest.fixture
def make_case(session, platform, studies, owner, installed_test_processes) -> Callable[..., StudyCase]:
    """``make_case("test_slow", seconds=2.0)``: a study case of that process with these values."""

    def make(process_name: str, **values: Any) -> StudyCase:
        study = studies.study(owner, process_name=process_name)
        give(session, platform, study, values)
        return study

    return make


def give(session, platform, study: StudyCase, values: Mapping[str, Any]) -> None:
    """Give a study case values, as an update would."""
    from sostrades_api.services.unit_of_work import unit_of_work

    study_id = study.id
    with unit_of_work(session):
        digests = platform.values.put_many(session, values)
        for name, digest in digests.items():
            session.merge(StudyParameter(study_case_id=study_id, name=name, digest=digest))
