"""What happens in an execution, told as it happens."""

from flask import Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session

from sostrades_api.access import Actor
from sostrades_api.api.v0 import documentation as doc
from sostrades_api.api.v0.blueprint import blueprint
from sostrades_api.api.v0.execution_schemas import ExecutionPath
from sostrades_api.http.authentication import current_actor
from sostrades_api.services.api_key_find_valid import api_key_find_valid
from sostrades_api.streaming.responses import MOST_WAIT_SECONDS, Asked, events_response
from sostrades_api.streaming.sse import MEDIA_TYPE

api = blueprint("events", tag=doc.CALCULATION)


class EventsQuery(BaseModel):
    """From where on, and how."""

    model_config = ConfigDict(extra="forbid")

    after: str | None = Field(
        None, max_length=64, description="Id of the latest event you know; the header Last-Event-ID wins"
    )
    wait: int | None = Field(
        None, ge=0, le=MOST_WAIT_SECONDS, description="Answer with a list, at the latest after these seconds"
    )


class ExecutionEvent(BaseModel):
    """One event."""

    id: str
    event: str = Field(examples=["state"])
    data: dict


class ExecutionEventList(BaseModel):
    """The events that were at hand, and where to go on."""

    events: list[ExecutionEvent]
    last_event_id: str = Field(description="To be sent as `after` with the next request")


_LIST = doc.json_answer(ExecutionEventList)
_ANSWER = {
    **_LIST,
    "description": "Server-Sent Events, or a list for who accepts only JSON or sends `wait`",
    "content": {MEDIA_TYPE: {"schema": {"type": "string"}}, **_LIST["content"]},
}


@api.get(
    "/executions/<whole:execution_id>/events",
    responses={
        200: _ANSWER,
        204: {"description": "You have seen the end; nothing more will come"},
        **doc.problems(404),
    },
)
def events(path: ExecutionPath, query: EventsQuery) -> Response:
    """Follow an execution: states, disciplines, iterations, progress and log lines as they come."""
    actor = current_actor()
    key_id = actor.api_key_id

    def renew(session: Session) -> Actor | None:
        found = api_key_find_valid(session, api_key_id=key_id)
        return found.actor if found else None

    return events_response(
        path.execution_id,
        actor=actor,
        renew=renew,
        caller=f"key:{key_id}",
        asked=Asked(after=query.after, wait=query.wait),
    )
