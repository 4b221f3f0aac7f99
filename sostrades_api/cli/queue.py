"""Commands for the queue: what waits, pausing it, limits of groups."""

from dataclasses import asdict
from typing import Any

import click

from sostrades_api.access import COMMAND_LINE
from sostrades_api.cli.command import command, json_option, note, print_json, print_rows
from sostrades_api.models import MAX_ID, db
from sostrades_api.platform import current_platform
from sostrades_api.services.group_get import group_get
from sostrades_api.services.group_set_limit import group_set_limit
from sostrades_api.services.queue_autoscale import queue_autoscale
from sostrades_api.services.queue_pause import queue_pause, queue_resume
from sostrades_api.services.queue_read import GroupQueue, ProfileQueue, Queue, queue_read
from sostrades_api.services.worker_list import WorkerState

_MOST_DIGITS = 10
_profile_option = click.option("--profile", help="Worker profile. Default: all.")


class Limit(click.ParamType):
    """A number of executions, or ``none``."""

    name = "limit"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int | None:
        """The number; None for ``none``."""
        if str(value).lower() == "none":
            return None
        text = str(value)
        is_whole = text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS
        if not is_whole or not 1 <= int(text) <= MAX_ID:
            fault = f"'{text[:40]}' is no limit: give a whole number of at least 1, or 'none'"
            self.fail(fault, param, ctx)
        return int(text)


@command("queue", example="--json")
@json_option
def queue(*, as_json: bool) -> None:
    """Show what waits and what runs.

    By worker profile and by group. Waiting times and runs are those of the last hour.
    """
    _show(as_json=as_json)


@command("pause_queue", example='--profile large --reason "new disks"')
@_profile_option
@click.option("--reason", help="Shown to everybody who waits.")
@json_option
def pause_queue(*, profile: str | None, reason: str | None, as_json: bool) -> None:
    """Take no execution of a worker profile until resume_queue.

    What runs goes on, and requests are still accepted.
    """
    settings = current_platform().settings
    queue_pause(db.session(), actor=COMMAND_LINE, settings=settings, worker_profile=profile, reason=reason)
    _report(f"{_named(profile)} paused", as_json=as_json)


@command("resume_queue", example="--profile large")
@_profile_option
@json_option
def resume_queue(*, profile: str | None, as_json: bool) -> None:
    """Go on with what pause_queue has paused."""
    platform = current_platform()
    queue_resume(
        db.session(),
        actor=COMMAND_LINE,
        settings=platform.settings,
        queue=platform.queue,
        worker_profile=profile,
    )
    _report(f"{_named(profile)} not paused", as_json=as_json)


@command("set_group_limit", example="analysts 4")
@click.argument("group")
@click.argument("limit", type=Limit(), metavar="N|none")
@json_option
def set_group_limit(*, group: str, limit: int | None, as_json: bool) -> None:
    """Let at most N executions of a group run at a time.

    With none, as many as there are workers for. Groups take turns in any case.
    """
    found = group_get(db.session(), name=group)
    group_set_limit(db.session(), found, actor=COMMAND_LINE, max_running=limit)
    if as_json:
        print_json({"group": found.name, "max_running": found.max_running})
    else:
        at_most = "any number" if limit is None else f"at most {limit}"
        note(f"Of group '{found.name}', {at_most} may run at a time")


def _report(message: str, *, as_json: bool) -> None:
    if as_json:
        _show(as_json=True)
    else:
        note(message)


def _named(profile: str | None) -> str:
    return "All worker profiles are" if profile is None else f"Worker profile '{profile}' is"


def _show(*, as_json: bool) -> None:
    settings = current_platform().settings
    found = queue_read(db.session(), actor=COMMAND_LINE, settings=settings)
    if as_json:
        print_json(_plain(found))
        return
    wanted = queue_autoscale(db.session(), actor=COMMAND_LINE, settings=settings)
    print_rows(
        [_row(profile, wanted=wanted.get(profile.profile)) for profile in found.profiles],
        as_json=False,
        nothing="",
    )
    if found.groups:
        click.echo()
        print_rows([asdict(group) for group in found.groups], as_json=False, nothing="")


def _plain(found: Queue) -> dict[str, Any]:
    groups: list[GroupQueue] = found.groups or []
    return {
        "profiles": [asdict(profile) for profile in found.profiles],
        "groups": [asdict(group) for group in groups],
    }


def _row(found: ProfileQueue, *, wanted: Any) -> dict[str, Any]:
    working = found.workers.get(WorkerState.IDLE, 0) + found.workers.get(WorkerState.BUSY, 0)
    return {
        "profile": found.profile,
        "waiting": found.waiting,
        "running": found.running,
        "suspended": found.suspended,
        "oldest": _seconds(found.oldest_waiting_seconds),
        "median wait": _seconds(found.history.median_waiting_seconds),
        "95 % wait": _seconds(found.history.p95_waiting_seconds),
        "mean run": _seconds(found.history.mean_run_seconds),
        "per hour": f"{found.history.per_hour:.0f}",
        "workers": working,
        "wanted": wanted.wanted_workers if wanted else None,
        "paused": (found.pause.reason or "yes") if found.pause else "no",
    }


def _seconds(value: float | None) -> str | None:
    return None if value is None else f"{value:.1f} s"


COMMANDS = (queue, pause_queue, resume_queue, set_group_limit)
