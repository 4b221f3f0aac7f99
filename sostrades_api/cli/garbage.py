"""The command that removes what nobody can reach any more."""

import datetime as dt

import click

from sostrades_api.cli.command import command, json_option, note, print_json
from sostrades_api.cli.expiry import Age
from sostrades_api.models import db
from sostrades_api.platform import current_platform
from sostrades_api.services.garbage_collect import garbage_collect, garbage_find


@command("collect_garbage", example="--dry-run")
@click.option("--older-than", type=Age(), default="1d", show_default=True, help="Only values unused so old.")
@click.option("--dry-run", is_flag=True, help="Say what would be removed; remove nothing.")
@json_option
def collect_garbage(*, older_than: dt.timedelta, dry_run: bool, as_json: bool) -> None:
    """Remove what was deleted long ago.

    Study cases, executions that have expired, computed results that nobody used for long, and values that
    nothing uses any more; the workers do it every hour. How long is a setting:
    SOSTRADES_DELETED_RETENTION_DAYS for study cases, SOSTRADES_RESULT_CACHE_DAYS and
    SOSTRADES_RESULT_CACHE_BYTES for results.
    """
    platform, session = current_platform(), db.session()
    collect = garbage_find if dry_run else garbage_collect
    found = collect(session, values=platform.values, settings=platform.settings, older_than=older_than)
    if as_json:
        counts = {"results": found.results, "values": found.values, "blobs": found.blobs}
        print_json({"study_cases": found.study_cases, "executions": found.executions, **counts})
        return
    numbers = ", ".join(map(str, found.study_cases))
    verb = "would be" if dry_run else "were"
    note(f"{len(found.study_cases)} deleted study cases {verb} removed{f' ({numbers})' if numbers else ''}")
    note(f"{len(found.executions)} expired executions {verb} deleted")
    note(f"{found.results} computed results {verb} forgotten")
    note(f"{found.values} unused values and {found.blobs} files without a value {verb} removed")


COMMANDS = (collect_garbage,)
