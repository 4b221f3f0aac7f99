"""Collecting garbage from the command line."""

import datetime as dt

import pytest

from sostrades_api.models import utc_now
from sostrades_api.services.unit_of_work import unit_of_work

pytestmark = pytest.mark.database("sqlite")


def test_garbage_is_shown_first_and_then_collected(flask, session, make_study, make_group):
    study = make_study(make_group("team"))
    with unit_of_work(session):
        study.deleted_at = utc_now() - dt.timedelta(days=31)
    study_case_id = study.id
    session.rollback()
    assert flask.json("collect_garbage", "--dry-run") == {
        "study_cases": [study_case_id],
        "executions": [],
        "results": 0,
        "values": 0,
        "blobs": 0,
    }
    assert "1 deleted study cases were removed" in flask("collect_garbage", "--older-than", "0h").stderr
    assert flask.json("collect_garbage")["study_cases"] == []
    assert flask.json("list_studies", "--deleted") == []


@pytest.mark.parametrize("age", ["1", "1m", "-1d", "soon", ""])
def test_an_age_that_is_none_is_refused(flask, age):
    assert "is no age" in flask.error("collect_garbage", "--older-than", age)
