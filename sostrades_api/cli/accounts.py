"""Commands for users and groups."""

import sys
from typing import Any

import click

from sostrades_api.cli.command import command, json_option, note, print_json, print_rows
from sostrades_api.models import Group, User, db
from sostrades_api.services.account_list import group_list, user_list
from sostrades_api.services.group_add_member import group_add_member
from sostrades_api.services.group_create import group_create
from sostrades_api.services.group_get import group_get
from sostrades_api.services.user_create import user_create
from sostrades_api.services.user_get import user_get
from sostrades_api.services.user_reset_password import user_reset_password
from sostrades_api.services.user_set_active import user_set_active

_password_option = click.option(
    "--password-stdin", is_flag=True, help="Read the password from the first line of stdin."
)


@command("create_user", example="alice --password-stdin < password.txt")
@click.argument("username")
@_password_option
@click.option("--no-password", is_flag=True, help="A user who acts through API keys only.")
@click.option("--admin", is_flag=True, help="May do everything with every study case.")
@json_option
def create_user(
    *, username: str, password_stdin: bool, no_password: bool, admin: bool, as_json: bool
) -> None:
    """Create a user.

    The password is asked for unless an option says otherwise.
    """
    if password_stdin and no_password:
        raise click.UsageError("Give one of --password-stdin and --no-password, not both")
    password = None if no_password else _password(password_stdin=password_stdin)
    user = user_create(db.session(), username=username, password=password, is_admin=admin)
    _report(_described_user(user), f"User '{user.username}' is created", as_json=as_json)


@command("reset_password", example="alice --password-stdin < password.txt")
@click.argument("username")
@_password_option
@json_option
def reset_password(*, username: str, password_stdin: bool, as_json: bool) -> None:
    """Give a user a new password.

    It is asked for unless an option says otherwise. Browser sessions that began with the old one end at once;
    API keys stay as they are.
    """
    user = user_get(db.session(), username=username)
    user_reset_password(db.session(), user, password=_password(password_stdin=password_stdin))
    _report(_described_user(user), f"User '{user.username}' has a new password", as_json=as_json)


@command("deactivate_user", example="alice")
@click.argument("username")
@json_option
def deactivate_user(*, username: str, as_json: bool) -> None:
    """Shut a user out, at once.

    Password, browser sessions and API keys open nothing any more, until activate_user. Keys of groups go on
    working; study cases and history stay.
    """
    _set_active(username, is_active=False, as_json=as_json)


@command("activate_user", example="alice")
@click.argument("username")
@json_option
def activate_user(*, username: str, as_json: bool) -> None:
    """Let a deactivated user in again.

    The password and the API keys are those from before.
    """
    _set_active(username, is_active=True, as_json=as_json)


@command("create_group", example="analysts")
@click.argument("name")
@json_option
def create_group(*, name: str, as_json: bool) -> None:
    """Create a group.

    Its members own study cases together.
    """
    group = group_create(db.session(), name=name)
    _report(_described_group(group), f"Group '{group.name}' is created", as_json=as_json)


@command("add_to_group", example="analysts alice")
@click.argument("group")
@click.argument("username")
@json_option
def add_to_group(*, group: str, username: str, as_json: bool) -> None:
    """Make a user a member of a group."""
    session = db.session()
    found, user = group_get(session, name=group), user_get(session, username=username)
    added = group_add_member(session, group=found, user=user)
    already = "" if added else " already"
    message = f"'{user.username}' is in '{found.name}'{already}"
    _report(_described_group(found), message, as_json=as_json)


@command("list_users", example="--json")
@json_option
def list_users(*, as_json: bool) -> None:
    """List the users and their groups."""
    rows = [_described_user(user) for user in user_list(db.session())]
    print_rows(rows, as_json=as_json, nothing="There are no users; create one with create_user")


@command("list_groups", example="--json")
@json_option
def list_groups(*, as_json: bool) -> None:
    """List the groups and their members."""
    rows = [_described_group(group) for group in group_list(db.session())]
    print_rows(rows, as_json=as_json, nothing="There are no groups; create one with create_group")


def _set_active(username: str, *, is_active: bool, as_json: bool) -> None:
    user = user_get(db.session(), username=username)
    changed = user_set_active(db.session(), user, is_active=is_active)
    state = "active" if is_active else "deactivated"
    message = f"User '{user.username}' is {state}{'' if changed else ' already'}"
    _report(_described_user(user), message, as_json=as_json)


def _password(*, password_stdin: bool) -> str:
    if password_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        raise click.UsageError("There is no terminal to ask for the password: use --password-stdin")
    return click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)


def _report(data: dict[str, Any], message: str, *, as_json: bool) -> None:
    if as_json:
        print_json(data)
    else:
        note(message)


def _described_user(user: User) -> dict[str, Any]:
    return {
        "id": user.id,
        "username": user.username,
        "groups": sorted(group.name for group in user.groups),
        "admin": user.is_admin,
        "active": user.is_active,
        "password": user.password_hash is not None,
    }


def _described_group(group: Group) -> dict[str, Any]:
    return {
        "id": group.id,
        "name": group.name,
        "members": sorted(user.username for user in group.members),
        "max_running": group.max_running,
    }


COMMANDS = (
    create_user,
    reset_password,
    deactivate_user,
    activate_user,
    create_group,
    add_to_group,
    list_users,
    list_groups,
)
