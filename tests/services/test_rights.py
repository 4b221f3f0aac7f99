"""Who has which role on a study case."""

import pytest
from sqlalchemy import select

from sostrades_api.access import Actor, Role
from sostrades_api.errors import NotFoundError
from sostrades_api.models import StudyCaseRight
from sostrades_api.services.right_find import right_list
from sostrades_api.services.right_grant import right_grant
from sostrades_api.services.right_revoke import right_revoke
from sostrades_api.services.role_find import role_find


@pytest.fixture
def study(make_group, make_study):
    return make_study(make_group("owners"))


def test_the_owning_group_manages(session, study, accounts):
    assert role_find(session, study, actor=accounts.actor(study.group)) is Role.MANAGER
    assert (
        role_find(session, study, actor=accounts.actor(accounts.user(groups=(study.group,)))) is Role.MANAGER
    )


def test_a_stranger_has_no_role(session, study, accounts):
    assert role_find(session, study, actor=accounts.actor(accounts.user())) is None
    assert role_find(session, study, actor=accounts.actor(accounts.group())) is None
    assert role_find(session, study, actor=Actor(label="nobody")) is None


def test_an_administrator_manages_everything(session, study, accounts):
    assert role_find(session, study, actor=accounts.actor(accounts.user(is_admin=True))) is Role.MANAGER


def test_the_highest_of_the_users_and_all_their_groups_rights_counts(session, study, accounts, make_right):
    one, other = accounts.group(), accounts.group()
    user = accounts.user(groups=(one, other))
    make_right(study, user, Role.COMMENTER)
    assert role_find(session, study, actor=accounts.actor(user)) is Role.COMMENTER
    make_right(study, one, Role.RESTRICTED_VIEWER)
    assert role_find(session, study, actor=accounts.actor(user)) is Role.COMMENTER
    make_right(study, other, Role.CONTRIBUTOR)
    assert role_find(session, study, actor=accounts.actor(user)) is Role.CONTRIBUTOR


def test_a_groups_key_does_not_have_its_members_own_rights(session, study, accounts, make_right):
    group = accounts.group()
    member = accounts.user(groups=(group,))
    make_right(study, member, Role.MANAGER)
    assert role_find(session, study, actor=accounts.actor(group)) is None


def test_a_user_and_a_group_of_the_same_number_are_not_mixed_up(session, study, accounts, make_right):
    group = accounts.group()
    make_right(study, group, Role.MANAGER)
    stranger = Actor(label="same number", user_id=group.id)
    assert role_find(session, study, actor=stranger) is None


def test_a_grant_replaces_the_one_before(session, study, accounts):
    user = accounts.user()
    right_grant(session, study, holder=user, role=Role.MANAGER)
    right_grant(session, study, holder=user, role=Role.COMMENTER)
    assert role_find(session, study, actor=accounts.actor(user)) is Role.COMMENTER
    assert session.scalars(select(StudyCaseRight.role)).all() == ["Commenter"]


def test_a_revoked_right_is_gone_and_cannot_be_revoked_again(session, study, accounts):
    user, group = accounts.user(), accounts.group()
    right_grant(session, study, holder=user, role=Role.MANAGER)
    right_grant(session, study, holder=group, role=Role.COMMENTER)
    right_revoke(session, study, holder=user)
    assert role_find(session, study, actor=accounts.actor(user)) is None
    assert [right.group_id for right in right_list(session, study)] == [group.id]
    with pytest.raises(NotFoundError, match=user.username):
        right_revoke(session, study, holder=user)
