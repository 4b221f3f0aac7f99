"""What goes in and out of the executions of API v0, as it is published in ``/openapi.json``."""

import datetime as dt
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictFloat, StrictInt, StrictStr

from sostrades_api.api.v0.moments import Moment
from sostrades_api.models import DEFAULT_PRIORITY, MAX_PRIORITY
from sostrades_api.models.idempotent_request import KEY_LENGTH
from sostrades_api.services import execution_list, execution_log_slice
from sostrades_api.settings import STANDARD_PROFILE

State = Literal["QUEUED", "RUNNING", "SUSPENDED", "STOPPING", "FINISHED", "FAILED", "STOPPED"]
Level = Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"]
Priority = Annotated[
    StrictInt, Field(ge=0, le=MAX_PRIORITY, description="Among the executions of the same group")
]
Seconds = Annotated[StrictFloat | StrictInt, Field(gt=0, le=10**9)]


class _Query(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ExecutionPath(BaseModel):
    """Which execution."""

    execution_id: int = Field(description="Identifier of the execution", json_schema_extra={"example": 1})


class DisciplinePath(ExecutionPath):
    """Which discipline of which execution."""

    discipline: str = Field(
        description="Its full name, or its path in the study case", json_schema_extra={"example": "Sellar1"}
    )


class IdempotencyHeader(BaseModel):
    """Makes a request safe to repeat."""

    key: str | None = Field(
        None,
        alias="Idempotency-Key",
        min_length=1,
        max_length=KEY_LENGTH,
        pattern="^[!-~]+$",
        description="The same request with the same key within a day is answered, not done again",
    )


class ExecutionBody(BaseModel):
    """How it is to be run; all may be left out, and the body too."""

    model_config = ConfigDict(extra="forbid")

    priority: Priority = DEFAULT_PRIORITY
    worker_profile: StrictStr = Field(STANDARD_PROFILE, description="Which workers take it")
    deadline_seconds: Seconds | None = Field(None, description="So long an attempt may run")
    expires_at: Moment | None = Field(None, description="When it is deleted, once it has ended")


class ExecutionsQuery(_Query):
    """Which executions."""

    study_case_id: int | None = Field(None, ge=0, le=2**31 - 1)
    state: str | None = Field(
        None,
        description="One state, or several with commas between",
        json_schema_extra={"example": "QUEUED,RUNNING"},
    )
    owner: str | None = Field(None, max_length=200, description="Who requested it: a user, or group:<name>")
    worker_profile: str | None = Field(None, max_length=64)
    since: Moment | None = Field(None, description="Requested then or later")
    until: Moment | None = Field(None, description="Requested before")
    sort: str = Field(
        "-requested_at",
        description=f"One of {', '.join(execution_list.SORTABLE)}; with - before it, the largest first",
    )
    limit: int = Field(50, ge=1, le=execution_list.MOST)
    cursor: str | None = Field(None, max_length=500, description="next_cursor of the page before")


class LogQuery(_Query):
    """Which part of the log."""

    start: int = Field(0, ge=0, le=2**31 - 1, description="The first line, counted from 0")
    stop: int | None = Field(
        None,
        ge=0,
        le=2**31 - 1,
        description=f"The line before which it ends; {execution_log_slice.MOST} lines at the most",
    )
    level: Level | None = Field(None, description="Of these lines, those of this level and above")


class TailQuery(_Query):
    """How much of the end of the log."""

    lines: int = Field(100, ge=1, le=execution_log_slice.MOST)
    level: Level | None = Field(None, description="Of these lines, those of this level and above")


class ExecutionSummary(BaseModel):
    """An execution."""

    execution_id: int
    study_case_id: int
    study_case_name: str
    process: str
    state: State
    status: Literal["PENDING", "RUNNING", "FINISHED", "FAILED", "STOPPED"] = Field(
        description="As the status of the study case says it"
    )
    stopping_to: Literal["STOPPED", "SUSPENDED"] | None = Field(description="What a STOPPING one will be")
    attempt: int
    priority: int
    worker_profile: str
    deadline_seconds: float | None
    requested_by: str
    requested_at: dt.datetime
    started_at: dt.datetime | None = Field(description="Of the latest attempt")
    ended_at: dt.datetime | None
    expires_at: dt.datetime | None
    progress: float = Field(ge=0, le=1)
    converged: bool | None
    origin_id: int | None = Field(description="The execution that it repeats")
    study_revision: int = Field(description="Of the study case, whose values it runs on")


class ListedExecutions(BaseModel):
    """A page of executions."""

    executions: list[ExecutionSummary]
    next_cursor: str | None = Field(description="For the next page; null: this is the last")


class ExecutedDiscipline(BaseModel):
    """A discipline of an execution; numbers once it has ended, for who may read values."""

    discipline: str = Field(description="Full name")
    status: Literal["CONFIGURE", "PENDING", "RUNNING", "LINEARIZING", "DONE", "FAILED"]
    seconds: float | None
    share: float | None
    calls: int | None
    iterations: int | None
    reused: bool | None = Field(description="Its results were known, so it was not run")


class IteratingLoop(BaseModel):
    """The loop that iterates now."""

    disciplines: str
    iteration: int | None
    residual: float | None


class ExecutionDetail(ExecutionSummary):
    """All about one execution."""

    queue_position: int | None
    eta_seconds: float | None = Field(description="Until it ends, judged by earlier ones")
    worker: str | None
    losses: int = Field(description="Attempts whose worker died")
    usage: dict[str, Any] | None = Field(description="Processor time, cores and memory")
    loop: IteratingLoop | None
    error_message: str | None
    recompute: list[str] = Field(description="Disciplines that are run whatever is known of their inputs")
    unconverged: list[str]
    disciplines: list[ExecutedDiscipline]


class Transition(BaseModel):
    """One change of state."""

    at: dt.datetime
    from_state: State | None
    to_state: State
    reason: str
    actor: str
    attempt: int


class History(BaseModel):
    """Every change of state, the oldest first."""

    execution_id: int
    transitions: list[Transition]


class LogLine(BaseModel):
    """One line of a log."""

    index: int = Field(description="Its place in the log, counted from 0")
    at: dt.datetime
    level: str
    attempt: int
    discipline: str | None = Field(description="Path of the discipline that said it")
    message: str


class LogSlice(BaseModel):
    """Lines of a log, the oldest first."""

    start: int
    stop: int
    size: int = Field(description="Of the whole log so far")
    lines: list[LogLine]


class LogSize(BaseModel):
    """How many lines there are so far."""

    size: int


class Traceback(BaseModel):
    """Where a run failed."""

    execution_id: int
    error_message: str | None
    traceback: list[str] = Field(description="Lines; none when it has not failed, or left no traceback")
