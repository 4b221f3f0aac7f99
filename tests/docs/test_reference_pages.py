"""The pages that list settings and commands list all of them, as they are."""

import re
from pathlib import Path

import click
import pytest
from pydantic_core import PydanticUndefined

from sostrades_api.settings import PROJECT_DIR, Settings

ROOT = Path(__file__).resolve().parents[2]
CONFIGURATION = (ROOT / "docs" / "configuration.md").read_text("utf-8")
ADMINISTRATION = (ROOT / "docs" / "administration.md").read_text("utf-8")


def variable_of(field: str) -> str:
    alias = Settings.model_fields[field].validation_alias
    return alias if isinstance(alias, str) else f"SOSTRADES_{field.upper()}"


def shown_default(field: str) -> str:
    default = Settings.model_fields[field].default
    if default == PROJECT_DIR / "instance":
        return "`instance/` of the project"
    if default in ("", PydanticUndefined):  # what is made anew for each is empty
        return "empty"
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"


@pytest.mark.parametrize("field", Settings.model_fields)
def test_a_setting_is_documented_with_its_default(field: str) -> None:
    assert f"| `{variable_of(field)}` | {shown_default(field)} |" in CONFIGURATION


def test_every_documented_setting_exists() -> None:
    documented = set(re.findall(r"^\| `(\w+)`", CONFIGURATION, re.MULTILINE))
    assert documented == {variable_of(field) for field in Settings.model_fields}


@pytest.fixture
def commands(make_app, tmp_path) -> dict[str, click.Command]:
    """The project's own commands, with those of the database below ``db``."""
    app = make_app(Settings(data_dir=tmp_path, redis_url="redis://127.0.0.1:1", database_url=""))
    return dict(app.cli.commands)


def test_every_command_is_documented_and_every_documented_one_exists(commands) -> None:
    table = set(re.findall(r"^\| `flask (\w+)", ADMINISTRATION, re.MULTILINE))
    shown = {name for name, command in commands.items() if not command.hidden}
    assert table == shown - {"openapi"}


@pytest.mark.parametrize(
    "page", ["README.md", "CONTRIBUTING.md", "docs/administration.md", "docs/deployment.md"]
)
def test_every_flask_command_and_option_in_a_page_exists(page: str, commands) -> None:
    flask_own = {"run", "shell", "routes", "--help", "--app", "COMMAND"}
    for name, rest in re.findall(r"\bflask ([\w-]+)([^\n`|]*)", (ROOT / page).read_text("utf-8")):
        if name in flask_own or name == "commands":
            continue
        assert name in commands, f"{page}: flask {name}"
        options = {option for parameter in commands[name].params for option in parameter.opts} | {"--help"}
        used = set(re.findall(r"(?<!\S)--[\w-]+", rest))
        assert used <= options, f"{page}: flask {name}{rest}"
