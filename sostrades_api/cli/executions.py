"""Commands that execute study cases."""

import sys
import time
from typing import Any

import click

from sostrades_api.access import COMMAND_LINE, Permission
from sostrades_api.cli.command import command, json_option, note, print_json, print_rows
from sostrades_api.models import MAX_ID, StudyCase, db
from sostrades_api.platform import current_platform
from sostrades_api.services.execution_describe import execution_describe
from sostrades_api.services.execution_list import (
    MOST,
    SORTABLE,
    ExecutionFilter,
    execution_list,
    parsed_states,
)
from sostrades_api.services.execution_request import execution_request
from sostrades_api.services.execution_status import execution_find_latest, execution_status
from sostrades_api.services.execution_stop import study_case_stop
from sostrades_api.services.execution_summary import execution_summary
from sostrades_api.services.execution_waiting import execution_waiting
from sostrades_api.services.study_case_get import study_case_get

_POLL_SECONDS = 0.1
_HINT_SECONDS = 10.0
_LISTED = (
    "execution_id",
    "study_case_name",
    "process",
    "state",
    "priority",
    "requested_by",
    "requested_at",
    "progress",
)
_RUNNING = frozenset({"PENDING", "RUNNING"})


@command("run_study", example="12")
@click.argument("study_case_id", type=int)
@click.option("--no-wait", is_flag=True, help="Return as soon as it is queued.")
@json_option
def run_study(*, study_case_id: int, no_wait: bool, as_json: bool) -> None:
    """Execute a study case and wait for its end.

    The platform's workers do it. The exit status is 1 unless it FINISHED.

    Interrupting the command leaves the execution running; stop_study stops it.
    """
    study = _study(study_case_id, permission=Permission.EXECUTE)
    execution_request(
        db.session(),
        study,
        actor=COMMAND_LINE,
        queue=current_platform().queue,
        values=current_platform().values,
    )
    status = _status(study_case_id) if no_wait else _wait(study_case_id)
    _show(status, as_json=as_json)
    if not no_wait and status["study_case_execution_status"] != "FINISHED":
        raise click.ClickException(_reason(status))


@command("stop_study", example="12")
@click.argument("study_case_id", type=int)
@json_option
def stop_study(*, study_case_id: int, as_json: bool) -> None:
    """Stop the execution of a study case.

    One that waits in the queue is stopped as well.
    """
    study = _study(study_case_id, permission=Permission.STOP)
    study_case_stop(db.session(), study, actor=COMMAND_LINE, queue=current_platform().queue)
    if as_json:
        print_json(_status(study_case_id))
    else:
        note(f"Study case {study_case_id} is asked to stop")


@command("show_execution", example="34 --json")
@click.argument("execution_id", type=int)
@json_option
def show_execution(*, execution_id: int, as_json: bool) -> None:
    """Show all that is known of an execution.

    Its states, its message, where its time went, and the traceback of a failure. The number is the
    execution_id that status and run_study --json tell.
    """
    shown = execution_describe(db.session(), execution_id)
    if as_json:
        print_json(shown)
        return
    transitions, traceback, profile = shown.pop("transitions"), shown.pop("traceback"), shown.pop("profile")
    print_rows([{"field": name, "value": value} for name, value in shown.items()], as_json=False, nothing="")
    click.echo()
    print_rows(transitions, as_json=False, nothing="It has no history")
    if profile:
        click.echo()
        _print_profile(profile)
    if traceback:
        click.echo(f"\n{traceback.rstrip()}")


