"""Settings come from the environment; what nothing reads is refused."""

import pytest
from pydantic import ValidationError

from sostrades_api.settings import Settings, read_settings


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


def test_settings_are_frozen_and_know_no_other_keys(tmp_path):
    settings = Settings(data_dir=tmp_path)
    with pytest.raises(ValidationError):
        settings.max_attempts = 9
    with pytest.raises(ValidationError):
        Settings(data_dir=tmp_path, speed=1)


def test_a_lease_that_one_late_heartbeat_would_lose_is_refused(tmp_path):
    with pytest.raises(ValidationError, match="twice"):
        Settings(data_dir=tmp_path, lease_seconds=5, heartbeat_seconds=4)
