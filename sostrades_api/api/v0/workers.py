"""The workers: what they do, and holding one of them."""

from dataclasses import asdict

from flask import Response, jsonify

from sostrades_api.api.v0 import documentation as doc
from sostrades_api.api.v0.access import session
from sostrades_api.api.v0.blueprint import blueprint
from sostrades_api.api.v0.queue_schemas import ListedWorker, ListedWorkers, WorkerPath
from sostrades_api.http.authentication import current_actor
from sostrades_api.models import WorkerProcess
from sostrades_api.platform import current_platform
from sostrades_api.services.worker_hold import worker_hold, worker_release
from sostrades_api.services.worker_list import WorkerShown, worker_list, worker_shown

api = blueprint("workers", tag=doc.WORKERS)

_CHANGED = {200: doc.json_answer(ListedWorker), **doc.problems(403, 404)}


@api.get("/workers", responses={200: doc.json_answer(ListedWorkers), **doc.problems()})
def find() -> Response:
    """List the workers; who they are and where they run is for administrators."""
    settings = current_platform().settings
    found = worker_list(session(), actor=current_actor(), silence_seconds=settings.worker_silence_seconds)
    return _fresh([_presented(worker) for worker in found])


@api.put("/workers/<name>/hold", responses=_CHANGED)
def hold(path: WorkerPath) -> Response:
    """Let a worker finish what it runs and take nothing new; for administrators."""
    return _one(worker_hold(session(), path.name, actor=current_actor()))


@api.put("/workers/<name>/release", responses=_CHANGED)
def release(path: WorkerPath) -> Response:
    """Let a worker that was held take executions again; for administrators."""
    return _one(worker_release(session(), path.name, actor=current_actor()))


def _one(worker: WorkerProcess) -> Response:
    silence = current_platform().settings.worker_silence_seconds
    shown = worker_shown(session(), worker, actor=current_actor(), silence_seconds=silence)
    return _fresh(_presented(shown))


def _presented(worker: WorkerShown) -> dict[str, object]:
    moments = {name: getattr(worker, name).isoformat() for name in ("heartbeat_at", "started_at")}
    return {**asdict(worker), **moments}


def _fresh(content: object) -> Response:
    response = jsonify(content)
    response.headers["Cache-Control"] = "no-store"
    return response
