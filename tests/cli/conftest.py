"""Run commands inside the test's application."""

import json
from dataclasses import dataclass

import pytest
from click.testing import Result
from flask import Flask


@dataclass(frozen=True)
class CommandLine:
    """``flask`` on the test's application."""

    app: Flask

    def __call__(self, *arguments: str | int, stdin: str | None = None) -> Result:
        return self.app.test_cli_runner().invoke(args=[str(argument) for argument in arguments], input=stdin)

    def ok(self, *arguments: str | int, stdin: str | None = None) -> str:
        """What a command that succeeds prints on stdout."""
        result = self(*arguments, stdin=stdin)
        assert result.exit_code == 0, result.output
        return result.stdout

    def json(self, *arguments: str | int, stdin: str | None = None):
        """The data that a command prints with ``--json``."""
        return json.loads(self.ok(*arguments, "--json", stdin=stdin))

    def error(self, *arguments: str | int, stdin: str | None = None) -> str:
        """The one line with which a command fails."""
        result = self(*arguments, stdin=stdin)
        assert result.exit_code != 0, result.output
        assert result.stdout == ""
        assert "Traceback" not in result.stderr
        line = result.stderr.strip().splitlines()[-1]
        assert line.startswith("Error: ")
        return line.removeprefix("Error: ")


@pytest.fixture
def flask(app) -> CommandLine:
    """``flask("list_users")``; ``.ok`` gives stdout, ``.json`` data, ``.error`` the one line of a failure."""
    return CommandLine(app)
