"""Webhooks over the API: what is taken, what is refused, and who may manage which."""

import pytest

from sostrades_api.access import Role
from sostrades_api.models import Webhook, utc_now
from tests.api.conftest import ApiClient

URL = "http://127.0.0.1:8765/hook"


@pytest.fixture
def settings(settings):
    return settings.model_copy(update={"webhook_private_addresses": "127.0.0.0/8", "webhooks_per_owner": 3})


@pytest.fixture
def make_client(client, accounts, session):
    """``make_client(owner, read_only=False)``."""

    def make(owner, **options):
        session.rollback()
        return ApiClient(client, accounts.key(owner, **options))

    return make


@pytest.fixture
def user(accounts, group):
    return accounts.user("alice", groups=(group,))


@pytest.fixture
def alice(make_client, user):
    return make_client(user)


def made(client, **body):
    answer = client.post("/webhooks", json={"url": URL} | body)
    assert answer.status_code == 201, answer.json
    return answer.json


def test_a_new_webhook_shows_its_secret_once(alice, session):
    answer = alice.post("/webhooks", json={"url": URL, "states": ["FAILED", "FINISHED", "FAILED"]})
    assert answer.status_code == 201
    new = answer.json
    assert new["secret"].startswith("whsec_")
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Location"] == f"/api/v0/webhooks/{new['webhook_id']}"
    shown = alice.get(f"/webhooks/{new['webhook_id']}").json
    assert shown == {name: value for name, value in new.items() if name != "secret"}
    assert (shown["url"], shown["states"], shown["is_active"]) == (URL, ["FINISHED", "FAILED"], True)
    assert (shown["user"], shown["group"], shown["study_case_id"]) == ("alice", None, None)
    assert alice.get("/webhooks").json == [shown]
    assert new["secret"] not in session.get(Webhook, new["webhook_id"]).secret


def test_the_secret_can_be_rotated_and_is_shown_once_more(alice):
    new = made(alice)
    answer = alice.post(f"/webhooks/{new['webhook_id']}/secret")
    assert answer.status_code == 200
    assert answer.json["secret"].startswith("whsec_")
    assert answer.json["secret"] != new["secret"]


def test_a_webhook_is_changed_disabled_and_enabled_again(alice):
    path = f"/webhooks/{made(alice)['webhook_id']}"
    changed = alice.send("PATCH", path, json={"url": f"{URL}/new", "states": ["STOPPED"]}).json
    assert (changed["url"], changed["states"]) == (f"{URL}/new", ["STOPPED"])
    off = alice.send("PATCH", path, json={"is_active": False}).json
    assert (off["is_active"], off["disabled_reason"]) == (False, "disabled by alice")
    answer = alice.post(f"{path}/test")
    assert answer.status_code == 409
    assert "disabled by alice" in answer.json["detail"]
    on = alice.send("PATCH", path, json={"is_active": True}).json
    assert (on["is_active"], on["disabled_reason"]) == (True, None)
    assert alice.send("PATCH", path, json={}).json == on


def test_a_deleted_webhook_is_gone_with_its_deliveries(alice):
    path = f"/webhooks/{made(alice)['webhook_id']}"
    assert alice.post(f"{path}/test").status_code == 202
    assert alice.send("DELETE", path).status_code == 204
    assert alice.get(path).status_code == 404
    assert alice.get(f"{path}/deliveries").status_code == 404
    assert alice.get("/webhooks").json == []


