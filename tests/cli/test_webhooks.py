"""Webhooks from the command line."""

import pytest

pytestmark = pytest.mark.database("sqlite")

URL = "http://127.0.0.1:8765/hook"


@pytest.fixture
def settings(settings):
    return settings.model_copy(update={"webhook_private_addresses": "1"})


@pytest.fixture(autouse=True)
def _accounts(make_user, make_group):
    make_user("alice")
    make_group("team")


def test_the_secret_is_alone_on_the_last_line(flask):
    secret = flask.ok("create_webhook", URL, "--group", "team", "--state", "FAILED").splitlines()[-1]
    assert secret.startswith("whsec_")
    (row,) = flask.json("list_webhooks")
    assert (row["url"], row["group"], row["states"]) == (URL, "team", ["FAILED"])
    assert row["created_by"] == "command line"
    assert secret not in flask.ok("list_webhooks")


def test_a_webhook_is_tried_replayed_disabled_and_deleted(flask):
    new = flask.json("create_webhook", URL, "--user", "alice")
    number = new["webhook_id"]
    assert new["secret"].startswith("whsec_")
    assert flask.json("test_webhook", number)["status"] == "pending"
    (delivery,) = flask.json("list_webhook_deliveries", number)
    assert delivery["payload"]["type"] == "webhook.ping"
    assert "webhook.ping" in flask.ok("list_webhook_deliveries", number)
    assert flask.json("enable_webhook", number, "--off")["is_active"] is False
    assert "enable it first" in flask.error("test_webhook", number)
    assert flask.json("enable_webhook", number)["is_active"] is True
    assert flask.json("replay_webhook", number, "--since", "1d") == {"replayed": 1}
    assert flask.json("replay_webhook", number, "--delivery", delivery["delivery_id"]) == {"replayed": 1}
    assert "either --since or --delivery" in flask.error("replay_webhook", number)
    assert "1,000 years" in flask.error("replay_webhook", number, "--since", "999999w")
    assert flask.json("delete_webhook", number)["webhook_id"] == number
    assert "no such webhook" in flask.error("delete_webhook", number)
    assert flask.json("list_webhooks") == []


def test_an_owner_has_to_be_named_and_the_address_has_to_lead_somewhere(flask):
    assert "either --user or --group" in flask.error("create_webhook", URL)
    assert "either --user or --group" in flask.error(
        "create_webhook", URL, "--user", "alice", "--group", "team"
    )
    assert "no user named" in flask.error("create_webhook", URL, "--user", "nobody")
    assert "leads to no public host" in flask.error(
        "create_webhook", "http://169.254.169.254/", "--user", "alice"
    )
    assert "no such study case" in flask.error("create_webhook", URL, "--user", "alice", "--study", 9)
