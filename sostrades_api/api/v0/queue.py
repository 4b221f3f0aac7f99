"""The queue: what waits, how long, how many workers that wants; pausing it."""

from dataclasses import asdict

from flask import Response, jsonify

from sostrades_api.api.v0 import documentation as doc
from sostrades_api.api.v0.access import session
from sostrades_api.api.v0.blueprint import blueprint
from sostrades_api.api.v0.queue_schemas import AutoscaleQuery, Demands, ListedQueue, PauseBody, ResumeBody
from sostrades_api.api.v0.requests import body_as
from sostrades_api.http.authentication import current_actor
from sostrades_api.platform import current_platform
from sostrades_api.services.queue_autoscale import queue_autoscale
from sostrades_api.services.queue_pause import queue_pause, queue_resume
from sostrades_api.services.queue_read import ProfileQueue, queue_read

api = blueprint("queue", tag=doc.WORKERS)

_QUEUE = doc.json_answer(ListedQueue)
_CHANGED = {200: _QUEUE, **doc.problems(400, 403, 409, 413, 415)}


@api.get("/queue", responses={200: _QUEUE, **doc.problems()})
def read() -> Response:
    """Tell what waits and what runs, by worker profile; by group for administrators."""
    return _queue()


@api.put("/queue/pause", responses=_CHANGED, openapi_extensions=doc.json_body(PauseBody))
def pause() -> Response:
    """Take nothing of a worker profile, or of all, until it is resumed; for administrators."""
    body, settings = body_as(PauseBody), current_platform().settings
    queue_pause(
        session(),
        actor=current_actor(),
        settings=settings,
        worker_profile=body.worker_profile,
        reason=body.reason,
    )
    return _queue()


@api.put("/queue/resume", responses=_CHANGED, openapi_extensions=doc.json_body(ResumeBody))
def resume() -> Response:
    """Go on with a worker profile, or with all; for administrators."""
    body, platform = body_as(ResumeBody), current_platform()
    queue_resume(
        session(),
        actor=current_actor(),
        settings=platform.settings,
        queue=platform.queue,
        worker_profile=body.worker_profile,
    )
    return _queue()


@api.get("/queue/autoscaling", responses={200: doc.json_answer(Demands), **doc.problems()})
def autoscaling(query: AutoscaleQuery) -> Response:
    """Tell how many workers each profile wants, for what starts and ends them."""
    target = query.target_seconds
    demands = queue_autoscale(
        session(), actor=current_actor(), settings=current_platform().settings, target_seconds=target
    )
    profiles = {name: asdict(demand) for name, demand in demands.items()}
    return _fresh({"target_seconds": target, "profiles": profiles})


def _queue() -> Response:
    queue = queue_read(session(), actor=current_actor(), settings=current_platform().settings)
    groups = None if queue.groups is None else [asdict(group) for group in queue.groups]
    return _fresh({"profiles": [_profile(found) for found in queue.profiles], "groups": groups})


def _profile(found: ProfileQueue) -> dict[str, object]:
    shown = asdict(found)
    history = shown.pop("history")
    pause = shown["pause"] and {**shown["pause"], "paused_at": shown["pause"]["paused_at"].isoformat()}
    return {**shown, **history, "pause": pause}


def _fresh(content: object) -> Response:
    response = jsonify(content)
    response.headers["Cache-Control"] = "no-store"
    return response