def test_deliveries_are_listed_by_pages_and_replayed(alice):
    path = f"/webhooks/{made(alice)['webhook_id']}"
    sent = [alice.post(f"{path}/test").json for _ in range(3)]
    assert sent[0]["status"] == "pending"
    assert sent[0]["payload"]["type"] == "webhook.ping"
    assert alice.get(f"{path}/deliveries?limit=2").json == [sent[2], sent[1]]
    assert alice.get(f"{path}/deliveries?before={sent[1]['delivery_id']}").json == [sent[0]]
    again = alice.post(f"{path}/deliveries/{sent[0]['delivery_id']}/replay")
    assert again.status_code == 202
    assert again.json["message_id"] == sent[0]["message_id"]
    off = alice.send("PATCH", path, json={"is_active": False})
    assert off.status_code == 200
    assert {row["status"] for row in alice.get(f"{path}/deliveries").json} == {"failed"}
    alice.send("PATCH", path, json={"is_active": True})
    since = sent[1]["created_at"]
    answer = alice.post(f"{path}/replay", json={"since": since})
    assert (answer.status_code, answer.json) == (202, {"replayed": 2})
    answer = alice.post(f"{path}/replay", json={"since": utc_now().isoformat()})
    assert answer.json == {"replayed": 0}


def test_a_change_of_state_is_told_to_the_group_of_the_study_case(api, study):
    path = f"/webhooks/{made(api, study_case_id=study.id)['webhook_id']}"
    assert api.get(path).json["group"] == "owners"
    assert api.post(f"/calculation/execute/{study.id}").status_code == 200
    assert api.post(f"/calculation/stop/{study.id}").status_code == 200
    deliveries = api.get(f"{path}/deliveries").json
    assert [row["type"] for row in deliveries] == ["execution.stopped", "execution.queued"]
    data = deliveries[0]["payload"]["data"]
    assert (data["study_case_id"], data["study_case_name"]) == (study.id, "Study")
    assert (data["state"], data["requested_by"]) == ("STOPPED", "group:owners")


@pytest.mark.parametrize(
    ("url", "fault"),
    [
        ("http://10.0.0.1/", "leads to no public host"),
        ("http://169.254.169.254/latest/meta-data/", "leads to no public host"),
        ("http://[::ffff:10.0.0.1]/", "leads to no public host"),
        ("http://167772161/", "leads to no public host"),
        ("http://012.0.0.1/", "leads to no public host"),
        ("https://host-that-is-nowhere.invalid/", "leads to no public host"),
        ("ftp://example.org/", "neither with https"),
        ("https://me:secret@example.org/", "credentials"),
        ("http://127.0.0.1:22/", "port 22"),
        ("http://127.0.0.1:8765/\x00", "ASCII"),
        ("", "ASCII"),
    ],
)
def test_a_webhook_to_nowhere_or_inside_is_refused_and_changes_nothing(alice, url, fault):
    answer = alice.post("/webhooks", json={"url": url})
    assert answer.status_code == 422
    assert answer.json["errors"][0]["pointer"] == "/url"
    assert fault in answer.json["detail"]
    assert alice.get("/webhooks").json == []
    path = f"/webhooks/{made(alice)['webhook_id']}"
    assert alice.send("PATCH", path, json={"url": url, "states": ["FAILED"]}).status_code == 422
    assert alice.get(path).json["states"] == []


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/url"),
        ({"url": None}, "/url"),
        ({"url": "http://127.0.0.1/" + "x" * 2000}, "/url"),
        ({"url": URL, "states": ["DONE"]}, "/states/0"),
        ({"url": URL, "states": "FAILED"}, "/states"),
        ({"url": URL, "secret": "whsec_mine"}, "/secret"),
        ({"url": URL, "study_case_id": "1"}, "/study_case_id"),
        ({"url": URL, "group": "strangers"}, "/group"),
        ({"url": URL, "group": "\x00"}, "/group"),
    ],
)
def test_a_body_of_another_form_is_refused(alice, body, pointer):
    answer = alice.post("/webhooks", json=body)
    assert answer.status_code == 422
    assert answer.json["errors"][0]["pointer"] == pointer


@pytest.mark.parametrize("since", ["yesterday", "2026-01-01T00:00:00", "0001-01-01T00:00:00+14:00", 30, None])
def test_a_replay_needs_a_moment_with_its_zone(alice, since):
    path = f"/webhooks/{made(alice)['webhook_id']}"
    answer = alice.post(f"{path}/replay", json={"since": since})
    assert answer.status_code == 422
    assert answer.json["errors"][0]["pointer"] == "/since"


