"""Users and groups."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from sostrades_api.errors import AuthenticationError, ConflictError, InvalidValuesError, NotFoundError
from sostrades_api.models import User
from sostrades_api.services.account_list import group_list, user_list
from sostrades_api.services.group_add_member import group_add_member
from sostrades_api.services.group_create import group_create
from sostrades_api.services.group_get import group_get
from sostrades_api.services.user_authenticate import user_authenticate
from sostrades_api.services.user_create import user_create
from sostrades_api.services.user_get import user_get

PASSWORD = "correct horse"
BAD_NAMES = {
    "empty": "",
    "blank": " \t ",
    "too long": "x" * 129,
    "nul": "a\0b",
    "line break": "a\nb",
    "escape": "a\x1b[31m",
    "zero width": "a\u200bb",
    "right to left": "a\u202eb",
    "line separator": "a\u2028b",
    "lone surrogate": "a\ud800",
}


@pytest.mark.parametrize("name", BAD_NAMES.values(), ids=BAD_NAMES.keys())
@pytest.mark.database("sqlite")
def test_a_name_nobody_can_read_or_store_is_refused(session, name):
    with pytest.raises(InvalidValuesError):
        user_create(session, username=name)
    with pytest.raises(InvalidValuesError):
        group_create(session, name=name)
    assert user_list(session) == []
    assert group_list(session) == []


@pytest.mark.parametrize("name", ["a/b", 'o\'Neil "x"', "<b>bold</b>", "名前", "Zoë 🚀", "x" * 128, "%s {0}"])
def test_any_other_name_is_kept_as_it_is(session, name):
    assert user_get(session, username=user_create(session, username=name).username).username == name
    assert group_get(session, name=group_create(session, name=name).name).name == name


@pytest.mark.database("sqlite")
def test_two_spellings_of_one_name_are_one_name(session):
    group_create(session, name="Zoe\u0308 ")
    with pytest.raises(ConflictError):
        group_create(session, name="Zo\u00eb")


def test_a_name_that_is_taken_is_a_conflict(session):
    user_create(session, username="alice")
    group_create(session, name="alice")
    with pytest.raises(ConflictError, match="'alice' already"):
        user_create(session, username="alice")
    with pytest.raises(ConflictError, match="'alice' already"):
        group_create(session, name="alice")
    assert len(user_list(session)) == 1


def test_of_two_who_take_one_name_at_once_one_gets_a_conflict(session, monkeypatch):
    # The check before the insert sees nothing yet: the other one commits in between.
    monkeypatch.setattr(Session, "scalar", lambda *_args, **_kwargs: None)
    user_create(session, username="alice")
    with pytest.raises(ConflictError, match="'alice' already"):
        user_create(session, username="alice")


def test_a_user_signs_in_with_the_right_password_only(session):
    user = user_create(session, username="alice", password=PASSWORD)
    assert user_authenticate(session, username="alice", password=PASSWORD).id == user.id
    assert user.password_hash.startswith("$argon2id$")
    assert PASSWORD not in user.password_hash
    messages = set()
    for username, password in [("alice", "wrong horse"), ("bob", PASSWORD), ("alice", ""), ("", PASSWORD)]:
        with pytest.raises(AuthenticationError) as caught:
            user_authenticate(session, username=username, password=password)
        messages.add(caught.value.detail)
    assert len(messages) == 1


@pytest.mark.database("sqlite")
def test_a_name_is_found_however_its_accents_were_typed(session):
    user = user_create(session, username="Zo\u00eb", password=PASSWORD)
    typed = " Zoe\u0308 "
    assert user_authenticate(session, username=typed, password=PASSWORD).id == user.id
    assert user_get(session, username=typed).id == user.id
    group = group_create(session, name=typed)
    assert group_get(session, name=typed).id == group.id


@pytest.mark.database("sqlite")
def test_a_user_without_a_password_and_an_inactive_one_do_not_sign_in(session):
    user_create(session, username="robot")
    user_create(session, username="gone", password=PASSWORD)
    session.get_one(User, user_get(session, username="gone").id).is_active = False
    session.commit()
    for username in ("robot", "gone"):
        with pytest.raises(AuthenticationError):
            user_authenticate(session, username=username, password=PASSWORD)


@pytest.mark.database("sqlite")
def test_a_digest_with_yesterdays_parameters_is_renewed_at_sign_in(session):
    from argon2 import PasswordHasher

    user = user_create(session, username="alice", password=PASSWORD)
    weak = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    user.password_hash = weak
    session.commit()
    user_authenticate(session, username="alice", password=PASSWORD)
    assert session.scalar(select(User.password_hash)) != weak
    user_authenticate(session, username="alice", password=PASSWORD)


@pytest.mark.parametrize("password", ["", "short", "x" * 1025])
@pytest.mark.database("sqlite")
def test_a_password_that_is_too_short_or_a_book_is_refused(session, password):
    with pytest.raises(InvalidValuesError, match="8 to 1024"):
        user_create(session, username="alice", password=password)
    assert user_list(session) == []


def test_a_user_is_added_to_a_group_once(session):
    user, group = user_create(session, username="alice"), group_create(session, name="team")
    assert group_add_member(session, group=group, user=user) is True
    assert group_add_member(session, group=group, user=user) is False
    assert [member.username for member in group_list(session)[0].members] == ["alice"]
    assert [one.name for one in user_list(session)[0].groups] == ["team"]


@pytest.mark.database("sqlite")
def test_an_unknown_user_or_group_is_named(session):
    with pytest.raises(NotFoundError, match="'nobody'"):
        user_get(session, username="nobody")
    with pytest.raises(NotFoundError, match="'nothing'"):
        group_get(session, name="nothing")
