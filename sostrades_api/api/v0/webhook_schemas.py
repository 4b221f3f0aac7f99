"""What goes in and out of the routes of webhooks, as it is published in ``/openapi.json``."""

import datetime as dt
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, RootModel, StrictBool, StrictStr

from sostrades_api.api.v0.moments import Moment
from sostrades_api.models import MAX_ID, ExecutionState
from sostrades_api.models.webhook import URL_LENGTH

_Url = Annotated[
    StrictStr,
    Field(
        description="http or https, of a public host; without credentials",
        max_length=URL_LENGTH,
        json_schema_extra={"example": "https://hooks.example.org/sostrades"},
    ),
]
_States = Annotated[
    list[ExecutionState],
    Field(max_length=len(ExecutionState), description="Told of these; empty: of every change of state"),
]


class WebhookPath(BaseModel):
    """Which webhook."""

    webhook_id: int = Field(description="Identifier of the webhook", json_schema_extra={"example": 1})


class DeliveryPath(WebhookPath):
    """Which delivery of which webhook."""

    delivery_id: int = Field(description="Identifier of the delivery", json_schema_extra={"example": 1})


class PageQuery(BaseModel):
    """Which part of a list."""

    model_config = ConfigDict(extra="forbid")

    before: int | None = Field(None, ge=0, le=MAX_ID, description="Only those before this id: the next page")
    limit: int = Field(100, ge=1, le=1000, description="At most so many")


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class WebhookBody(_Body):
    """A new webhook."""

    url: _Url
    states: _States = []
    study_case_id: int | None = Field(
        None, strict=True, description="Only this study case; null: all that the owner may see"
    )
    group: StrictStr | None = Field(
        None, description="It belongs to this group of the caller's; null: to the caller"
    )


class WebhookChanges(_Body):
    """What to change of a webhook."""

    url: _Url | None = None
    states: _States | None = None
    is_active: StrictBool | None = Field(None, description="false: it is told nothing until it is true again")


class ReplayBody(_Body):
    """Which messages to send again."""

    since: Moment = Field(description="Those written at or after this moment")
    delivered: StrictBool = Field(default=False, description="Also those that have been delivered")


class ShownWebhook(BaseModel):
    """A webhook; its secret is shown only when it is new."""

    webhook_id: int
    url: str
    user: str | None = Field(description="The user it belongs to, or null")
    group: str | None = Field(description="The group it belongs to, or null")
    study_case_id: int | None
    states: list[ExecutionState]
    is_active: bool
    disabled_reason: str | None
    created_by: str
    created_at: dt.datetime


class NewlyShownWebhook(ShownWebhook):
    """A webhook with its new secret, which cannot be shown again."""

    secret: str = Field(description="whsec_ and base64; signs every message")


class ShownWebhooks(RootModel[list[ShownWebhook]]):
    """Webhooks, the latest first."""


class ShownDelivery(BaseModel):
    """A message to a webhook, and what became of it."""

    delivery_id: int
    message_id: str = Field(description="The same for every try")
    type: str
    status: Literal["pending", "delivered", "failed"]
    attempts: int
    created_at: dt.datetime
    next_at: dt.datetime | None = Field(description="Of the next try; null: there is none to come")
    delivered_at: dt.datetime | None
    failed_at: dt.datetime | None
    last_status: int | None = Field(description="HTTP status of the last answer; null: there was none")
    last_error: str | None
    payload: dict[str, Any]


class ShownDeliveries(RootModel[list[ShownDelivery]]):
    """Deliveries, the latest first."""


class Replayed(BaseModel):
    """How many messages are sent again."""

    replayed: int
