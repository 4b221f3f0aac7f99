"""Commands for webhooks."""

import datetime as dt
from typing import Any

import click
from flask import current_app

from sostrades_api.access import COMMAND_LINE, Permission
from sostrades_api.cli.command import command, json_option, note, print_json, print_rows
from sostrades_api.cli.expiry import Age
from sostrades_api.models import ExecutionState, Group, User, Webhook, db, utc_now
from sostrades_api.platform import current_platform
from sostrades_api.services.group_get import group_get
from sostrades_api.services.study_case_get import study_case_get
from sostrades_api.services.user_get import user_get
from sostrades_api.services.webhook_create import webhook_create
from sostrades_api.services.webhook_describe import delivery_describe, webhook_describe
from sostrades_api.services.webhook_get import delivery_get, delivery_list, webhook_get, webhook_list
from sostrades_api.services.webhook_replay import delivery_replay, webhook_ping, webhook_replay
from sostrades_api.services.webhook_update import webhook_delete, webhook_update

_ALL = 1_000_000
_LATEST = 100


@command("list_webhooks", example="--json")
@json_option
def list_webhooks(*, as_json: bool) -> None:
    """List the webhooks, never their secrets.

    Whose they are, where they lead, and why one is disabled.
    """
    session = db.session()
    found = webhook_list(session, actor=COMMAND_LINE, limit=_ALL)
    rows = [webhook_describe(session, webhook) for webhook in found]
    print_rows(rows, as_json=as_json, nothing="There are no webhooks; create one with create_webhook")


@command("create_webhook", example="https://hooks.example.org/runs --group analysts --state FINISHED")
@click.argument("url")
@click.option("--user", help="It belongs to this user.")
@click.option("--group", help="It belongs to this group.")
@click.option(
    "--state",
    "states",
    multiple=True,
    type=click.Choice([state.value for state in ExecutionState]),
    help="Tell it of this state; may be given several times. Default: of all.",
)
@click.option("--study", "study_case_id", type=int, help="Tell it of this study case only.")
@json_option
def create_webhook(
    *,
    url: str,
    user: str | None,
    group: str | None,
    states: tuple[str, ...],
    study_case_id: int | None,
    as_json: bool,
) -> None:
    """Register an address that is told of changes of state.

    It is told of what its owner, a user or a group, may see.

    The secret that signs its messages is printed once, alone on the last line of the output.
    """
    session = db.session()
    study = None
    if study_case_id is not None:
        study = study_case_get(session, study_case_id, actor=COMMAND_LINE, permission=Permission.VIEW)
    new = webhook_create(
        session,
        owner=_owner(user=user, group=group),
        url=url,
        states=[ExecutionState(state) for state in states],
        study=study,
        actor=COMMAND_LINE,
        secret_key=current_app.config["SECRET_KEY"],
        settings=current_platform().settings,
    )
    if as_json:
        print_json(webhook_describe(session, new.row) | {"secret": new.secret})
        return
    note(f"Webhook {new.row.id}. The secret that signs its messages is shown only now:")
    click.echo(new.secret)


@command("delete_webhook", example="3")
@click.argument("webhook_id", type=int)
@json_option
def delete_webhook(*, webhook_id: int, as_json: bool) -> None:
    """Delete a webhook with its deliveries.

    WEBHOOK_ID is its number (see list_webhooks).
    """
    webhook = _webhook(webhook_id)
    described = webhook_describe(db.session(), webhook)
    webhook_delete(db.session(), webhook, actor=COMMAND_LINE)
    _tell(described, f"Webhook {webhook_id} is deleted", as_json=as_json)


@command("enable_webhook", example="3")
@click.argument("webhook_id", type=int)
@click.option("--off", is_flag=True, help="Disable it instead: it is told nothing more.")
@json_option
def enable_webhook(*, webhook_id: int, off: bool, as_json: bool) -> None:
    """Let a webhook be told again of changes of state.

    WEBHOOK_ID is its number. replay_webhook sends what it missed before it was disabled.
    """
    session, settings = db.session(), current_platform().settings
    webhook = webhook_update(
        session, _webhook(webhook_id), actor=COMMAND_LINE, settings=settings, is_active=not off
    )
    message = f"Webhook {webhook_id} is {'disabled' if off else 'enabled'}"
    _tell(webhook_describe(session, webhook), message, as_json=as_json)


@command("list_webhook_deliveries", example="3 --json")
@click.argument("webhook_id", type=int)
@json_option
def list_webhook_deliveries(*, webhook_id: int, as_json: bool) -> None:
    """List the latest messages to a webhook.

    When each was sent, how often, and why one failed; the latest 100.
    """
    found = delivery_list(db.session(), _webhook(webhook_id), limit=_LATEST)
    rows = [delivery_describe(delivery) for delivery in found]
    if not as_json:
        rows = [{name: value for name, value in row.items() if name != "payload"} for row in rows]
    print_rows(rows, as_json=as_json, nothing="It was told nothing yet; test_webhook sends a message")


@command("test_webhook", example="3")
@click.argument("webhook_id", type=int)
@json_option
def test_webhook(*, webhook_id: int, as_json: bool) -> None:
    """Send a webhook a message that says nothing.

    A running worker pool sends it; list_webhook_deliveries shows what became of it.
    """
    delivery = webhook_ping(db.session(), _webhook(webhook_id), actor=COMMAND_LINE)
    _tell(delivery_describe(delivery), f"Delivery {delivery.id} waits to be sent", as_json=as_json)


@command("replay_webhook", example="3 --since 1d")
@click.argument("webhook_id", type=int)
@click.option("--since", type=Age(), help="Messages written at most so long ago, such as 12h, 1d, 4w.")
@click.option("--delivered", is_flag=True, help="With --since: also those that have been delivered.")
@click.option("--delivery", "delivery_id", type=int, help="Only this one, whatever became of it.")
@json_option
def replay_webhook(
    *,
    webhook_id: int,
    since: dt.timedelta | None,
    delivered: bool,
    delivery_id: int | None,
    as_json: bool,
) -> None:
    """Send messages to a webhook again.

    Give --since for all that failed, or --delivery for a single one. They keep their message ids.
    """
    if (since is None) == (delivery_id is None):
        msg = "give either --since or --delivery"
        raise click.UsageError(msg)
    session, webhook = db.session(), _webhook(webhook_id)
    if delivery_id is not None:
        delivery = delivery_get(session, webhook, delivery_id=delivery_id)
        delivery_replay(session, webhook, delivery, actor=COMMAND_LINE)
        count = 1
    else:
        begin = utc_now() - (since or dt.timedelta())
        count = webhook_replay(session, webhook, since=begin, delivered=delivered, actor=COMMAND_LINE)
    _tell({"replayed": count}, f"Messages sent again: {count}", as_json=as_json)


def _webhook(webhook_id: int) -> Webhook:
    return webhook_get(db.session(), webhook_id, actor=COMMAND_LINE)


def _owner(*, user: str | None, group: str | None) -> User | Group:
    if user is not None and group is None:
        return user_get(db.session(), username=user)
    if group is not None and user is None:
        return group_get(db.session(), name=group)
    msg = "give either --user or --group"
    raise click.UsageError(msg)


def _tell(data: dict[str, Any], message: str, *, as_json: bool) -> None:
    if as_json:
        print_json(data)
    else:
        note(message)


COMMANDS = (
    list_webhooks,
    create_webhook,
    delete_webhook,
    enable_webhook,
    list_webhook_deliveries,
    test_webhook,
    replay_webhook,
)
