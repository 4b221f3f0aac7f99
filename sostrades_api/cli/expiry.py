"""Times: an age (``1d``), or when something expires: from now (``30d``) or at a moment (``2030-01-31``)."""

import datetime as dt
import re

import click

from sostrades_api.models import utc_now

_UNITS = {"h": "hours", "d": "days", "w": "weeks"}
_OLDEST = dt.timedelta(days=365_250)  # now less an age has to be a date
_SPAN = re.compile(r"(\d{1,6})([hdw])")


class Age(click.ParamType):
    """Hours, days or weeks."""

    name = "1d"

    def convert(
        self, value: str | dt.timedelta, param: click.Parameter | None, ctx: click.Context | None
    ) -> dt.timedelta:
        """A span of time."""
        span = value if isinstance(value, dt.timedelta) else _span(value.strip())
        if span is None:
            self.fail(f"'{value}' is no age: use hours, days or weeks like 12h, 1d, 4w", param, ctx)
        if span > _OLDEST:
            self.fail(f"'{value}' is before anything here began: an age has at most 1,000 years", param, ctx)
        return span


class Expiry(click.ParamType):
    """Hours, days or weeks from now, or an ISO date or date and time (UTC unless it says otherwise)."""

    name = "30d|date"

    def convert(
        self, value: str | dt.datetime, param: click.Parameter | None, ctx: click.Context | None
    ) -> dt.datetime:
        """An aware datetime."""
        if isinstance(value, dt.datetime):
            return value
        try:
            return _parse(value.strip())
        except (ValueError, OverflowError):
            hint = "use hours, days or weeks like 12h, 30d, 4w, or a date like 2030-01-31"
            self.fail(f"'{value}' is no time to expire: {hint}", param, ctx)


def _parse(text: str) -> dt.datetime:
    from_now = _span(text)
    if from_now is not None:
        return utc_now() + from_now
    moment = dt.datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)).astimezone(dt.UTC)


def _span(text: str) -> dt.timedelta | None:
    found = _SPAN.fullmatch(text)
    return dt.timedelta(**{_UNITS[found[2]]: int(found[1])}) if found else None


expires_option = click.option(
    "--expires",
    "expires_at",
    type=Expiry(),
    help="When it stops working: 12h, 30d, 4w from now, or the beginning (UTC) of a date. Default: never.",
)
