"""What goes in and out of the routes that steer executions."""

import datetime as dt
from typing import Annotated, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, StrictInt, StrictStr
from pydantic import model_validator as checked

from sostrades_api.api.v0.execution_schemas import ExecutionSummary, Priority
from sostrades_api.models import ExecutionState, utc_now
from sostrades_api.models.study_case import NAME_LENGTH, VARIABLE_NAME_LENGTH
from sostrades_api.services.execution_choose import MOST_AT_ONCE
from sostrades_api.services.execution_set_deadline import MAX_DEADLINE_SECONDS

_MOST_DAYS = 36_500


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class StopQuery(_Strict):
    """How to stop."""

    force: bool = Field(
        default=False, description="1: the process is ended whatever it does; finished disciplines stay known"
    )


class RecomputeQuery(_Strict):
    """From where on."""

    discipline: str = Field(
        alias="from",
        min_length=1,
        max_length=NAME_LENGTH + VARIABLE_NAME_LENGTH,
        description="Full name of a discipline, as the status has it; it and all that depends on it is run",
    )


class PriorityBody(_Strict):
    """A priority among the executions of the same group."""

    priority: Priority


class DeadlineBody(_Strict):
    """How long an attempt may run."""

    seconds: Annotated[float, Field(gt=0, le=MAX_DEADLINE_SECONDS, strict=True)] | None = Field(
        description="From the start of an attempt, which fails then; null: as the platform says"
    )


def _moment(value: object) -> dt.datetime | None:
    if value is None:
        return None
    try:
        moment = dt.datetime.fromisoformat(value if isinstance(value, str) else "")
        return (moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)).astimezone(dt.UTC)
    except (ValueError, OverflowError):
        msg = "must be an ISO 8601 date, or date and time, or null"
        raise ValueError(msg) from None


class ExpiryBody(_Strict):
    """When an execution is deleted, once it has ended: at a moment, after some days, or never."""

    at: Annotated[dt.datetime | None, BeforeValidator(_moment)] = Field(
        None, description="ISO 8601, UTC unless it says otherwise; null: never"
    )
    in_days: Annotated[float, Field(gt=0, le=_MOST_DAYS, strict=True)] | None = Field(
        None, description="From now"
    )

    @checked(mode="after")
    def _one_of_both(self) -> Self:
        if len(self.model_fields_set & {"at", "in_days"}) != 1 or (
            "in_days" in self.model_fields_set and self.in_days is None
        ):
            msg = "give either at or in_days"
            raise ValueError(msg)
        return self

    @property
    def moment(self) -> dt.datetime | None:
        """What it comes to."""
        return self.at if self.in_days is None else utc_now() + dt.timedelta(days=self.in_days)


class ChosenExecutions(_Strict):
    """Several executions: by number, or all of a study case, or all that you see, in some states."""

    ids: list[StrictInt] | None = Field(None, min_length=1, max_length=MOST_AT_ONCE)
    study_case_id: StrictInt | None = Field(None, description="Those of this study case")
    states: list[ExecutionState] | None = Field(
        None, min_length=1, description="Those in one of these states; else in all that may make sense"
    )

    @checked(mode="after")
    def _one_of_both(self) -> Self:
        filtered = self.study_case_id is not None or self.states is not None
        if (self.ids is not None) is filtered:
            msg = "give either ids, or study_case_id and states or one of them"
            raise ValueError(msg)
        return self


class StopMany(ChosenExecutions):
    """Executions to stop."""

    force: StrictBool = Field(default=False, description="End their processes whatever they do")


class RecomputeMany(ChosenExecutions):
    """Executions to repeat from a discipline on."""

    discipline: StrictStr = Field(
        alias="from", min_length=1, max_length=NAME_LENGTH + VARIABLE_NAME_LENGTH, description="Its full name"
    )


class PriorityMany(PriorityBody, ChosenExecutions):
    """Executions, and the priority that they get."""


class DeadlineMany(DeadlineBody, ChosenExecutions):
    """Executions, and how long their attempts may run."""


class ExpiryMany(ExpiryBody, ChosenExecutions):
    """Executions, and when they are deleted."""


class Refusal(BaseModel):
    """Why one of several was refused: an RFC 9457 problem."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    detail: str


class SteeredItem(BaseModel):
    """What became of one of several executions."""

    id: int
    state: ExecutionState | None = Field(description="As it is now; null: it was refused, or deleted")
    execution: ExecutionSummary | None = Field(description="A repeated one is the new one")
    problem: Refusal | None


class SteeredExecutions(BaseModel):
    """What became of each of several executions; that one was refused stopped no other."""

    items: list[SteeredItem]
    done: int = Field(description="How many were not refused")
    more: bool = Field(description="Whether more fit the filter than were taken at once")
