"""Who may talk to the API at all."""

import datetime as dt
import logging

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from sostrades_api.access.api_keys import generate_key
from sostrades_api.models import ApiKey, User, utc_now
from sostrades_api.models.engine import WRITING
from sostrades_api.services.api_key_authenticate import REFUSAL

PATH = "/api/v0/nothing-here"  # 404 for whoever is let in


@pytest.fixture
def key(make_user, make_key):
    return make_key(make_user())


def change(session, **values):
    session.execute(update(ApiKey).values(**values))
    session.commit()


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Basic YWxpY2U6c2VjcmV0",
        "Token abc",
        "Bearer two words",
        "sos_without_a_scheme",
        "Bearer \xe9\xe8",
    ],
)
@pytest.mark.database("sqlite")
def test_a_missing_or_malformed_header_is_refused_and_told_how(client, header):
    headers = {} if header is None else {"Authorization": header}
    response = client.get(PATH, headers=headers)
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == "Bearer"
    assert response.mimetype == "application/problem+json"
    assert response.json["statusCode"] == 401


def test_a_users_key_and_a_groups_key_are_let_in(client, key, make_group, make_key, bearer):
    assert client.get(PATH, headers=bearer(key)).status_code == 404
    assert client.get(PATH, headers=bearer(make_key(make_group()))).status_code == 404


@pytest.mark.parametrize("scheme", ["bearer", "BEARER", "BeArEr"])
@pytest.mark.database("sqlite")
def test_the_name_of_the_scheme_is_case_insensitive(client, key, scheme):
    assert client.get(PATH, headers={"Authorization": f"{scheme}  {key} "}).status_code == 404


def test_unknown_expired_and_revoked_keys_and_those_of_inactive_users_get_one_answer(
    client, key, session, bearer
):
    answers = [client.get(PATH, headers=bearer(generate_key()))]
    change(session, expires_at=utc_now() - dt.timedelta(seconds=1))
    answers.append(client.get(PATH, headers=bearer(key)))
    change(session, expires_at=None, revoked_at=utc_now())
    answers.append(client.get(PATH, headers=bearer(key)))
    change(session, revoked_at=None)
    session.execute(update(User).values(is_active=False))
    session.commit()
    answers.append(client.get(PATH, headers=bearer(key)))
    assert [answer.status_code for answer in answers] == [401] * 4
    assert {answer.json["detail"] for answer in answers} == {REFUSAL}
    assert len({answer.data for answer in answers}) == 1


@pytest.mark.database("sqlite")
def test_a_key_that_expires_later_is_let_in(client, make_user, make_key, bearer):
    key = make_key(make_user(), expires_at=utc_now() + dt.timedelta(hours=1))
    assert client.get(PATH, headers=bearer(key)).status_code == 404


@pytest.mark.database("sqlite")
def test_the_ping_needs_no_key_and_everything_else_under_api_does(client):
    assert client.get("/api/ping").status_code == 200
    assert client.get("/api/anything").status_code == 401
    assert client.post("/api/v0/calculation/execute/1").status_code == 401


def test_the_last_use_is_noted_at_most_once_a_minute(client, key, session, bearer):
    client.get(PATH, headers=bearer(key))
    first = session.scalar(select(ApiKey.last_used_at))
    assert utc_now() - first < dt.timedelta(seconds=30)
    session.rollback()
    client.get(PATH, headers=bearer(key))
    assert session.scalar(select(ApiKey.last_used_at)) == first
    long_ago = utc_now() - dt.timedelta(minutes=2)
    session.rollback()
    change(session, last_used_at=long_ago)
    client.get(PATH, headers=bearer(key))
    assert session.scalar(select(ApiKey.last_used_at)) > long_ago


def test_a_busy_database_does_not_keep_a_reader_waiting_for_the_note_of_its_use(client, key, session, bearer):
    with Session(session.get_bind()) as writer:
        writer.connection(execution_options={WRITING: True})
        writer.execute(update(ApiKey).values(name="locked"))
        assert client.get(PATH, headers=bearer(key)).status_code == 404
    assert client.get(PATH, headers=bearer(key)).status_code == 404
    assert session.scalar(select(ApiKey.last_used_at)) is not None


@pytest.mark.database("sqlite")
def test_a_key_is_in_no_log_line_and_in_no_answer(client, key, bearer, caplog):
    caplog.set_level(logging.DEBUG)
    answers = [client.get(PATH, headers=bearer(key)), client.get(PATH, headers=bearer(key + "x"))]
    written = caplog.text + "".join(answer.text + str(answer.headers) for answer in answers)
    assert key not in written
    assert "nothing-here" in caplog.text


def test_a_key_is_nowhere_in_the_database(key, session):
    row = session.scalar(select(ApiKey))
    kept = [str(getattr(row, column.name)) for column in ApiKey.__table__.columns]
    assert not any(key in value for value in kept)
    assert row.start == key[:10]


@pytest.mark.database("sqlite")
def test_an_authenticated_request_sets_no_cookie(client, key, bearer):
    assert "Set-Cookie" not in client.get(PATH, headers=bearer(key)).headers
