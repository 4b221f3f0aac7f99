"""API keys: made, found, revoked, renewed."""

import datetime as dt
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from sostrades_api.access.api_keys import is_well_formed
from sostrades_api.errors import AuthenticationError, ConflictError, InvalidValuesError, NotFoundError
from sostrades_api.models import ApiKey, utc_now
from sostrades_api.services.api_key_authenticate import api_key_authenticate
from sostrades_api.services.api_key_create import api_key_create
from sostrades_api.services.api_key_find import api_key_get, api_key_list
from sostrades_api.services.api_key_renew import api_key_renew
from sostrades_api.services.api_key_revoke import api_key_revoke


def test_a_users_key_acts_as_the_user_with_the_groups_they_are_in_now(session, make_user, make_group):
    user = make_user("alice")
    new = api_key_create(session, owner=user, name="notebook")
    group = make_group(members=(user,))
    actor = api_key_authenticate(session, key=new.secret)
    assert (actor.label, actor.user_id, actor.group_ids) == ("alice", user.id, {group.id})
    assert (actor.is_admin, actor.read_only, actor.api_key_id) == (False, False, new.row.id)


def test_a_groups_key_acts_as_the_group(session, make_group):
    group = make_group("team")
    actor = api_key_authenticate(session, key=api_key_create(session, owner=group, name="ci").secret)
    assert (actor.label, actor.user_id, actor.group_ids) == ("group:team", None, {group.id})
    assert not actor.is_admin


@pytest.mark.database("sqlite")
def test_an_administrators_and_a_read_only_key_say_so(session, make_user):
    new = api_key_create(session, owner=make_user(is_admin=True), name="x", read_only=True)
    actor = api_key_authenticate(session, key=new.secret)
    assert actor.is_admin
    assert actor.read_only


@pytest.mark.database("sqlite")
def test_a_new_keys_secret_is_well_formed_and_not_in_its_repr(session, make_user):
    new = api_key_create(session, owner=make_user(), name="x")
    assert is_well_formed(new.secret)
    assert new.secret not in repr(new)


@pytest.mark.parametrize("name", ["", " ", "x" * 129, "a\nb"])
@pytest.mark.database("sqlite")
def test_a_key_needs_a_name_one_can_read(session, make_user, name):
    with pytest.raises(InvalidValuesError):
        api_key_create(session, owner=make_user(), name=name)


@pytest.mark.database("sqlite")
def test_a_key_that_has_expired_already_is_not_made(session, make_user):
    with pytest.raises(InvalidValuesError, match="expired already"):
        api_key_create(session, owner=make_user(), name="x", expires_at=utc_now())
    assert api_key_list(session) == []


def test_a_revoked_key_opens_nothing_and_is_revoked_once(session, make_user):
    new = api_key_create(session, owner=make_user(), name="x")
    api_key_revoke(session, key=new.row)
    with pytest.raises(AuthenticationError):
        api_key_authenticate(session, key=new.secret)
    with pytest.raises(ConflictError, match="already"):
        api_key_revoke(session, key=new.row)


def test_a_renewed_key_takes_the_place_of_the_old_one(session, make_user):
    user = make_user()
    expires_at = utc_now() + dt.timedelta(days=30)
    old = api_key_create(session, owner=user, name="x", expires_at=expires_at, read_only=True)
    session.execute(
        update(ApiKey).values(
            created_at=utc_now() - dt.timedelta(days=20), expires_at=utc_now() + dt.timedelta(days=10)
        )
    )
    session.commit()
    new = api_key_renew(session, key=old.row)
    with pytest.raises(AuthenticationError):
        api_key_authenticate(session, key=old.secret)
    actor = api_key_authenticate(session, key=new.secret)
    assert (actor.user_id, actor.read_only, new.row.name) == (user.id, True, "x")
    assert abs(new.row.expires_at - expires_at) < dt.timedelta(minutes=1)


@pytest.mark.database("sqlite")
def test_a_renewal_may_have_its_own_expiry_and_a_revoked_key_none(session, make_group):
    old = api_key_create(session, owner=make_group(), name="x")
    expires_at = utc_now() + dt.timedelta(days=1)
    assert api_key_renew(session, key=old.row, expires_at=expires_at).row.expires_at == expires_at
    with pytest.raises(ConflictError, match="revoked"):
        api_key_renew(session, key=old.row)
    assert len(api_key_list(session)) == 2


@pytest.mark.database("sqlite")
def test_a_renewal_that_fails_leaves_the_old_key_valid(session, make_group):
    old = api_key_create(session, owner=make_group(), name="x")
    with pytest.raises(InvalidValuesError):
        api_key_renew(session, key=old.row, expires_at=utc_now() - dt.timedelta(days=1))
    assert session.scalar(select(ApiKey.revoked_at)) is None
    assert api_key_authenticate(session, key=old.secret)


@pytest.mark.parametrize("key", ["", "sos_", "nonsense", "sos_" + "0" * 49, "x" * 100_000, "sos_\0"])
@pytest.mark.database("sqlite")
def test_what_is_no_key_opens_nothing(session, key):
    with pytest.raises(AuthenticationError):
        api_key_authenticate(session, key=key)


@pytest.mark.database("sqlite")
def test_an_unknown_number_is_named(session):
    with pytest.raises(NotFoundError, match="7"):
        api_key_get(session, api_key_id=7)
    with pytest.raises(NotFoundError):
        api_key_get(session, api_key_id=2**70)


def test_of_two_who_renew_a_key_at_once_one_gets_a_new_key(session, make_user):
    old = api_key_create(session, owner=make_user("alice"), name="notebook").row.id
    engine, both = session.get_bind(), threading.Barrier(2)
    session.rollback()

    def renew(_: int) -> bool:
        with Session(engine) as own:
            key = api_key_get(own, api_key_id=old)
            both.wait(timeout=30)
            try:
                api_key_renew(own, key=key)
            except ConflictError:
                return False
            return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(renew, range(2))) == [False, True]
    assert len(api_key_list(session)) == 2
