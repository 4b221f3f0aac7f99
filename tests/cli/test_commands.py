"""What all commands have in common."""

import pytest

from sostrades_api.cli import accounts, executions, keys, rights, studies

COMMANDS = [command for noun in (accounts, executions, keys, rights, studies) for command in noun.COMMANDS]
pytestmark = pytest.mark.database("sqlite")


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_the_help_of_a_command_says_what_it_does_and_shows_an_example(flask, command):
    text = flask.ok(command.name, "--help")
    assert f"Example: flask {command.name}" in text
    assert command.help


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_a_command_that_prints_data_prints_json_on_request(command):
    options = {option for parameter in command.params for option in parameter.opts}
    assert "--json" in options
