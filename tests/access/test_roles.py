"""The one table from roles to permissions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sostrades_api.access import HARMLESS, PERMISSIONS, Actor, Permission, Role, can, highest_role

# What the API promises, written out: a change of the table must be a change of this test too.
PROMISED = {
    Role.RESTRICTED_VIEWER: {"view"},
    Role.COMMENTER: {"view", "read"},
    Role.CONTRIBUTOR: {"view", "read", "update", "execute", "stop", "trace", "copy"},
    Role.MANAGER: {"view", "read", "update", "execute", "stop", "trace", "copy", "share", "rename", "delete"},
}


def test_the_table_is_the_promised_one():
    assert {role: {str(p) for p in permissions} for role, permissions in PERMISSIONS.items()} == PROMISED


@given(st.sampled_from(Role), st.sampled_from(Role))
def test_a_higher_role_may_do_all_that_a_lower_one_may(one, other):
    lower, higher = sorted((one, other), key=lambda role: role.rank)
    assert PERMISSIONS[lower] <= PERMISSIONS[higher]


@given(st.lists(st.sampled_from(Role)))
def test_the_highest_of_all_roles_counts(roles):
    highest = highest_role(roles)
    assert (highest is None) == (not roles)
    assert all(PERMISSIONS[role] <= PERMISSIONS[highest] for role in roles if highest)


@pytest.mark.parametrize("permission", Permission)
def test_without_a_role_nothing_is_allowed(permission):
    assert not can(Actor(label="stranger"), permission, role=None)


@pytest.mark.parametrize("permission", Permission)
def test_an_administrator_needs_no_role(permission):
    assert can(Actor(label="root", is_admin=True), permission, role=None)


@pytest.mark.parametrize("permission", Permission)
def test_a_read_only_key_reads_and_nothing_else_even_an_administrators(permission):
    actor = Actor(label="root", is_admin=True, read_only=True)
    assert can(actor, permission, role=Role.MANAGER) == (permission in HARMLESS)