def test_a_webhook_of_a_study_case_that_the_caller_does_not_see_is_404(accounts, study, make_client):
    stranger = make_client(accounts.user())
    for study_id in (study.id, 999, 2**40):
        answer = stranger.post("/webhooks", json={"url": URL, "study_case_id": study_id})
        assert answer.status_code == 404


def test_nobody_sees_or_changes_the_webhooks_of_others(alice, accounts, make_client):
    new = made(alice)
    path = f"/webhooks/{new['webhook_id']}"
    delivery = alice.post(f"{path}/test").json["delivery_id"]
    stranger = make_client(accounts.user())
    assert stranger.get("/webhooks").json == []
    calls = [
        ("GET", path, None),
        ("PATCH", path, {"is_active": False}),
        ("DELETE", path, None),
        ("POST", f"{path}/secret", None),
        ("POST", f"{path}/test", None),
        ("GET", f"{path}/deliveries", None),
        ("POST", f"{path}/replay", {"since": "2026-01-01T00:00:00Z"}),
        ("POST", f"{path}/deliveries/{delivery}/replay", None),
    ]
    for method, where, body in calls:
        options = {} if body is None else {"json": body}
        foreign = stranger.send(method, where, **options)
        unknown = stranger.send(method, where.replace(path, "/webhooks/999"), **options)
        assert (foreign.status_code, unknown.status_code) == (404, 404)
        assert foreign.json["detail"] == unknown.json["detail"]
    other = f"/webhooks/{made(stranger)['webhook_id']}"
    assert stranger.post(f"{other}/deliveries/{delivery}/replay").status_code == 404
    assert alice.get(path).json["is_active"] is True


def test_the_members_of_a_group_and_administrators_manage_its_webhooks(
    alice, api, group, accounts, make_client
):
    new = made(alice, group="owners")
    assert (new["user"], new["group"]) == (None, "owners")
    path = f"/webhooks/{new['webhook_id']}"
    assert api.get(path).status_code == 200
    assert make_client(accounts.user(groups=(group,))).post(f"{path}/test").status_code == 202
    admin = make_client(accounts.user(is_admin=True))
    assert [row["webhook_id"] for row in admin.get("/webhooks").json] == [new["webhook_id"]]
    assert admin.send("DELETE", path).status_code == 204


def test_a_read_only_key_reads_and_changes_nothing(alice, user, make_client):
    path = f"/webhooks/{made(alice)['webhook_id']}"
    delivery = alice.post(f"{path}/test").json["delivery_id"]
    reader = make_client(user, read_only=True)
    assert reader.get(path).status_code == 200
    assert len(reader.get(f"{path}/deliveries").json) == 1
    for method, where, body in (
        ("POST", "/webhooks", {"url": URL}),
        ("PATCH", path, {"is_active": False}),
        ("DELETE", path, None),
        ("POST", f"{path}/secret", None),
        ("POST", f"{path}/test", None),
        ("POST", f"{path}/replay", {"since": "2026-01-01T00:00:00Z"}),
        ("POST", f"{path}/deliveries/{delivery}/replay", None),
    ):
        answer = reader.send(method, where, **({} if body is None else {"json": body}))
        assert answer.status_code == 403, where
    assert len(alice.get("/webhooks").json) == 1


def test_an_owner_has_only_so_many(alice, api):
    for _ in range(3):
        made(alice)
    answer = alice.post("/webhooks", json={"url": URL})
    assert answer.status_code == 409
    assert "3 webhooks already" in answer.json["detail"]
    made(api)  # the group is another owner


def test_who_only_sees_that_it_runs_may_be_told_so(api_as, api, study):
    viewer = api_as(Role.RESTRICTED_VIEWER)
    path = f"/webhooks/{made(viewer, study_case_id=study.id)['webhook_id']}"
    api.post(f"/calculation/execute/{study.id}")
    assert [row["type"] for row in viewer.get(f"{path}/deliveries").json] == ["execution.queued"]
