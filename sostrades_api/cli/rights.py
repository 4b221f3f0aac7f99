"""Commands for rights on study cases."""

from collections.abc import Callable
from typing import Any

import click

from sostrades_api.access import COMMAND_LINE, Permission, Role
from sostrades_api.cli.command import command, json_option, note, print_json, print_rows
from sostrades_api.models import Group, StudyCase, StudyCaseRight, User, db
from sostrades_api.services.group_get import group_get
from sostrades_api.services.right_find import right_list
from sostrades_api.services.right_grant import right_grant
from sostrades_api.services.right_revoke import right_revoke
from sostrades_api.services.study_case_get import study_case_get
from sostrades_api.services.user_get import user_get

_ROLES = {role.value.lower().replace(" ", "-"): role for role in Role}


def _holder_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """``--user`` or ``--group``, of which exactly one is needed."""
    function = click.option("--group", "group", help="The group whose right it is.")(function)
    return click.option("--user", "username", help="The user whose right it is.")(function)


@command("grant_right", example="12 contributor --user alice")
@click.argument("study_case_id", type=int)
@click.argument("role", type=click.Choice(list(_ROLES), case_sensitive=False))
@_holder_options
@json_option
def grant_right(
    *, study_case_id: int, role: str, username: str | None, group: str | None, as_json: bool
) -> None:
    """Give a user or a group a role on a study.

    It replaces the role given before.
    """
    study, holder = _study(study_case_id), _holder(username=username, group=group)
    right = right_grant(db.session(), study, holder=holder, role=_ROLES[role])
    if as_json:
        print_json({"study_case_id": study.id, **_described(right)})
        return
    note(f"{_name(holder)} is {_ROLES[role]} on study case {study.id} '{study.name}'")


@command("revoke_right", example="12 --group analysts")
@click.argument("study_case_id", type=int)
@_holder_options
@json_option
def revoke_right(*, study_case_id: int, username: str | None, group: str | None, as_json: bool) -> None:
    """Take a role on a study away.

    The owning group's cannot be taken away.
    """
    study, holder = _study(study_case_id), _holder(username=username, group=group)
    right_revoke(db.session(), study, holder=holder)
    if as_json:
        shown = _holder_name(user=username, group=group)
        print_json({"study_case_id": study.id, "holder": shown, "role": None, "owner": False})
        return
    note(f"{_name(holder)} has no right of their own on study case {study.id} '{study.name}' any more")


@command("list_rights", example="12 --json")
@click.argument("study_case_id", type=int)
@json_option
def list_rights(*, study_case_id: int, as_json: bool) -> None:
    """List who has a role on a study case.

    Its owning group comes first.
    """
    study = _study(study_case_id)
    owner = {"holder": f"group {study.group.name}", "role": Role.MANAGER.value, "owner": True}
    given = [_described(right) for right in right_list(db.session(), study)]
    print_rows([owner, *given], as_json=as_json, nothing="")


def _study(study_case_id: int) -> StudyCase:
    return study_case_get(db.session(), study_case_id, actor=COMMAND_LINE, permission=Permission.SHARE)


def _holder(*, username: str | None, group: str | None) -> User | Group:
    if username is not None and group is None:
        return user_get(db.session(), username=username)
    if group is not None and username is None:
        return group_get(db.session(), name=group)
    raise click.UsageError("Say whose right it is: either --user or --group")


def _name(holder: User | Group) -> str:
    return f"User '{holder.username}'" if isinstance(holder, User) else f"Group '{holder.name}'"


def _described(right: StudyCaseRight) -> dict[str, Any]:
    session = db.session()
    user = session.get(User, right.user_id) if right.user_id is not None else None
    group = session.get(Group, right.group_id) if right.group_id is not None else None
    holder = _holder_name(user=user.username if user else None, group=group.name if group else "?")
    return {"holder": holder, "role": right.role, "owner": False}


def _holder_name(*, user: str | None, group: str | None) -> str:
    return f"user {user}" if user is not None else f"group {group}"


COMMANDS = (grant_right, revoke_right, list_rights)
