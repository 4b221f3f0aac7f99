"""Settings, read once from environment and ``.env``; frozen, unknown keys refused (docs/configuration.md)."""

import os
import re
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Literal, Self

from dotenv import load_dotenv
from pydantic import BaseModel, ByteSize, ConfigDict, Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

PROJECT_DIR = Path(__file__).resolve().parent.parent
_UNGUESSABLE = r"[!-~]{16,}"
STANDARD_PROFILE = "standard"  # the worker profile that is always there


class WorkerProfile(BaseModel):
    """What a run of this profile may take, and the queue where it waits.

    Attributes:
        cpu: threads of linear algebra that a run may use.
        memory: bytes that a run may allocate; None: no limit. ``"4GiB"`` is understood.
        queue: name of the RQ queue; empty: made of the profile's name.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    cpu: int = Field(default=1, ge=1, le=1024)
    memory: ByteSize | None = Field(default=None, ge=64 * 1024 * 1024)
    queue: str = Field(default="", max_length=64, pattern=r"^[A-Za-z0-9._-]*$")


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
    max_listeners: int = Field(
        default=2000, gt=0, description="Clients that listen to events of executions, of one web process"
    )
    max_listeners_per_caller: int = Field(default=200, gt=0, description="Of one key or browser session")
    queue_name: str = "executions"
    worker_profiles: dict[str, WorkerProfile] = Field(
        default_factory=dict,
        validate_default=True,
        description='JSON, for instance {"large": {"cpu": 4, "memory": "16GiB", "queue": "large"}}',
    )
    lease_seconds: float = Field(
        default=10.0, gt=0, description="A silent attempt is taken away after this time"
    )
    heartbeat_seconds: float = Field(default=3.0, gt=0)
    sweep_seconds: float = Field(default=3.0, gt=0)
    max_attempts: int = Field(default=3, gt=0)
    runs_per_process: int = Field(
        default=50, ge=1, description="Quick runs of one group and process that share a process; 1: none do"
    )
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
    webhook_private_addresses: str = Field(
        default="", description="1, or networks with commas between: webhooks may lead there too"
    )
    webhook_timeout_seconds: float = Field(
        default=10, gt=0, le=120, description="So long a receiver of a webhook may take"
    )
    webhooks_per_owner: int = Field(default=20, ge=0, le=1000)
    webhook_retention_days: float = Field(
        default=30, gt=0, le=36_500, description="Deliveries are forgotten after this time"
    )
    blob_cache_bytes: int = Field(
        default=2 * 1024**3, ge=0, description="Of this host's disk, for values that are stored elsewhere"
    )
    log_level: str = "INFO"
    metrics: Literal["off", "loopback", "token"] = Field(
        default="off", description="Who may read /metrics: nobody, this machine, who has metrics_token"
    )
    metrics_token: str = ""
    log_format: Literal["json", "text"] = Field(default="json", description="Of each line of the log")

    @field_validator("webhook_private_addresses")
    @classmethod
    def _networks_are_networks(cls, text: str) -> str:
        parse_networks(text)
        return text

    @field_validator("worker_profiles")
    @classmethod
    def _standard_is_there(cls, profiles: dict[str, WorkerProfile]) -> dict[str, WorkerProfile]:
        for name in profiles:
            if not re.fullmatch(r"[A-Za-z0-9._-]{1,64}", name):
                msg = f"{name!r} is no name of a profile: 1 to 64 letters, digits, '.', '_' or '-'"
                raise ValueError(msg)
        return {STANDARD_PROFILE: WorkerProfile(), **profiles}

    @model_validator(mode="after")
    def _metrics_have_a_token(self) -> Self:
        if self.metrics == "token" and not re.fullmatch(_UNGUESSABLE, self.metrics_token):
            msg = "metrics=token needs a metrics_token of 16 characters or more, without blanks"
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _heartbeat_fits_lease(self) -> Self:
        if self.heartbeat_seconds * 2 > self.lease_seconds:
            msg = "lease_seconds must be at least twice heartbeat_seconds"
            raise ValueError(msg)
        return self

    @property
    def worker_silence_seconds(self) -> float:
        """A worker that said nothing for so long is lost; while it waits it speaks once a second at most."""
        return 3 * max(self.heartbeat_seconds, 1.0)

    @property
    def profile_queues(self) -> dict[str, str]:
        """The RQ queue of each worker profile."""
        named = {name: profile.queue for name, profile in self.worker_profiles.items()}
        return {
            name: queue or (self.queue_name if name == STANDARD_PROFILE else f"{self.queue_name}-{name}")
            for name, queue in named.items()
        }

    @property
    def webhook_networks(self) -> tuple[IPv4Network | IPv6Network, ...]:
        """Beside the public addresses, those to which webhooks may lead."""
        return parse_networks(self.webhook_private_addresses)

    @property
    def resolved_database_url(self) -> str:
        """The database in use."""
        return self.database_url or f"sqlite:///{(self.data_dir / 'sostrades.sqlite3').resolve()}"

    @property
    def resolved_value_store_url(self) -> str:
        """The value store in use."""
        return self.value_store_url or f"file://{(self.data_dir / 'values').resolve()}"


def parse_networks(text: str) -> tuple[IPv4Network | IPv6Network, ...]:
    """Networks with commas between; ``1`` stands for all, an empty text and ``0`` for none.

    Raises:
        ValueError: something in it is no network.
    """
    if text.strip() in {"", "0"}:
        return ()
    listed = "0.0.0.0/0, ::/0" if text.strip() == "1" else text
    return tuple(ip_network(part.strip()) for part in listed.split(","))


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
    except SettingsError as error:  # no JSON where JSON is wanted
        raise SystemExit(f"Error: wrong settings in the environment: {error}") from None
    except ValidationError as error:
        faults = (f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors())
        raise SystemExit(f"Error: wrong settings in the environment: {'; '.join(faults)}") from None
