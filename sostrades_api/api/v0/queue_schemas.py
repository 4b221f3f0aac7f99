"""What goes in and out of the routes of workers and of the queue, as it is published."""

import datetime as dt
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, RootModel, StrictStr

from sostrades_api.services.queue_autoscale import TARGET_SECONDS
from sostrades_api.services.queue_pause import REASON_LENGTH

_DAY = 86400.0


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class WorkerPath(BaseModel):
    """Which worker."""

    name: str = Field(description="Its name, as the list tells administrators", max_length=200)


class ListedWorker(BaseModel):
    """A worker."""

    state: Literal["idle", "busy", "held", "lost"] = Field(
        description="held: it takes nothing new, and may still run one; lost: silent for three heartbeats"
    )
    profiles: list[str] = Field(description="Worker profiles whose executions it takes")
    heartbeat_at: dt.datetime
    started_at: dt.datetime
    execution_id: int | None = Field(description="What it runs now")
    executed: int = Field(description="Attempts that it has run")
    held: bool
    name: str | None = Field(description="For administrators; null for others, as are the next three")
    host: str | None
    pid: int | None
    held_by: str | None


class ListedWorkers(RootModel[list[ListedWorker]]):
    """The workers, those of one host together."""


class Paused(BaseModel):
    """Nothing of the profile is taken."""

    paused_at: dt.datetime
    reason: str | None
    paused_by: str | None = Field(description="For administrators")


class ListedProfile(BaseModel):
    """A worker profile and what waits for it."""

    profile: str
    is_configured: bool = Field(description="false: the settings do not name it, no worker takes it")
    waiting: int
    runnable: int = Field(description="Of these, those whose group may run more now")
    running: int
    suspended: int
    oldest_waiting_seconds: float | None = Field(description="Of what waits longest")
    median_waiting_seconds: float | None = Field(description="Of what was claimed in the last hour")
    p95_waiting_seconds: float | None = Field(description="Of what was claimed in the last hour")
    mean_run_seconds: float | None = Field(description="Of what FINISHED or FAILED in the last hour")
    per_hour: float = Field(description="Executions that FINISHED or FAILED")
    workers: dict[str, int] = Field(description="Workers that take this profile, by state")
    pause: Paused | None


class ListedGroup(BaseModel):
    """What a group has in the queue."""

    group: str
    waiting: int
    running: int
    max_running: int | None = Field(description="So many at a time; null: no limit")


class ListedQueue(BaseModel):
    """The queue by worker profile."""

    profiles: list[ListedProfile]
    groups: list[ListedGroup] | None = Field(description="For administrators; null for others")


class PauseBody(_Strict):
    """Which queue to pause, and why."""

    worker_profile: StrictStr | None = Field(None, description="null: all", examples=["large"])
    reason: StrictStr | None = Field(
        None, max_length=REASON_LENGTH, description="Shown to all who wait", examples=["new disks"]
    )


class ResumeBody(_Strict):
    """Which queue to resume."""

    worker_profile: StrictStr | None = Field(None, description="null: all", examples=["large"])


class AutoscaleQuery(_Strict):
    """For which waiting time."""

    target_seconds: float = Field(
        TARGET_SECONDS, ge=1, le=_DAY, description="So long what waits now may wait yet"
    )


class Demand(BaseModel):
    """How many workers a profile wants."""

    wanted_workers: int = Field(
        description="running + min(runnable, ceil(runnable * mean_run_seconds / target_seconds)); "
        "while paused, running"
    )
    waiting: int
    runnable: int
    running: int
    mean_run_seconds: float | None
    workers: int = Field(description="Those that are idle or busy")
    paused: bool


class Demands(BaseModel):
    """How many workers each profile wants."""

    target_seconds: float
    profiles: dict[str, Demand]
