"""Commands as a shell sees them: exit status, stdout, stderr."""

import os
import subprocess
import sys

import pytest

from sostrades_api.access.api_keys import is_well_formed
from sostrades_api.settings import PROJECT_DIR

pytestmark = [pytest.mark.slow, pytest.mark.database("sqlite")]


@pytest.fixture
def shell(settings):
    """``shell("list_users", NAME="value")``: ``flask`` found by its default, ``wsgi.py``."""
    environment = {
        **os.environ,
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": settings.redis_url,
        "SOSTRADES_DATA_DIR": str(settings.data_dir),
    }

    def run(*arguments, **variables):
        return subprocess.run(
            [sys.executable, "-m", "flask", *arguments],
            cwd=PROJECT_DIR,
            env={**environment, **variables},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return run


def test_a_key_is_all_that_a_pipe_gets_on_the_last_line(shell, make_group):
    make_group("team")
    made = shell("create_api_key", "team", "ci")
    assert made.returncode == 0, made.stderr
    assert is_well_formed(made.stdout.splitlines()[-1])


def test_a_command_that_fails_exits_non_zero_with_one_line(shell):
    failed = shell("create_api_key", "nothing", "ci")
    assert failed.returncode == 1
    assert failed.stdout == ""
    assert failed.stderr == "Error: There is no group named 'nothing'\n"


def test_a_wrong_environment_is_one_line_too(shell):
    failed = shell("list_users", SOSTRADES_MAX_ATTEMPS="3")
    assert failed.returncode == 1
    assert failed.stderr == "Error: nothing reads the environment variable SOSTRADES_MAX_ATTEMPS\n"
