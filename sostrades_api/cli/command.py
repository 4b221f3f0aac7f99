"""What the commands share: one clear line when one fails, tables or JSON when one prints data."""

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import click
import orjson
from flask.cli import with_appcontext
from redis.exceptions import RedisError

from sostrades_api.errors import DomainError, InvalidValuesError
from sostrades_api.models.outage import outage_of

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")


class PlatformCommand(click.Command):
    """A command whose failure is one line on stderr and exit status 1."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run it, and say what went wrong in the words of the domain."""
        # The log of the web server is noise between a command's own lines.
        logging.getLogger("sostrades_api").setLevel(logging.ERROR)
        try:
            return super().invoke(ctx)
        except (DomainError, RedisError, OSError, Exception) as error:
            message = message_of(error)
            if message is None:
                raise
            raise click.ClickException(message) from error


def message_of(error: Exception) -> str | None:
    """One line for what somebody can do something about; None for a fault of the program."""
    if isinstance(error, InvalidValuesError) and len(error.items) > 1:
        return "; ".join(f"{item.variable_id or item.pointer or '?'}: {item.detail}" for item in error.items)
    if isinstance(error, DomainError):
        return " ".join(error.detail.split())
    if isinstance(error, RedisError):
        return "The queue does not answer; is the platform running?"
    return outage_of(error)


def command(name: str, *, example: str, **options: Any) -> Callable[[Callable[..., Any]], click.Command]:
    """A command that runs inside the application and shows an example in its help."""

    def decorate(function: Callable[..., Any]) -> click.Command:
        epilog = f"Example: flask {name} {example}".strip()
        wrapped = with_appcontext(function)
        return click.command(name, cls=PlatformCommand, epilog=epilog, **options)(wrapped)

    return decorate


def note(message: str) -> None:
    """Say something to a person, on stderr: stdout is for data."""
    click.echo(message, err=True)


def print_json(data: Any) -> None:
    """Print data as JSON."""
    options = orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS | orjson.OPT_UTC_Z
    click.echo(orjson.dumps(data, option=options, default=str).decode())


def print_rows(rows: Sequence[Mapping[str, Any]], *, as_json: bool, nothing: str) -> None:
    """Print rows as JSON or as a table; ``nothing`` is said, on stderr, when there are none."""
    if as_json:
        print_json(rows)
    elif rows:
        _print_table(rows)
    else:
        note(nothing)


def _print_table(rows: Sequence[Mapping[str, Any]]) -> None:
    lines = [list(rows[0]), *[[_cell(value) for value in row.values()] for row in rows]]
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    for line in lines:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value)) or "-"
    return str(value)
