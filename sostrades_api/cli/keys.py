"""Commands for API keys."""

import datetime as dt
from typing import Any

import click

from sostrades_api.cli.command import command, json_option, note, print_json, print_rows
from sostrades_api.cli.expiry import expires_option
from sostrades_api.models import ApiKey, Group, User, db, utc_now
from sostrades_api.services.api_key_create import NewApiKey, api_key_create
from sostrades_api.services.api_key_find import api_key_get, api_key_list
from sostrades_api.services.api_key_renew import api_key_renew
from sostrades_api.services.api_key_revoke import api_key_revoke
from sostrades_api.services.group_get import group_get
from sostrades_api.services.user_get import user_get

read_only_option = click.option("--read-only", is_flag=True, help="The key may read, never change anything.")


@command("create_api_key", example="analysts nightly-run --expires 90d")
@click.argument("group")
@click.argument("name")
@expires_option
@read_only_option
@json_option
def create_api_key(
    *, group: str, name: str, expires_at: dt.datetime | None, read_only: bool, as_json: bool
) -> None:
    """Create an API key that acts as a group.

    NAME says what it is for.

    The key is printed once, alone on the last line of the output; it cannot be shown again.
    """
    owner = group_get(db.session(), name=group)
    _create(owner, name=name, expires_at=expires_at, read_only=read_only, as_json=as_json)


@command("create_user_api_key", example="alice notebook")
@click.argument("username")
@click.argument("name")
@expires_option
@read_only_option
@json_option
def create_user_api_key(
    *, username: str, name: str, expires_at: dt.datetime | None, read_only: bool, as_json: bool
) -> None:
    """Create an API key that acts as a user.

    NAME says what it is for.

    The key is printed once, alone on the last line of the output; it cannot be shown again.
    """
    owner = user_get(db.session(), username=username)
    _create(owner, name=name, expires_at=expires_at, read_only=read_only, as_json=as_json)


@command("list_api_keys", example="--json")
@json_option
def list_api_keys(*, as_json: bool) -> None:
    """List the API keys, never their secrets.

    Whose they are, what for, and when they were used last.
    """
    rows = [_described(key) for key in api_key_list(db.session())]
    print_rows(rows, as_json=as_json, nothing="There are no API keys; create one with create_api_key")


@command("revoke_api_key", example="3")
@click.argument("api_key_id", type=int)
@json_option
def revoke_api_key(*, api_key_id: int, as_json: bool) -> None:
    """Make an API key useless, at once, for good.

    API_KEY_ID is its number (see list_api_keys).
    """
    session = db.session()
    key = api_key_revoke(session, key=api_key_get(session, api_key_id=api_key_id))
    if as_json:
        print_json(_described(key))
    else:
        note(f"API key {key.id} '{key.name}' is revoked")


@command("renew_api_key", example="3 --expires 90d")
@click.argument("api_key_id", type=int)
@expires_option
@json_option
def renew_api_key(*, api_key_id: int, expires_at: dt.datetime | None, as_json: bool) -> None:
    """Replace an API key by a new one.

    It has the same owner and purpose; API_KEY_ID is the number of the old one (see list_api_keys).

    The old key stops working at once. Without --expires the new one lives as long as the old one was to.
    """
    session = db.session()
    key = api_key_get(session, api_key_id=api_key_id)
    _show(api_key_renew(session, key=key, expires_at=expires_at), as_json=as_json)


def _create(
    owner: User | Group, *, name: str, expires_at: dt.datetime | None, read_only: bool, as_json: bool
) -> None:
    new = api_key_create(db.session(), owner=owner, name=name, expires_at=expires_at, read_only=read_only)
    _show(new, as_json=as_json)


def _show(new: NewApiKey, *, as_json: bool) -> None:
    described = _described(new.row)
    if as_json:
        print_json({**described, "key": new.secret})
        return
    until = f"until {described['expires']}" if described["expires"] else "until it is revoked"
    note(f"API key {new.row.id} '{new.row.name}' of {described['owner']}, {until}. It is shown only now:")
    click.echo(new.secret)


def _described(key: ApiKey) -> dict[str, Any]:
    owner = f"user {key.user.username}" if key.user else f"group {key.group.name if key.group else '?'}"
    return {
        "id": key.id,
        "name": key.name,
        "owner": owner,
        "starts_with": key.start,
        "state": _state(key),
        "read_only": key.read_only,
        "created": _moment(key.created_at),
        "expires": _moment(key.expires_at),
        "last_used": _moment(key.last_used_at),
    }


def _state(key: ApiKey) -> str:
    if key.revoked_at is not None:
        return "revoked"
    return "expired" if key.expires_at is not None and key.expires_at <= utc_now() else "valid"


def _moment(moment: dt.datetime | None) -> str | None:
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z") if moment else None


COMMANDS = (create_api_key, create_user_api_key, list_api_keys, revoke_api_key, renew_api_key)
