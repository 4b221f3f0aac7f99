"""Address, copy, rename, list and create study cases; history and reverting."""

import pytest

from sostrades_api.access import Role
from tests.api.conftest import ApiClient

BAD_NAMES = [
    "",
    "   ",
    "x" * 201,
    "a\nb",
    "a\x00b",
    "\x7f",
    "a\u2028b",
    "\u200b",
    "\u3164",
    "\u202e",
    "\u202eabc",
]
GOOD_NAMES = [
    "a/b",
    "<i>",
    '"',
    "🌍" * 200,
    "x" * 200,
    ".",
    "  trimmed  ",
    "Ünï",
    "👩\u200d🔬",
    "שלום",
    "می\u200cخواهم",
    "'; DROP TABLE users; --",
]


def test_the_address_is_that_of_the_page(api, study):
    assert api.get(f"/study-case/{study.id}/url").json == {
        "study_url": f"http://localhost/study-case/{study.id}"
    }


def test_the_address_has_the_public_host_when_there_is_one(make_app, settings, api_with, study):
    api = api_with(make_app(settings.model_copy(update={"public_url": "https://example.org/sos/"})))
    answer = api.get(f"/study-case/{study.id}/url").json
    assert answer == {"study_url": f"https://example.org/sos/study-case/{study.id}"}


def test_a_copy_has_the_values_and_a_history_of_its_own(api, study):
    path = f"/study-case/{study.id}"
    api.post(f"{path}/parameters", json={"variableId": "Study.needed", "newValue": 8})
    made = api.post(f"{path}/copy", json={"new_study_name": " Copy "})
    assert made.status_code == 201
    copy_id = made.json["study_case_id"]
    assert made.json["study_case_name"] == "Copy"
    assert made.json["study_url"].endswith(f"/study-case/{copy_id}")
    assert made.headers["Location"] == f"/api/v0/study-case/{copy_id}"
    copied = f"/study-case/{copy_id}"
    assert api.get(copied).json["Copy.needed"]["value"] == 8
    assert api.get(f"{copied}/parameters/history").json == []
    api.post(f"{copied}/parameters", json={"variableId": "Copy.needed", "newValue": 9})
    assert api.get(path).json["Study.needed"]["value"] == 8


@pytest.mark.parametrize("name", GOOD_NAMES)
def test_a_name_of_any_visible_text_is_taken(api, study, name):
    made = api.post(f"/study-case/{study.id}/copy", json={"new_study_name": name})
    assert made.status_code == 201, made.text
    assert made.json["study_case_name"] == name.strip()
    renamed = api.send("PATCH", f"/study-case/{study.id}", json={"name": name})
    assert f"{name.strip()}.needed" in api.get(f"/study-case/{study.id}").json
    assert renamed.json["study_case_name"] == name.strip()


@pytest.mark.parametrize("name", [*BAD_NAMES, None, 3, ["a"]])
def test_another_name_is_422(api, study, name):
    assert api.post(f"/study-case/{study.id}/copy", json={"new_study_name": name}).status_code == 422
    assert api.send("PATCH", f"/study-case/{study.id}", json={"name": name}).status_code == 422
    assert api.post("/study-cases", json={"name": name, "process": "every_type"}).status_code == 422
    assert len(api.get("/study-cases").json) == 1


def test_who_copies_from_another_group_owns_the_copy(client, session, accounts, studies, study):
    session.rollback()
    own = accounts.group("their own")
    member, loner = accounts.user(groups=(own,)), accounts.user()
    for user, expected in ((member, "their own"), (loner, "owners")):
        studies.right(study, user, Role.CONTRIBUTOR)
        theirs = ApiClient(client, accounts.key(user))
        copy_id = theirs.post(f"/study-case/{study.id}/copy", json={"new_study_name": "C"}).json[
            "study_case_id"
        ]
        listed = {entry["study_case_id"]: entry for entry in theirs.get("/study-cases").json}
        assert listed[copy_id]["group"] == expected
        assert listed[copy_id]["role"] == "Manager"
        assert listed[study.id]["role"] == "Contributor"
        session.rollback()


def test_a_rename_changes_the_full_names_and_the_revision(api, study):
    etag = api.get(f"/study-case/{study.id}").headers["ETag"]
    assert api.send("PATCH", f"/study-case/{study.id}", json={"name": "Other"}).status_code == 200
    renamed = api.get(f"/study-case/{study.id}", headers={"If-None-Match": etag})
    assert renamed.status_code == 200
    assert "Other.needed" in renamed.json
    old = api.post(f"/study-case/{study.id}/parameters", json={"variableId": "Study.needed", "newValue": 8})
    assert old.status_code == 422


def test_a_list_shows_what_the_caller_may_see(api, api_as, study):
    (listed,) = api.get("/study-cases").json
    assert listed["study_case_id"] == study.id
    assert listed["process"] == "every_type"
    assert (listed["group"], listed["role"], listed["status"]) == ("owners", "Manager", "NOT EXECUTED")
    assert api_as(None).get("/study-cases").json == []
    assert api_as(Role.RESTRICTED_VIEWER).get("/study-cases").json[0]["role"] == "Restricted Viewer"


