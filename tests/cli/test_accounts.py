"""Users, groups and rights from the command line."""

import pytest

from sostrades_api.access import Role
from sostrades_api.errors import AuthenticationError
from sostrades_api.services.role_find import role_find
from sostrades_api.services.user_authenticate import user_authenticate

pytestmark = pytest.mark.database("sqlite")


def test_a_user_gets_the_password_from_stdin(flask, session):
    made = flask.json("create_user", "alice", "--password-stdin", stdin="correct horse\nnot this\n")
    assert (made["username"], made["password"], made["admin"]) == ("alice", True, False)
    assert user_authenticate(session, username="alice", password="correct horse").id == made["id"]


def test_a_user_may_be_an_administrator_and_need_no_password(flask):
    made = flask.json("create_user", "root", "--no-password", "--admin")
    assert (made["password"], made["admin"]) == (False, True)


@pytest.mark.parametrize(
    ("arguments", "stdin"),
    [
        (("alice",), None),
        (("alice", "--password-stdin"), ""),
        (("alice", "--password-stdin"), "short\n"),
        (("alice", "--password-stdin", "--no-password"), "correct horse\n"),
        (("", "--no-password"), None),
        (("a\nb", "--no-password"), None),
    ],
)
def test_a_user_who_cannot_be_created_is_not(flask, arguments, stdin):
    assert flask.error("create_user", *arguments, stdin=stdin)
    assert flask.json("list_users") == []


def test_a_new_password_replaces_the_old_one(flask, session):
    flask.ok("create_user", "alice", "--password-stdin", stdin="correct horse\n")
    flask.ok("reset_password", "alice", "--password-stdin", stdin="better horse\n")
    assert user_authenticate(session, username="alice", password="better horse")
    with pytest.raises(AuthenticationError):
        user_authenticate(session, username="alice", password="correct horse")
    session.rollback()
    assert "8 to 1024" in flask.error("reset_password", "alice", "--password-stdin", stdin="short\n")
    assert "'bob'" in flask.error("reset_password", "bob", "--password-stdin", stdin="correct horse\n")
    assert user_authenticate(session, username="alice", password="better horse")


@pytest.mark.database("sqlite", "postgresql")
def test_a_deactivated_users_keys_stop_working_at_once_until_activated(flask, client, bearer, accounts):
    key = accounts.key(accounts.user("alice"))
    ask = lambda: client.get("/api/v0/nothing-here", headers=bearer(key)).status_code  # noqa: E731
    assert ask() == 404
    assert flask.json("deactivate_user", "alice")["active"] is False
    assert ask() == 401
    assert "already" in flask("deactivate_user", "alice").stderr
    assert flask.json("activate_user", "alice")["active"] is True
    assert ask() == 404
    assert "'bob'" in flask.error("deactivate_user", "bob")


@pytest.mark.database("sqlite", "postgresql")
def test_a_group_and_its_members(flask):
    flask.ok("create_group", "team")
    flask.ok("create_user", "alice", "--no-password")
    assert flask.json("add_to_group", "team", "alice")["members"] == ["alice"]
    assert "already" in flask("add_to_group", "team", "alice").stderr
    assert flask.json("list_groups")[0]["members"] == ["alice"]
    assert flask.json("list_users")[0]["groups"] == ["team"]
    assert "already" in flask.error("create_group", "team")
    assert "already" in flask.error("create_user", "alice", "--no-password")
    assert "'bob'" in flask.error("add_to_group", "team", "bob")
    assert "'crew'" in flask.error("add_to_group", "crew", "alice")


@pytest.mark.database("sqlite", "postgresql")
def test_a_right_is_granted_listed_and_revoked(flask, session, accounts, studies):
    study = studies.study(accounts.group("owners"))
    user, group = accounts.user("alice"), accounts.group("team")
    flask.ok("grant_right", study.id, "contributor", "--user", "alice")
    flask.ok("grant_right", study.id, "restricted-viewer", "--group", "team")
    session.rollback()
    assert role_find(session, study, actor=accounts.actor(user)) is Role.CONTRIBUTOR
    assert role_find(session, study, actor=accounts.actor(group)) is Role.RESTRICTED_VIEWER
    assert flask.json("list_rights", study.id) == [
        {"holder": "group owners", "role": "Manager", "owner": True},
        {"holder": "user alice", "role": "Contributor", "owner": False},
        {"holder": "group team", "role": "Restricted Viewer", "owner": False},
    ]
    flask.ok("revoke_right", study.id, "--user", "alice")
    session.rollback()
    assert role_find(session, study, actor=accounts.actor(user)) is None


def test_a_right_that_cannot_be_granted_is_explained(flask, accounts, studies):
    study = studies.study(accounts.group("owners"))
    accounts.user("alice")
    assert "--user or --group" in flask.error("grant_right", study.id, "manager")
    both = ("--user", "alice", "--group", "owners")
    assert "--user or --group" in flask.error("grant_right", study.id, "manager", *both)
    assert "'bob'" in flask.error("grant_right", study.id, "manager", "--user", "bob")
    assert "no such study case" in flask.error("grant_right", 10**30, "manager", "--user", "alice")
    assert "king" in flask.error("grant_right", study.id, "king", "--user", "alice")
    assert "no right" in flask.error("revoke_right", study.id, "--user", "alice")
