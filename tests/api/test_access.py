"""Who may call which route: every route, every role."""

import datetime as dt

import pytest
from sqlalchemy import update

from sostrades_api.access import Role
from sostrades_api.models import ApiKey, utc_now
from tests.api.conftest import ApiClient

CONTRIBUTOR, MANAGER = Role.CONTRIBUTOR, Role.MANAGER
VIEWER, COMMENTER = Role.RESTRICTED_VIEWER, Role.COMMENTER

# Method, path, JSON body, least role, status for that role.
ROUTES = [
    ("GET", "/study-case/{id}", None, VIEWER, 200),
    ("GET", "/study-case/{id}/5", None, VIEWER, 200),
    ("GET", "/study-case/{id}/url", None, VIEWER, 200),
    ("GET", "/calculation/status/{id}", None, VIEWER, 200),
    ("GET", "/post-processing/{id}", None, VIEWER, 200),
    ("GET", "/post-processing/{id}/html", None, VIEWER, 200),
    ("GET", "/study-case/{id}/logs", None, COMMENTER, 200),
    ("GET", "/study-case/{id}/profile", None, COMMENTER, 409),
    ("GET", "/study-case/{id}/parameters/history", None, COMMENTER, 200),
    ("POST", "/study-case/{id}/parameter/download", {"parameter_key": "Study.needed"}, COMMENTER, 200),
    ("POST", "/study-case/{id}/parameters", {"variableId": "Study.needed", "newValue": 1}, CONTRIBUTOR, 200),
    ("POST", "/study-case/{id}/parameters/revert", {"revision": 1}, CONTRIBUTOR, 200),
    ("POST", "/study-case/{id}/copy", {"new_study_name": "Copy"}, CONTRIBUTOR, 201),
    ("POST", "/calculation/execute/{id}", None, CONTRIBUTOR, 200),
    ("POST", "/calculation/stop/{id}", None, CONTRIBUTOR, 409),
    ("POST", "/study-cases/{id}/executions", None, CONTRIBUTOR, 202),
    ("PATCH", "/study-case/{id}", {"name": "Renamed"}, MANAGER, 200),
    ("DELETE", "/study-case/{id}", None, MANAGER, 204),
]
READING = {"GET"}
IDS = [f"{method} {path}" for method, path, *_ in ROUTES]


def call(client, route, study):
    method, path, body, *_ = route
    options = {} if body is None else {"json": body}
    return client.send(method, path.format(id=study.id), **options)


def lower(role):
    roles = list(Role)
    return roles[roles.index(role) - 1] if roles.index(role) else None


def test_every_route_of_a_study_case_is_in_the_table_above(app):
    listed = {
        (method, path.format(id="<study_id>").replace("/5", "/<timeout>")) for method, path, *_ in ROUTES
    }
    listed.add(("POST", "/study-case/<study_id>/restore"))  # below
    actual = {
        (method, rule.rule.removeprefix("/api/v0").replace("<whole:", "<"))
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api/v0") and "study_id" in rule.arguments
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }
    assert actual == listed


@pytest.mark.parametrize("route", ROUTES, ids=IDS)
def test_the_least_role_may_call_it_and_the_one_below_may_not(api_as, study, route):
    *_, least, status = route
    below = lower(least)
    refused = call(api_as(below), route, study)
    assert refused.status_code == (404 if below is None else 403), refused.text
    assert refused.mimetype == "application/problem+json"
    allowed = call(api_as(least), route, study)
    assert allowed.status_code == status, allowed.text


@pytest.mark.parametrize("route", ROUTES, ids=IDS)
def test_a_stranger_cannot_tell_a_study_case_from_none(api_as, study, route):
    stranger = api_as(None)
    existing = call(stranger, route, study)
    missing = stranger.send(route[0], route[1].format(id=study.id + 1000), json=route[2] or {})
    assert existing.status_code == missing.status_code == 404
    assert existing.json["detail"] == missing.json["detail"]