def test_a_study_case_is_created_of_a_reference(api, study):
    body = {"process": "every_type", "name": "New", "reference": "long"}
    made = api.post("/study-cases", json=body)
    assert made.status_code == 201
    loaded = api.get(f"/study-case/{made.json['study_case_id']}").json
    assert loaded["New.Every.Type.length"]["value"] == 9.0
    assert loaded["New.needed"]["value"] == 5.0


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"process": "nothing"}, 404),
        ({"reference": "nothing"}, 422),
        ({"group": "nothing"}, 404),
        ({"group": "a\x00b"}, 422),
        ({"surprise": 1}, 422),
        ({"process": 3}, 422),
    ],
)
def test_a_study_case_of_anything_else_is_refused(api, study, changes, status):
    body = {"process": "every_type", "name": "New"} | changes
    assert api.post("/study-cases", json=body).status_code == status
    assert len(api.get("/study-cases").json) == 1


def test_nobody_creates_in_a_group_of_others(api_as, study):
    stranger = api_as(Role.MANAGER)
    body = {"process": "every_type", "name": "New"}
    assert stranger.post("/study-cases", json=body).status_code == 422
    assert stranger.post("/study-cases", json=body | {"group": "owners"}).status_code == 403


def test_installed_processes_are_listed_with_their_references(api, study):
    listed = {process["name"]: process for process in api.get("/processes").json}
    assert [reference["name"] for reference in listed["every_type"]["references"]] == ["default", "long"]


def test_the_history_says_who_changed_what_and_is_read_in_pages(api, study):
    path = f"/study-case/{study.id}/parameters"
    for value in (1, 2, 3):
        api.post(path, json={"variableId": "Study.Every.Type.count", "newValue": value})
    api.post(path, json={"variableId": "Study.needed", "newValue": 9})
    latest, *_ = changes = api.get(f"{path}/history").json
    assert [change["new_value"] for change in changes] == [9, 3, 2, 1]
    assert latest["variable_id"] == "Study.needed"
    assert (latest["old_value"], latest["actor"], latest["revision"]) == (4, "group:owners", 5)
    first = changes[-1]
    assert (first["old_value"], first["old_digest"]) == (None, None)
    assert changes[1]["old_digest"] == changes[2]["new_digest"]
    of_one = api.get(f"{path}/history?variable_id=Study.needed").json
    assert of_one == [latest]
    page = api.get(f"{path}/history?limit=2&before={changes[1]['id']}").json
    assert page == changes[2:4]
    assert api.get(f"{path}/history?variable_id=Other.needed").json == []


@pytest.mark.parametrize("query", ["limit=0", "limit=1001", "limit=x", "before=x", "surprise=1"])
def test_a_wrong_page_of_the_history_is_422(api, study, query):
    assert api.get(f"/study-case/{study.id}/parameters/history?{query}").status_code == 422


def test_a_page_before_any_number_is_answered(api, study):
    for before in (0, -1, 2**31, 2**63, 10**30):
        response = api.get(f"/study-case/{study.id}/parameters/history?before={before}")
        assert response.status_code in (200, 422)


def test_a_revert_restores_scalars_and_tables_and_can_be_reverted(api, study):
    path = f"/study-case/{study.id}"
    before = api.get(f"{path}?tables=inline").json
    table = {"columns": ["year", "value"], "data": [[1, 1.0]]}
    updates = [
        {"variableId": "Study.Every.Type.table", "newValue": table},
        {"variableId": "Study.needed", "newValue": 9},
    ]
    api.post(f"{path}/parameters", json=updates)
    api.post(f"{path}/parameters", json={"variableId": "Study.needed", "newValue": 10})
    changed = api.get(f"{path}?tables=inline").json
    reverted = api.post(f"{path}/parameters/revert", json={"revision": 1})
    assert reverted.status_code == 200
    assert set(reverted.json) == {"Study.Every.Type.table", "Study.needed"}
    assert reverted.json["Study.needed"]["value"] == 4.0
    assert api.get(f"{path}?tables=inline").json == before
    history = api.get(f"{path}/parameters/history").json
    assert {change["note"] for change in history[:2]} == {"reverted to revision 1"}
    api.post(f"{path}/parameters/revert", json={"revision": 3})
    assert api.get(f"{path}?tables=inline").json == changed


@pytest.mark.parametrize("revision", [0, -1, 2, 10**30, "1", 1.5, None, True])
def test_a_revert_to_what_never_was_is_422(api, study, revision):
    response = api.post(f"/study-case/{study.id}/parameters/revert", json={"revision": revision})
    assert response.status_code == 422


def test_a_revert_honours_if_match(api, study):
    path = f"/study-case/{study.id}/parameters"
    etag = api.get(f"/study-case/{study.id}").headers["ETag"]
    api.post(path, json={"variableId": "Study.needed", "newValue": 9})
    stale = api.post(f"{path}/revert", json={"revision": 1}, headers={"If-Match": etag})
    assert stale.status_code == 412


def test_ping_needs_no_key(client):
    response = client.get("/api/ping")
    assert (response.status_code, response.json) == (200, "pong")
