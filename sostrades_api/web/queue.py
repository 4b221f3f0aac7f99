"""Workers and queue at a glance; administrators hold workers and pause the queue here."""

from collections.abc import Callable, Mapping

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from sostrades_api.access import Permission
from sostrades_api.access.actor import may_administer
from sostrades_api.errors import DomainError
from sostrades_api.models import db
from sostrades_api.platform import current_platform
from sostrades_api.services.execution_get import execution_get
from sostrades_api.services.queue_autoscale import queue_autoscale
from sostrades_api.services.queue_pause import REASON_LENGTH, queue_pause, queue_resume
from sostrades_api.services.queue_read import queue_read
from sostrades_api.services.worker_hold import worker_hold, worker_release
from sostrades_api.services.worker_list import WorkerShown, worker_list
from sostrades_api.web.signed_in import actor, guarded

pages = guarded("queue", __name__)


@pages.get("/queue")
def show() -> str:
    """What waits, what runs and who runs it."""
    return render_template("queue.html", **_context())


@pages.get("/queue/now")
def now() -> str:
    """The same as a part of the page, asked for again and again."""
    return render_template("_queue.html", **_context())


@pages.post("/queue/pause")
def pause() -> Response:
    """Pause a worker profile, or all."""
    profile, reason = request.form.get("worker_profile") or None, request.form.get("reason", "").strip()
    return _done(
        lambda: queue_pause(
            db.session(),
            actor=actor(),
            settings=current_platform().settings,
            worker_profile=profile,
            reason=reason or None,
        )
    )


@pages.post("/queue/resume")
def resume() -> Response:
    """Go on with a worker profile, or with all."""
    platform, profile = current_platform(), request.form.get("worker_profile") or None
    return _done(
        lambda: queue_resume(
            db.session(),
            actor=actor(),
            settings=platform.settings,
            queue=platform.queue,
            worker_profile=profile,
        )
    )


@pages.post("/workers/<name>/hold")
def hold(name: str) -> Response:
    """Let a worker take nothing new."""
    return _done(lambda: worker_hold(db.session(), name, actor=actor()))


@pages.post("/workers/<name>/release")
def release(name: str) -> Response:
    """Let it take executions again."""
    return _done(lambda: worker_release(db.session(), name, actor=actor()))


def _done(change: Callable[[], object]) -> Response:
    try:
        change()
    except DomainError as error:
        flash(error.detail, "bad")
    return redirect(url_for("queue.show"))


def _context() -> dict[str, object]:
    settings = current_platform().settings
    workers = worker_list(db.session(), actor=actor(), silence_seconds=settings.worker_silence_seconds)
    return {
        "queue": queue_read(db.session(), actor=actor(), settings=settings),
        "wanted": queue_autoscale(db.session(), actor=actor(), settings=settings),
        "workers": workers,
        "studies": _studies(workers),
        "may_change": may_administer(actor()),
        "reason_length": REASON_LENGTH,
    }


def _studies(workers: list[WorkerShown]) -> Mapping[int, int]:
    """The study case of each execution that runs, as far as the actor may see it."""
    found = {}
    for worker in workers:
        if worker.execution_id is not None:
            try:
                execution = execution_get(
                    db.session(), worker.execution_id, actor=actor(), permission=Permission.VIEW
                )
            except DomainError:
                continue
            found[worker.execution_id] = execution.study_case_id
    return found
