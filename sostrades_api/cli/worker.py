"""``flask worker``: the worker pool, until SIGTERM or Ctrl-C."""

import logging
import os
import sys
from typing import Any, cast

import click
from flask import current_app
from flask.cli import with_appcontext

from sostrades_api.cli.command import PlatformCommand, note
from sostrades_api.platform import current_platform
from sostrades_api.worker.pool import WorkerPool

# Read when a process starts, so before Python. One thread of linear algebra a run: others run beside it.
# Two malloc arenas and early trimming: an idle worker gives back what its last run took.
_ENVIRONMENT = {
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MALLOC_ARENA_MAX": "2",
    "MALLOC_TRIM_THRESHOLD_": "1048576",
    "MALLOC_MMAP_THRESHOLD_": "1048576",
}


@click.command(
    "worker", cls=PlatformCommand, epilog="Example: flask worker --profile large --profile standard --count 2"
)
@click.option("--count", type=click.IntRange(1, 256), default=1, show_default=True, help="Runs at a time.")
@click.option(
    "--profile",
    "profiles",
    multiple=True,
    help="Take executions of this worker profile only; may be repeated. Default: all.",
)
@with_appcontext
def worker(*, count: int, profiles: tuple[str, ...]) -> None:
    """Execute study cases, until it is told to end.

    Starts workers, their sweeper and, if none is configured, the queue server.
    """
    chosen = tuple(dict.fromkeys(known_profile(name) for name in profiles))
    _start_again_tuned()
    level = current_platform().settings.log_level.upper()
    logging.getLogger("sostrades_api").setLevel(level)  # a command's own is quieter; this one serves
    app = cast("Any", current_app)._get_current_object()  # noqa: SLF001 - Flask's own recipe
    WorkerPool(app, count=count, profiles=chosen).run(on_ready=lambda: note(f"{count} workers are ready"))


def known_profile(name: str) -> str:
    """The name, if the settings have such a worker profile.

    Raises:
        click.UsageError: They have none.
    """
    known = current_platform().settings.worker_profiles
    if name not in known:
        msg = f"There is no worker profile '{name}'; the settings have: {', '.join(sorted(known))}"
        raise click.UsageError(msg)
    return name


def _start_again_tuned() -> None:
    """Replace this process by itself with the environment above, unless it has it (or the user's own)."""
    missing = {name: value for name, value in _ENVIRONMENT.items() if name not in os.environ}
    if missing:
        os.execve(sys.executable, sys.orig_argv, {**os.environ, **missing})  # noqa: S606 - the same command


COMMANDS = (worker,)
