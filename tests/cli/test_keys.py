"""API keys from the command line."""

import pytest
from sqlalchemy import text

from sostrades_api.access.api_keys import is_well_formed

pytestmark = pytest.mark.database("sqlite")


@pytest.fixture(autouse=True)
def _accounts(make_user, make_group):
    make_user("alice")
    make_group("team")


@pytest.mark.parametrize("command", [("create_api_key", "team"), ("create_user_api_key", "alice")])
@pytest.mark.database("sqlite", "postgresql")
def test_the_key_is_alone_on_the_last_line_and_opens_the_api(flask, client, bearer, command):
    printed = flask.ok(*command, "nightly run")
    key = printed.splitlines()[-1]
    assert is_well_formed(key)
    assert client.get("/api/v0/nothing-here", headers=bearer(key)).status_code == 404


def test_the_data_of_a_new_key_come_as_json_with_the_key(flask):
    made = flask.json("create_api_key", "team", "ci", "--expires", "30d", "--read-only")
    assert is_well_formed(made["key"])
    assert (made["owner"], made["name"], made["read_only"], made["state"]) == (
        "group team",
        "ci",
        True,
        "valid",
    )
    assert made["expires"].endswith("Z")


def test_a_list_shows_what_the_keys_are_for_and_never_a_key(flask):
    key = flask.ok("create_api_key", "team", "ci").splitlines()[-1]
    flask.ok("create_user_api_key", "alice", "notebook")
    table = flask.ok("list_api_keys")
    assert "team" in table
    assert "notebook" in table
    assert key not in table
    rows = flask.json("list_api_keys")
    assert [row["owner"] for row in rows] == ["group team", "user alice"]
    assert key not in str(rows)
    assert rows[0]["starts_with"] == key[:10]


def test_a_revoked_key_opens_nothing_and_says_so_in_the_list(flask, client, bearer):
    made = flask.json("create_api_key", "team", "ci")
    assert flask.json("revoke_api_key", made["id"])["state"] == "revoked"
    assert client.get("/api/v0/nothing-here", headers=bearer(made["key"])).status_code == 401
    assert flask.json("list_api_keys")[0]["state"] == "revoked"
    assert "already" in flask.error("revoke_api_key", made["id"])


def test_a_renewed_key_replaces_the_old_one(flask, client, bearer):
    made = flask.json("create_api_key", "team", "ci")
    key = flask.ok("renew_api_key", made["id"]).splitlines()[-1]
    assert client.get("/api/v0/nothing-here", headers=bearer(key)).status_code == 404
    assert client.get("/api/v0/nothing-here", headers=bearer(made["key"])).status_code == 401


@pytest.mark.parametrize("expires", ["12h", "30d", "4w", "2199-01-31", "2199-01-31T10:00:00+02:00"])
def test_an_expiry_is_a_time_from_now_or_a_date(flask, expires):
    assert flask.json("create_api_key", "team", "ci", "--expires", expires)["expires"]


@pytest.mark.parametrize(
    "expires", ["", "soon", "30", "-3d", "0d", "9999999d", "999999w", "2020-01-01", "2030-13-01"]
)
def test_an_expiry_that_is_none_or_past_is_refused_and_no_key_made(flask, expires):
    assert "expire" in flask.error("create_api_key", "team", "ci", "--expires", expires)
    assert flask.json("list_api_keys") == []


@pytest.mark.parametrize(
    "command",
    [
        ("create_api_key", "nothing", "x"),
        ("create_user_api_key", "nobody", "x"),
        ("create_api_key", "team", ""),
        ("create_api_key", "team", "x" * 200),
        ("revoke_api_key", "99"),
        ("renew_api_key", "99"),
        ("revoke_api_key", "x"),
        ("revoke_api_key", str(2**80)),
        ("create_api_key", "team"),
    ],
)
def test_a_command_that_fails_says_why_in_one_line(flask, command):
    assert flask.error(*command)


@pytest.mark.database("sqlite", "postgresql")
def test_without_tables_a_command_says_how_to_make_them(flask, session):
    cascade = " CASCADE" if session.get_bind().dialect.name == "postgresql" else ""
    session.execute(text(f"DROP TABLE api_keys{cascade}"))
    session.commit()
    assert "flask db upgrade" in flask.error("list_api_keys")


def test_an_empty_list_is_empty_json_and_a_note(flask):
    assert flask.json("list_api_keys") == []
    result = flask("list_api_keys")
    assert result.stdout == ""
    assert "create_api_key" in result.stderr
