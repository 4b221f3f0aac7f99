"""How pages write units, moments and numbers."""

import datetime as dt

from flask import Flask

from sostrades_api.models import utc_now
from sostrades_api.reporting.unit_text import unit_text

_STEPS = ((60, "just now", 1), (3600, "min ago", 60), (86400, "h ago", 3600), (14 * 86400, "d ago", 86400))


def register(app: Flask) -> None:
    """Offer these texts to templates."""
    app.jinja_env.filters.update(unit=unit_text, ago=ago, moment=moment)
    app.jinja_env.globals.update(status_text=status_text)
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True


def status_text(status: str, *, converged: bool | None) -> str:
    """A status as pages show it: accepted results that are no solution say so."""
    return f"{status}, not converged" if converged is False else status


def ago(at: dt.datetime | None) -> str:
    """How long ago, in a few letters; the date when it is long ago."""
    if at is None:
        return "never"
    seconds = (utc_now() - at).total_seconds()
    for limit, text, size in _STEPS:
        if seconds < limit:
            return text if size == 1 else f"{int(seconds // size)} {text}"
    return f"{at:%-d %b %Y}"


def moment(at: dt.datetime | None) -> str:
    """Date and time in UTC."""
    return f"{at:%-d %B %Y, %H:%M} UTC" if at else "never"
