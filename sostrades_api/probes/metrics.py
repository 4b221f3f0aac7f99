"""``/metrics``: figures for Prometheus, for whom the settings allow it."""

import hmac
import ipaddress
from http import HTTPStatus

from flask import Flask, Response, abort, request
from sqlalchemy import Engine

from sostrades_api.errors import AuthenticationError, ForbiddenError
from sostrades_api.http.authentication import bearer_key
from sostrades_api.settings import Settings

_FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Real-IP", "Via")


def register(app: Flask, *, settings: Settings, engine: Engine) -> None:
    """Add the route; nothing is counted, nor prometheus_client imported, where it is off."""
    if settings.metrics == "off":
        app.add_url_rule("/metrics", "metrics", lambda: abort(HTTPStatus.NOT_FOUND))
        return
    # Not a tenth of a second, but for nothing where it is off, as in commands and workers.
    from prometheus_client import CONTENT_TYPE_LATEST, generate_latest  # noqa: PLC0415

    from sostrades_api.probes import request_metrics  # noqa: PLC0415
    from sostrades_api.probes.platform_metrics import PlatformMetrics  # noqa: PLC0415
    from sostrades_api.probes.shared_figures import SharedFigures, folder_of_server  # noqa: PLC0415

    folder = folder_of_server(settings.data_dir)
    figures = SharedFigures(folder)
    request_metrics.register(app, figures=figures, engine=engine)
    collector = PlatformMetrics(figures, folder=folder, engine=engine, settings=settings)

    def metrics() -> Response:
        _require_allowed(settings)
        # Its second argument of old: anything that collects.
        return Response(generate_latest(collector), content_type=CONTENT_TYPE_LATEST)  # type: ignore[arg-type]

    app.add_url_rule("/metrics", "metrics", metrics)


def _require_allowed(settings: Settings) -> None:
    if settings.metrics == "token":
        key = bearer_key(request.headers.get("Authorization"))
        if not hmac.compare_digest(key.encode(), settings.metrics_token.encode()):
            raise AuthenticationError
    elif not _is_from_here():
        msg = "Figures are told to this machine only"
        raise ForbiddenError(msg)


def _is_from_here() -> bool:
    """Straight from this machine: a proxy on it speaks for others."""
    if any(name in request.headers for name in _FORWARDED):
        return False
    try:
        return ipaddress.ip_address(request.remote_addr or "").is_loopback
    except ValueError:
        return False
