"""Settings, read once from environment and ``.env``; frozen, unknown keys refused (docs/configuration.md)."""

import os
from pathlib import Path
from typing import Self

from dotenv import load_dotenv
from pydantic import Field, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

PROJECT_DIR = Path(__file__).resolve().parent.parent


class Settings(BaseSettings):
    """Everything that may differ between two installations; every default works on one machine."""

    model_config = SettingsConfigDict(
        frozen=True, extra="forbid", env_prefix="SOSTRADES_", populate_by_name=True
    )

    data_dir: Path = Field(
        default=PROJECT_DIR / "instance", description="Where database, values, keys and queue live"
    )
    database_url: str = Field(
        default="", validation_alias="DATABASE_URL", description="Empty: SQLite in data_dir"
    )
    redis_url: str = Field(
        default="", validation_alias="REDIS_URL", description="Empty: embedded server in data_dir"
    )
    value_store_url: str = Field(
        default="", validation_alias="VALUE_STORE_URL", description="Any fsspec URL; empty: data_dir"
    )
    public_url: str = Field(
        default="", validation_alias="PUBLIC_URL", description="Address readers use; empty: the request's"
    )
    secret_key: str = Field(
        default="", validation_alias="SECRET_KEY", description="Empty: made once and kept in data_dir"
    )
    secure_cookies: bool = Field(default=False, description="Set behind HTTPS")
    trusted_proxies: int = Field(
        default=0, ge=0, description="Reverse proxies in front whose X-Forwarded headers are believed"
    )
    max_body_bytes: int = Field(
        default=128 * 1024 * 1024, gt=0, description="Larger requests are refused with 413"
    )
    max_json_bytes: int = Field(default=16 * 1024 * 1024, gt=0)
    rate_limit: str = Field(default="6000 per minute", description="Requests of one key; empty turns it off")
    queue_name: str = "executions"
    lease_seconds: float = Field(
        default=15.0, gt=0, description="A silent attempt is taken away after this time"
    )
    heartbeat_seconds: float = Field(default=4.0, gt=0)
    sweep_seconds: float = Field(default=3.0, gt=0)
    max_attempts: int = Field(default=3, gt=0)
    max_run_seconds: float = Field(default=0, ge=0, description="A longer run fails; 0: no limit")
    stop_grace_seconds: float = Field(
        default=30, ge=0, description="A stopped run that goes on so long is killed"
    )
    shutdown_grace_seconds: float = Field(
        default=5, ge=0, description="So long a worker told to end lets its run go on"
    )
    deleted_retention_days: float = Field(
        default=30, ge=0, le=36_500, description="So long a deleted study case can be restored; 0: for ever"
    )
    result_cache: bool = Field(
        default=True, description="What was computed for the same inputs is not computed again"
    )
    result_cache_days: float = Field(
        default=30, ge=0, le=36_500, description="A computed result unused for so long goes; 0: never"
    )
    result_cache_bytes: int = Field(
        default=10 * 1024**3, ge=0, description="Beyond, those unused for longest go; 0: no limit"
    )
    log_level: str = "INFO"

    @model_validator(mode="after")
    def _heartbeat_fits_lease(self) -> Self:
        if self.heartbeat_seconds * 2 > self.lease_seconds:
            msg = "lease_seconds must be at least twice heartbeat_seconds"
            raise ValueError(msg)
        return self

    @property
    def resolved_database_url(self) -> str:
        """The database in use."""
        return self.database_url or f"sqlite:///{(self.data_dir / 'sostrades.sqlite3').resolve()}"

    @property
    def resolved_value_store_url(self) -> str:
        """The value store in use."""
        return self.value_store_url or f"file://{(self.data_dir / 'values').resolve()}"


def read_settings(*, env_file: Path = PROJECT_DIR / ".env") -> Settings:
    """The settings of the environment, to which the variables of ``.env`` that it lacks are added.

    They are added, not only read: child processes and libraries (those of object stores) see them too.

    Raises:
        SystemExit: A variable has a wrong value or a name that nothing reads, with one line that says which.
    """
    load_dotenv(env_file)
    prefix = Settings.model_config.get("env_prefix", "")
    fields = Settings.model_fields.items()
    known = {f"{prefix}{name}".upper() for name, field in fields if field.validation_alias is None}
    unknown = sorted(name for name in os.environ if name.startswith(prefix) and name not in known)
    if unknown:
        raise SystemExit(f"Error: nothing reads the environment variable {', '.join(unknown)}")
    try:
        return Settings()
    except ValidationError as error:
        faults = (f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors())
        raise SystemExit(f"Error: wrong settings in the environment: {'; '.join(faults)}") from None
