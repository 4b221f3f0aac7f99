"""Datetimes are aware and UTC, whatever the database keeps."""

import datetime as dt

import pytest
from sqlalchemy.exc import StatementError

from sostrades_api.models import User


def test_a_datetime_of_another_zone_comes_back_as_the_same_moment_in_utc(session):
    moment = dt.datetime(2030, 1, 1, 12, tzinfo=dt.timezone(dt.timedelta(hours=5)))
    user = User(username="a", created_at=moment)
    session.add(user)
    session.commit()
    session.expire_all()
    assert user.created_at == moment
    assert user.created_at.utcoffset() == dt.timedelta(0)


def test_a_naive_datetime_is_refused(session):
    session.add(User(username="a", created_at=dt.datetime(2030, 1, 1)))  # noqa: DTZ001
    with pytest.raises(StatementError, match="naive"):
        session.commit()
