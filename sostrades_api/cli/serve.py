"""``./dev serve``: the web server as in production, gunicorn with threads."""

import os
import subprocess
import sys
from collections.abc import Sequence

import click

from sostrades_api.errors import DomainError
from sostrades_api.settings import PROJECT_DIR, read_settings

WORKER_CLASS = "sostrades_api.streaming.gunicorn_worker.HandOverWorker"
_GRACEFUL_SECONDS = 10


def gunicorn_command(bind: Sequence[str], *, processes: int, threads: int) -> list[str]:
    """The command line of the web server.

    Args:
        bind: gunicorn's addresses: ``host:port`` or ``fd://<number>``.
        processes: Web processes.
        threads: Requests that each of them serves at a time.
    """
    options = {
        "--worker-class": WORKER_CLASS,
        "--workers": processes,
        "--threads": threads,
        "--graceful-timeout": _GRACEFUL_SECONDS,
        "--keep-alive": 15,
        "--limit-request-line": 8190,  # bytes, the most gunicorn takes: filters and names stand in addresses
        "--chdir": PROJECT_DIR,
    }
    arguments = [str(part) for pair in options.items() for part in pair]
    addresses = [part for address in bind for part in ("--bind", address)]
    return [sys.executable, "-m", "gunicorn", "--no-control-socket", *arguments, *addresses, "wsgi:app"]


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=click.IntRange(1, 65535), default=8000, show_default=True)
@click.option("--processes", type=click.IntRange(1, 64), default=2, show_default=True, help="Web processes.")
@click.option("--threads", type=click.IntRange(1, 256), default=8, show_default=True, help="Threads of each.")
def serve(*, host: str, port: int, processes: int, threads: int) -> None:
    """Serve on a migrated database until SIGTERM; the environment configures (docs/configuration.md)."""
    read_settings()  # a wrong one is told before anything starts
    migrate = [sys.executable, "-m", "flask", "--app", "wsgi", "db", "upgrade"]
    if subprocess.call(migrate, cwd=PROJECT_DIR) != 0:  # noqa: S603
        raise click.ClickException("the database could not be migrated (see above)")
    address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    command = gunicorn_command([address], processes=processes, threads=threads)
    os.execv(command[0], command)  # noqa: S606 - gunicorn takes this process's place


def run_command(command: click.Command, *, name: str) -> None:
    """Run a command of ``./dev``; every failure is one line, with the exit status of its kind."""
    try:
        command(prog_name=f"./dev {name}", standalone_mode=False)
    except click.ClickException as error:
        click.echo(f"{name}: {error.format_message()}", err=True)
        sys.exit(error.exit_code)
    except click.Abort:
        sys.exit(130)
    except (DomainError, OSError) as error:
        click.echo(f"{name}: {error}", err=True)
        sys.exit(1)


if __name__ == "__main__":
    run_command(serve, name="serve")
