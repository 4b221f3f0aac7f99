"""How pages write units, moments and numbers."""

import datetime as dt

from flask import Flask

from sostrades_api.models import utc_now
from sostrades_api.reporting.unit_text import unit_text

_THIN = "\N{NARROW NO-BREAK SPACE}"
_STEPS = ((60, "just now", 1), (3600, "min ago", 60), (86400, "h ago", 3600), (14 * 86400, "d ago", 86400))


def register(app: Flask) -> None:
    """Offer these texts to templates."""
    app.jinja_env.filters.update(unit=unit_text, ago=ago, moment=moment)
    app.jinja_env.filters.update(duration=duration, lasting=lasting, percent=percent, megabytes=megabytes)
    app.jinja_env.filters.update(instant=instant)
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
    return f"{at:%-d %B %Y}"


def moment(at: dt.datetime | None) -> str:
    """Date and time in UTC."""
    return f"{at:%-d %B %Y, %H:%M} UTC" if at else "never"


def instant(at: dt.datetime | str) -> str:
    """Date and time in UTC, to the second, of a moment or its ISO text."""
    known = dt.datetime.fromisoformat(at) if isinstance(at, str) else at
    return f"{known:%-d %B %Y, %H:%M:%S} UTC"


def span(start: dt.datetime | None, end: dt.datetime | None) -> str | None:
    """How long something took, or has taken so far; None before it has begun. As study.js writes it."""
    if start is None:
        return None
    seconds = max(0.0, ((end or utc_now()) - start).total_seconds())
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def duration(seconds: float) -> str:
    """A time in three digits."""
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= size:
            number = seconds / size
            return f"{number:,.0f}{_THIN}{unit}" if number >= 100 else f"{number:.3g}{_THIN}{unit}"
    return f"{seconds * 1e6:.3g}{_THIN}\N{MICRO SIGN}s"


def lasting(seconds: float) -> str:
    """A time that people wait, in few digits."""
    for unit, size in (("h", 3600.0), ("min", 60.0)):
        if seconds >= 2 * size:
            number = seconds / size
            return f"{number:.1f}{_THIN}{unit}" if number < 10 else f"{number:,.0f}{_THIN}{unit}"
    return duration(seconds) if seconds > 0 else f"0{_THIN}s"


def percent(share: float) -> str:
    """A share; what is small is not shown as nothing."""
    if 0.0 < share < 0.001:
        return f"<{_THIN}0.1{_THIN}%"
    return f"{100 * share:.1f}{_THIN}%"


def megabytes(size: int) -> str:
    """A size of memory."""
    return f"{size / 1e9:.2f}{_THIN}GB" if size >= 1e9 else f"{size / 1e6:.0f}{_THIN}MB"
