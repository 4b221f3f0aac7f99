"""Settings come from the environment; what nothing reads is refused."""

import os
import shutil
import subprocess
import sys

import pytest
from pydantic import ValidationError

from sostrades_api.settings import PROJECT_DIR, Settings, read_settings


def test_every_default_works_on_one_machine(tmp_path):
    settings = Settings(data_dir=tmp_path)
    assert settings.resolved_database_url == f"sqlite:///{tmp_path}/sostrades.sqlite3"
    assert settings.resolved_value_store_url == f"file://{tmp_path}/values"


def test_the_environment_is_read(monkeypatch):
    monkeypatch.setenv("SOSTRADES_RATE_LIMIT", "5 per second")
    monkeypatch.setenv("DATABASE_URL", "postgresql://x/y")
    settings = read_settings()
    assert (settings.rate_limit, settings.resolved_database_url) == ("5 per second", "postgresql://x/y")


@pytest.mark.parametrize("name", ["SOSTRADES_RATELIMIT", "SOSTRADES_DATABASE_URL", "SOSTRADES_X"])
def test_a_variable_that_nothing_reads_is_named_at_the_start(monkeypatch, name):
    monkeypatch.setenv(name, "x")
    with pytest.raises(SystemExit, match=name):
        read_settings()


def test_a_wrong_value_is_named_in_one_line(monkeypatch):
    monkeypatch.setenv("SOSTRADES_MAX_ATTEMPTS", "many")
    with pytest.raises(SystemExit, match="max_attempts") as caught:
        read_settings()
    assert "\n" not in str(caught.value)


def test_a_file_adds_what_the_environment_lacks(monkeypatch, tmp_path):
    for name in ("SOSTRADES_QUEUE_NAME", "MODEL_LIBRARY_THREADS"):
        monkeypatch.setenv(name, "")  # so that it is taken away again after the test
        monkeypatch.delenv(name)
    monkeypatch.setenv("SOSTRADES_MAX_ATTEMPTS", "4")
    file = tmp_path / ".env"
    file.write_text("SOSTRADES_MAX_ATTEMPTS=9\nSOSTRADES_QUEUE_NAME=mine\nMODEL_LIBRARY_THREADS=2\n")
    settings = read_settings(env_file=file)
    assert (settings.max_attempts, settings.queue_name) == (4, "mine")
    assert os.environ["MODEL_LIBRARY_THREADS"] == "2"


def test_a_variable_of_the_file_that_nothing_reads_is_named_too(monkeypatch, tmp_path):
    monkeypatch.setenv("SOSTRADES_SPEED", "")
    monkeypatch.delenv("SOSTRADES_SPEED")
    (tmp_path / ".env").write_text("SOSTRADES_SPEED=9\n")
    with pytest.raises(SystemExit, match="SOSTRADES_SPEED"):
        read_settings(env_file=tmp_path / ".env")


@pytest.mark.slow
def test_every_program_reads_the_same_file_and_says_in_one_line_what_is_wrong(tmp_path):
    """On a copy of the project's layout: the file of the real one is its user's."""
    shutil.copytree(PROJECT_DIR / "sostrades_api", tmp_path / "sostrades_api")
    for name in ("migrations", "templates", "wsgi.py"):
        (tmp_path / name).symlink_to(PROJECT_DIR / name)
    (tmp_path / ".env").write_text("SOSTRADES_MAX_ATTEMPTS=many\n")
    for command in (
        ["flask", "--app", "wsgi", "list_users"],
        ["flask", "--app", "wsgi", "worker"],
        ["gunicorn", "--check-config", "wsgi:app"],
        ["sostrades_api.cli.serve"],
        ["sostrades_api.cli.demo"],
    ):
        done = subprocess.run(
            [sys.executable, "-m", *command],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(tmp_path)},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode != 0, command
        assert "Error: wrong settings in the environment: max_attempts" in done.stderr, command
        assert "Traceback" not in done.stderr or "gunicorn" in command


def test_settings_are_frozen_and_know_no_other_keys(tmp_path):
    settings = Settings(data_dir=tmp_path)
    with pytest.raises(ValidationError):
        settings.max_attempts = 9
    with pytest.raises(ValidationError):
        Settings(data_dir=tmp_path, speed=1)


def test_a_lease_that_one_late_heartbeat_would_lose_is_refused(tmp_path):
    with pytest.raises(ValidationError, match="twice"):
        Settings(data_dir=tmp_path, lease_seconds=5, heartbeat_seconds=4)