@pytest.mark.parametrize("route", ROUTES, ids=IDS)
def test_a_key_is_needed(client, study, route):
    method, path, body, *_ = route
    url = f"/api/v0{path.format(id=study.id)}"
    for headers in (
        {},
        {"Authorization": ""},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer "},
        {"Authorization": "Bearer wrong"},
        {"Authorization": "Basic dXNlcjpwYXNz"},
    ):
        response = client.open(url, method=method, headers=headers, json=body or {})
        assert response.status_code == 401
        assert response.mimetype == "application/problem+json"
        assert response.headers["WWW-Authenticate"].startswith("Bearer")


def test_expired_and_unknown_keys_are_told_the_same(client, accounts, group, study, session):
    session.rollback()
    expired = accounts.key(group)
    session.execute(update(ApiKey).values(expires_at=utc_now() - dt.timedelta(seconds=1)))
    session.commit()
    answers = [
        ApiClient(client, key).get(f"/study-case/{study.id}") for key in (expired, "sos_unknown", "anything")
    ]
    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.json["detail"] for answer in answers}) == 1


def test_the_scheme_is_case_insensitive(client, api, study):
    response = client.get(f"/api/v0/study-case/{study.id}", headers={"Authorization": f"bEaReR {api.key}"})
    assert response.status_code == 200


@pytest.mark.parametrize("route", ROUTES, ids=IDS)
def test_a_read_only_key_reads_and_changes_nothing(client, accounts, group, study, session, route):
    session.rollback()
    reader = ApiClient(client, accounts.key(group, read_only=True))
    method, path, _, _, status = route
    reads = method in READING or path.endswith("/download")
    response = call(reader, route, study)
    assert response.status_code == (status if reads else 403), response.text


def test_the_groups_of_a_user_count(client, session, accounts, studies, study):
    session.rollback()
    group = accounts.group()
    user = accounts.user(groups=(group,))
    studies.right(study, group, Role.CONTRIBUTOR)
    studies.right(study, user, Role.RESTRICTED_VIEWER)
    response = ApiClient(client, accounts.key(user)).get(f"/study-case/{study.id}")
    assert "Study.needed" in response.json


def test_a_deleted_study_case_is_gone_until_it_is_restored(api, api_as, study):
    assert api.send("DELETE", f"/study-case/{study.id}").status_code == 204
    for method, path, body, *_ in ROUTES:
        options = {} if body is None else {"json": body}
        assert api.send(method, path.format(id=study.id), **options).status_code == 404
    assert api.get("/study-cases").json == []
    assert api_as(None).post(f"/study-case/{study.id}/restore").status_code == 404
    assert api_as(Role.CONTRIBUTOR).post(f"/study-case/{study.id}/restore").status_code == 403
    assert api.post(f"/study-case/{study.id}/restore").status_code == 200
    assert "Study.needed" in api.get(f"/study-case/{study.id}").json
    assert api.post(f"/study-case/{study.id}/restore").status_code == 200


def test_an_unknown_query_parameter_is_422_on_every_route(api, study):
    for method, path, body, *_ in ROUTES:
        options = {} if body is None else {"json": body}
        response = api.send(method, path.format(id=study.id) + "?surprise=1", **options)
        assert response.status_code == 422, path
        assert response.json["errors"][0]["pointer"] == "/surprise"


def test_a_method_that_a_route_does_not_have_is_405_with_allow(api, study):
    for method, path, *_ in ROUTES:
        response = api.send("PUT", path.format(id=study.id))
        assert response.status_code == 405
        assert response.mimetype == "application/problem+json"
        assert method in response.headers["Allow"]


def test_an_unknown_route_is_404(api):
    for path in ("/", "/nothing", "/study-case", "/study-case/", "/calculation/status", "/study-case/1/url/"):
        response = api.get(path)
        assert response.status_code == 404
        assert response.mimetype == "application/problem+json"
