"""Commands for workers that run: list, hold, release."""

from dataclasses import asdict

import click

from sostrades_api.access import COMMAND_LINE
from sostrades_api.cli.command import command, json_option, note, print_json, print_rows
from sostrades_api.models import WorkerProcess, db
from sostrades_api.platform import current_platform
from sostrades_api.services.worker_hold import worker_hold, worker_release
from sostrades_api.services.worker_list import WorkerShown, worker_list, worker_shown


@command("workers", example="--json")
@json_option
def workers(*, as_json: bool) -> None:
    """List the workers and what they do.

    One that said nothing for three heartbeats is lost, and forgotten after an hour.
    """
    silence = current_platform().settings.worker_silence_seconds
    found = worker_list(db.session(), actor=COMMAND_LINE, silence_seconds=silence)
    if as_json:
        print_json([asdict(worker) for worker in found])
        return
    rows = [_row(worker) for worker in found]
    print_rows(rows, as_json=False, nothing="There are no workers; start some with: flask worker")


@command("hold_worker", example="node3-4711-0a1b2c3d")
@click.argument("name")
@json_option
def hold_worker(*, name: str, as_json: bool) -> None:
    """Let a worker finish what it runs and take nothing new.

    Until release_worker, or until it ends. The names are those that flask workers lists.
    """
    worker = worker_hold(db.session(), name, actor=COMMAND_LINE)
    _report(worker, f"Worker '{name}' takes nothing new", as_json=as_json)


@command("release_worker", example="node3-4711-0a1b2c3d")
@click.argument("name")
@json_option
def release_worker(*, name: str, as_json: bool) -> None:
    """Let a worker that was held take executions again."""
    worker = worker_release(db.session(), name, actor=COMMAND_LINE)
    _report(worker, f"Worker '{name}' takes executions", as_json=as_json)


def _report(worker: WorkerProcess, message: str, *, as_json: bool) -> None:
    if not as_json:
        note(message)
        return
    silence = current_platform().settings.worker_silence_seconds
    shown = worker_shown(db.session(), worker, actor=COMMAND_LINE, silence_seconds=silence)
    print_json(asdict(shown))


def _row(worker: WorkerShown) -> dict[str, object]:
    return {
        "name": worker.name,
        "state": worker.state.value,
        "execution": worker.execution_id,
        "profiles": worker.profiles,
        "executed": worker.executed,
        "heartbeat": f"{worker.heartbeat_at:%Y-%m-%d %H:%M:%S}",
        "host": worker.host,
        "pid": worker.pid,
        "held by": worker.held_by,
    }


COMMANDS = (workers, hold_worker, release_worker)