@command("list_executions", example="--state QUEUED,RUNNING --limit 20")
@click.option("--study", "study_case_id", type=click.IntRange(0, MAX_ID), help="Only of this study case.")
@click.option("--state", help="Only in this state, or in these, with commas between.")
@click.option("--owner", help="Only those that this user, or group:<name>, requested.")
@click.option("--sort", default="-requested_at", show_default=True, help=f"One of {', '.join(SORTABLE)}.")
@click.option("--limit", type=click.IntRange(1, MOST), default=50, show_default=True)
@json_option
def list_executions(
    *, study_case_id: int | None, state: str | None, owner: str | None, sort: str, limit: int, as_json: bool
) -> None:
    """List executions, the latest first."""
    wanted = ExecutionFilter(study_case_id=study_case_id, states=parsed_states(state), owner=owner)
    page = execution_list(db.session(), actor=COMMAND_LINE, wanted=wanted, sort=sort, limit=limit)
    rows = [execution_summary(execution, study=study) for execution, study in page.rows]
    shown = rows if as_json else [{name: row[name] for name in _LISTED} for row in rows]
    print_rows(shown, as_json=as_json, nothing="There are no such executions")
    if page.next_cursor and not as_json:
        note(f"There are more; --limit shows up to {MOST}")


def _print_profile(profile: dict[str, Any]) -> None:
    rows = profile.pop("disciplines")
    print_rows(
        [{"profile": name, "value": value} for name, value in profile.items()], as_json=False, nothing=""
    )
    click.echo()
    print_rows(
        [
            {
                "discipline": row["discipline"],
                "seconds": f"{row['seconds']:.6f}",
                "share": f"{row['share']:.1%}",
                "calls": row["calls"],
                "iterations": row["iterations"],
                "reused": row["reused"],
            }
            for row in rows
        ],
        as_json=False,
        nothing="",
    )


def _study(study_case_id: int, *, permission: Permission) -> StudyCase:
    return study_case_get(db.session(), study_case_id, actor=COMMAND_LINE, permission=permission)


def _status(study_case_id: int) -> dict[str, Any]:
    db.session.rollback()  # what was read before is of another moment
    study = _study(study_case_id, permission=Permission.VIEW)
    platform = current_platform()
    status = execution_status(
        db.session(), study, actor=COMMAND_LINE, queue=platform.queue, values=platform.values
    )
    db.session.rollback()
    return status


def _wait(study_case_id: int) -> dict[str, Any]:
    began, shown, hinted = time.monotonic(), "", False
    while True:
        status = _status(study_case_id)
        shown = _progress(status, shown=shown)
        if status["study_case_execution_status"] not in _RUNNING:
            _end_line()
            return status
        waiting = status["study_case_execution_status"] == "PENDING"
        if waiting and not hinted and time.monotonic() - began > _HINT_SECONDS:
            hinted = True
            _end_line()
            _hint(study_case_id)
        time.sleep(_POLL_SECONDS)


def _hint(study_case_id: int) -> None:
    execution = execution_find_latest(db.session(), study_case_id=study_case_id)
    settings = current_platform().settings
    hint = execution and execution_waiting(db.session(), execution, actor=COMMAND_LINE, settings=settings)
    if hint:
        note(hint)


def _progress(status: dict[str, Any], *, shown: str) -> str:
    """Show how far it is: rewriting one line on a terminal, one line a change elsewhere."""
    disciplines = status["disciplines_status"].values()
    done = sum(1 for state in disciplines if state == "DONE")
    line = (
        f"{status['study_case_execution_status']} {status['progress']:4.0%}, {done}/{len(disciplines)} done"
    )
    if line != shown:
        terminal = sys.stderr.isatty()
        click.echo(f"\r{line:<60}" if terminal else line, err=True, nl=not terminal)
    return line


def _end_line() -> None:
    if sys.stderr.isatty():
        click.echo(err=True)


def _show(status: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(status)
    else:
        click.echo(status["study_case_execution_status"])
    if status["converged"] is False:
        note(f"Not converged: the results of {', '.join(status['unconverged'])} are no solution")


def _reason(status: dict[str, Any]) -> str:
    message = status["study_case_execution_error_message"]
    ended = f"Study case {status['study_case_id']} {status['study_case_execution_status']}"
    return f"{ended}: {' '.join(message.split())}" if message else ended


COMMANDS = (run_study, stop_study, show_execution, list_executions)
