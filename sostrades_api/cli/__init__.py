"""The ``flask`` commands: one file a noun."""

from flask import Flask

from sostrades_api.cli import accounts, demo_seed, executions, keys, rights, studies, worker


def register(app: Flask) -> None:
    """Add the commands to ``flask``."""
    for noun in (keys, accounts, rights, studies, executions, worker):
        for command in noun.COMMANDS:
            app.cli.add_command(command)
    app.cli.add_command(demo_seed.demo_seed)
