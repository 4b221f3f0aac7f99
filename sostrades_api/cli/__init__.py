"""The ``flask`` commands: one file a noun."""

from flask import Flask


def register(app: Flask) -> None:
    """Add the commands to ``flask``."""
    # Imported here: the parent process of the demo lives in this package and needs none of them.
    from sostrades_api.cli import (  # noqa: PLC0415
        accounts,
        demo_seed,
        executions,
        garbage,
        keys,
        queue,
        rights,
        steering,
        studies,
        webhooks,
        worker,
        workers,
    )

    nouns = (keys, accounts, rights, studies, executions, steering, webhooks, garbage, worker, workers, queue)
    for noun in nouns:
        for command in noun.COMMANDS:
            app.cli.add_command(command)
    app.cli.add_command(demo_seed.demo_seed)
