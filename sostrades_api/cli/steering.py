"""Commands that steer executions; their numbers are the execution_id that run_study --json tells."""

from collections.abc import Callable, Sequence
from typing import Any

import click

from sostrades_api.access import COMMAND_LINE
from sostrades_api.cli.command import command, json_option, message_of, note, print_json
from sostrades_api.cli.expiry import Expiry
from sostrades_api.errors import DomainError
from sostrades_api.models import MAX_PRIORITY, Execution, db
from sostrades_api.platform import current_platform
from sostrades_api.services.execution_choose import execution_each
from sostrades_api.services.execution_delete import execution_delete
from sostrades_api.services.execution_recompute import execution_recompute
from sostrades_api.services.execution_resubmit import execution_resubmit
from sostrades_api.services.execution_resume import execution_resume
from sostrades_api.services.execution_set_deadline import MAX_DEADLINE_SECONDS, execution_set_deadline
from sostrades_api.services.execution_set_expiry import execution_set_expiry
from sostrades_api.services.execution_set_priority import execution_set_priority
from sostrades_api.services.execution_stop import execution_stop
from sostrades_api.services.execution_summary import execution_summary
from sostrades_api.services.execution_suspend import execution_suspend

several = click.argument("execution_ids", metavar="EXECUTION_ID...", type=int, nargs=-1, required=True)


@command("stop_execution", example="34 35 --force")
@several
@click.option("--force", is_flag=True, help="End their processes whatever they do.")
@json_option
def stop_execution(*, execution_ids: Sequence[int], force: bool, as_json: bool) -> None:
    """Stop executions.

    One that runs stops at the next discipline or iteration. What finished disciplines made stays known.
    """
    queue = current_platform().queue

    def stop(execution_id: int) -> Execution:
        return execution_stop(db.session(), execution_id, actor=COMMAND_LINE, queue=queue, force=force)

    _each(execution_ids, stop, as_json=as_json)


@command("suspend_execution", example="34")
@several
@json_option
def suspend_execution(*, execution_ids: Sequence[int], as_json: bool) -> None:
    """Suspend executions: they free their workers.

    resume_execution lets them go on from the last finished discipline.
    """
    queue = current_platform().queue

    def suspend(execution_id: int) -> Execution:
        return execution_suspend(db.session(), execution_id, actor=COMMAND_LINE, queue=queue)

    _each(execution_ids, suspend, as_json=as_json)


@command("resume_execution", example="34")
@several
@json_option
def resume_execution(*, execution_ids: Sequence[int], as_json: bool) -> None:
    """Resume suspended executions, on any worker."""
    queue = current_platform().queue

    def resume(execution_id: int) -> Execution:
        return execution_resume(db.session(), execution_id, actor=COMMAND_LINE, queue=queue)

    _each(execution_ids, resume, as_json=as_json)


@command("resubmit_execution", example="34")
@several
@json_option
def resubmit_execution(*, execution_ids: Sequence[int], as_json: bool) -> None:
    """Queue executions again, on the values they ran on.

    The numbers told are those of the new executions.
    """
    platform = current_platform()

    def resubmit(execution_id: int) -> Execution:
        return execution_resubmit(
            db.session(), execution_id, actor=COMMAND_LINE, queue=platform.queue, values=platform.values
        )

    _each(execution_ids, resubmit, as_json=as_json)


@command("recompute_execution", example="34 --from Sellar1")
@click.argument("execution_id", type=int)
@click.option("--from", "discipline", required=True, help="Full name of the discipline, or within the study.")
@json_option
def recompute_execution(*, execution_id: int, discipline: str, as_json: bool) -> None:
    """Run a discipline of an execution again, with all that depends on it.

    It is a new execution, whose number is told; what does not depend on the discipline is re-used.
    """
    platform = current_platform()

    def recompute(number: int) -> Execution:
        return execution_recompute(
            db.session(),
            number,
            discipline=discipline,
            actor=COMMAND_LINE,
            queue=platform.queue,
            values=platform.values,
        )

    _each([execution_id], recompute, as_json=as_json)


@command("set_priority", example="90 34 35")
@click.argument("priority", type=click.IntRange(0, MAX_PRIORITY))
@several
@json_option
def set_priority(*, priority: int, execution_ids: Sequence[int], as_json: bool) -> None:
    """Set the priority of executions, 0 to 100.

    The highest of a group goes first; 50 is usual. Groups take turns whatever their priorities.
    """

    def set_it(execution_id: int) -> Execution:
        return execution_set_priority(db.session(), execution_id, actor=COMMAND_LINE, priority=priority)

    _each(execution_ids, set_it, as_json=as_json)


@command("set_deadline", example="3600 34")
@click.argument("seconds", type=click.FloatRange(0, MAX_DEADLINE_SECONDS))
@several
@json_option
def set_deadline(*, seconds: float, execution_ids: Sequence[int], as_json: bool) -> None:
    """Set how many seconds executions may run; 0 takes the limit away.

    One that runs longer fails. The platform's own limit, SOSTRADES_MAX_RUN_SECONDS, holds besides.
    """

    def set_it(execution_id: int) -> Execution:
        return execution_set_deadline(db.session(), execution_id, actor=COMMAND_LINE, seconds=seconds or None)

    _each(execution_ids, set_it, as_json=as_json)


@command("set_expiry", example="30d 34 35")
@click.argument("expires_at", metavar="30d|DATE|never")
@several
@json_option
def set_expiry(*, expires_at: str, execution_ids: Sequence[int], as_json: bool) -> None:
    """Set when executions are deleted, once they have ended.

    After hours, days or weeks from now (12h, 30d, 4w), at the beginning (UTC) of a date, or never.
    """
    at = None if expires_at == "never" else Expiry().convert(expires_at, None, click.get_current_context())

    def set_it(execution_id: int) -> Execution:
        return execution_set_expiry(db.session(), execution_id, actor=COMMAND_LINE, at=at)

    _each(execution_ids, set_it, as_json=as_json)


@command("delete_execution", example="34 35")
@several
@json_option
def delete_execution(*, execution_ids: Sequence[int], as_json: bool) -> None:
    """Delete executions that have ended, with their results, history and logs.

    The results of a study case are then those of its latest finished execution that is left.
    """
    _each(execution_ids, lambda number: execution_delete(db.session(), number), as_json=as_json)


def _each(execution_ids: Sequence[int], do: Callable[[int], Execution | None], *, as_json: bool) -> None:
    """Do it with each, say what became of it, and fail if one was refused."""

    def tell(execution_id: int) -> dict[str, Any] | None:
        execution = do(execution_id)
        return None if execution is None else execution_summary(execution, study=execution.study_case)

    outcomes = execution_each(db.session(), execution_ids, do=tell)
    if as_json:
        print_json([_as_json(each.execution_id, each.done, each.refused) for each in outcomes])
    else:
        for each in outcomes:
            if each.refused is None:
                summary: Any = each.done or {"execution_id": each.execution_id, "state": "DELETED"}
                click.echo(f"{summary['execution_id']} {summary['state']}")
    refused = [each.refused for each in outcomes if each.refused is not None]
    for error in refused[:-1]:
        note(f"Error: {message_of(error)}")
    if refused:
        raise refused[-1]


def _as_json(execution_id: int, done: Any, refused: DomainError | None) -> dict[str, Any]:
    return {"id": execution_id, "execution": done, "refused": message_of(refused) if refused else None}


COMMANDS = (
    stop_execution,
    suspend_execution,
    resume_execution,
    resubmit_execution,
    recompute_execution,
    set_priority,
    set_deadline,
    set_expiry,
    delete_execution,
)
