"""Scripts and style sheets under addresses that hold their digest, so that a browser keeps them for ever."""

import functools
import gzip
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import resources

from flask import Blueprint, Response, abort, request, url_for

from sostrades_api.reporting import assets as shared

pages = Blueprint("assets", __name__)

_FOR_EVER = "public, max-age=31536000, immutable"
_SMALLEST_ZIPPED = 1024


def _own(name: str) -> str:
    return (resources.files("sostrades_api.web") / "static" / name).read_text(encoding="utf-8")


_SOURCES: Mapping[str, Callable[[], str]] = {
    "style.css": lambda: shared.joined(*shared.STYLES) + _own("pages.css"),
    "theme.js": lambda: shared.text("theme.js"),
    "plotly.js": shared.plotly_js,
    "charts.js": lambda: shared.joined(*shared.CHART_SCRIPTS),
    "study.js": lambda: "\n".join(map(_own, ("residuals.js", "listener.js", "study.js"))),
    "data.js": lambda: _own("data.js"),
    "queue.js": lambda: _own("queue.js"),
}


@dataclass(frozen=True)
class Asset:
    """A file as it is sent, plain and compressed."""

    content: bytes
    zipped: bytes
    digest: str


@functools.cache
def asset(name: str) -> Asset:
    """An asset by name, read and compressed once; ``KeyError`` when there is none."""
    content = _SOURCES[name]().encode()
    return Asset(content, gzip.compress(content, 6, mtime=0), hashlib.sha256(content).hexdigest()[:16])


@pages.app_template_global()
def asset_url(name: str) -> str:
    """The address of an asset as it is now."""
    return url_for("assets.show", digest=asset(name).digest, name=name)


@pages.app_template_global()
def map_style_id() -> str | None:
    """What keeps plotly.js from adding the styles of maps."""
    return shared.map_style_id()


@pages.get("/assets/<digest>/<name>")
def show(digest: str, name: str) -> Response:
    """Send an asset."""
    if name not in _SOURCES or digest != asset(name).digest:
        abort(404)
    found = asset(name)
    zipped = "gzip" in request.accept_encodings and len(found.content) > _SMALLEST_ZIPPED
    response = Response(
        found.zipped if zipped else found.content,
        mimetype="text/css" if name.endswith(".css") else "text/javascript",
    )
    if zipped:
        response.content_encoding = "gzip"
    response.vary.add("Accept-Encoding")
    response.headers["Cache-Control"] = _FOR_EVER
    return response
