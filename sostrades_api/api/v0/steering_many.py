"""Steer several executions with one request, each in a transaction of its own."""

from collections.abc import Callable, Collection
from functools import partial
from typing import Any

from flask import Response, jsonify
from flask_openapi3.types import ResponseDict
from pydantic import BaseModel

from sostrades_api.access import Permission
from sostrades_api.api.v0 import documentation as doc
from sostrades_api.api.v0 import steering_verbs as verbs
from sostrades_api.api.v0.access import session, study_for
from sostrades_api.api.v0.blueprint import blueprint
from sostrades_api.api.v0.requests import body_as
from sostrades_api.api.v0.steering_schemas import (
    ChosenExecutions,
    DeadlineMany,
    ExpiryMany,
    PriorityMany,
    RecomputeMany,
    SteeredExecutions,
    StopMany,
)
from sostrades_api.http.authentication import current_actor
from sostrades_api.http.problems import described
from sostrades_api.models import ACTIVE_STATES, FINAL_STATES, Execution, ExecutionState
from sostrades_api.services.execution_choose import Chosen, Outcome, execution_choose, execution_each
from sostrades_api.services.execution_summary import execution_summary

api = blueprint("steering_many", tag=doc.EXECUTIONS)

_ANSWER: ResponseDict = {200: doc.json_answer(SteeredExecutions), **doc.problems(400, 404, 413, 415)}


def _documented(model: type[BaseModel]) -> dict[str, Any]:
    return {"responses": _ANSWER, "openapi_extensions": doc.json_body(model)}


@api.post("/executions/stop", **_documented(StopMany))
def stop() -> Response:
    """Stop executions."""
    body = body_as(StopMany)
    return _each(body, partial(verbs.stop, force=body.force), states=ACTIVE_STATES)


@api.post("/executions/suspend", **_documented(ChosenExecutions))
def suspend() -> Response:
    """Suspend executions."""
    return _each(body_as(ChosenExecutions), verbs.suspend, states=ACTIVE_STATES)


@api.post("/executions/resume", **_documented(ChosenExecutions))
def resume() -> Response:
    """Resume suspended executions."""
    return _each(body_as(ChosenExecutions), verbs.resume, states={ExecutionState.SUSPENDED})


@api.post("/executions/recompute", **_documented(RecomputeMany))
def recompute() -> Response:
    """Repeat executions from a discipline on."""
    body = body_as(RecomputeMany)
    return _each(body, partial(verbs.recompute, discipline=body.discipline), states=FINAL_STATES)


@api.post("/executions/resubmit", **_documented(ChosenExecutions))
def resubmit() -> Response:
    """Repeat executions on the values they ran on; one of each study case, as only one can be active."""
    return _each(body_as(ChosenExecutions), verbs.resubmit, states=FINAL_STATES)


@api.put("/executions/priority", **_documented(PriorityMany))
def priority() -> Response:
    """Set the priority of executions."""
    body = body_as(PriorityMany)
    return _each(body, partial(verbs.set_priority, priority=body.priority), states=ACTIVE_STATES)


@api.put("/executions/deadline", **_documented(DeadlineMany))
def deadline() -> Response:
    """Set how long the attempts of executions may run."""
    body = body_as(DeadlineMany)
    return _each(body, partial(verbs.set_deadline, seconds=body.seconds), states=ACTIVE_STATES)


@api.put("/executions/expires", **_documented(ExpiryMany))
def expires() -> Response:
    """Set when executions are deleted, once they have ended."""
    body = body_as(ExpiryMany)
    return _each(body, partial(verbs.set_expiry, at=body.moment), states=ExecutionState)


@api.post("/executions/delete", **_documented(ChosenExecutions))
def delete() -> Response:
    """Delete executions that have ended."""
    return _each(body_as(ChosenExecutions), verbs.delete, states=FINAL_STATES)


def _each(
    body: ChosenExecutions, do: Callable[[int], Execution | None], *, states: Collection[ExecutionState]
) -> Response:
    """Do it with each, and say what became of it; ``states`` are those that a filter without any means."""
    chosen = _chosen(body, states=states)

    def tell(execution_id: int) -> dict[str, Any] | None:
        execution = do(execution_id)
        return None if execution is None else execution_summary(execution, study=execution.study_case)

    outcomes = execution_each(session(), chosen.ids, do=tell)
    items = [_item(outcome) for outcome in outcomes]
    done = sum(item["problem"] is None for item in items)
    response = jsonify(items=items, done=done, more=chosen.more)
    response.headers["Cache-Control"] = "no-store"
    return response


def _chosen(body: ChosenExecutions, *, states: Collection[ExecutionState]) -> Chosen:
    if body.ids is not None:
        return Chosen(body.ids)
    if body.study_case_id is not None:
        study_for(Permission.VIEW, body.study_case_id)
    return execution_choose(
        session(), actor=current_actor(), states=body.states or states, study_case_id=body.study_case_id
    )


def _item(outcome: Outcome) -> dict[str, Any]:
    problem = None if outcome.refused is None else described(outcome.refused)
    summary: Any = outcome.done
    return {
        "id": outcome.execution_id,
        "state": summary and summary["state"],
        "execution": summary,
        "problem": problem,
    }
