"""``--expires``: a time from now (``30d``) or a moment (``2030-01-31``)."""

import datetime as dt
import re

import click

from sostrades_api.models import utc_now

_UNITS = {"h": "hours", "d": "days", "w": "weeks"}
_FROM_NOW = re.compile(r"(\d{1,6})([hdw])")


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
    from_now = _FROM_NOW.fullmatch(text)
    if from_now:
        return utc_now() + dt.timedelta(**{_UNITS[from_now[2]]: int(from_now[1])})
    moment = dt.datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)


expires_option = click.option(
    "--expires",
    "expires_at",
    type=Expiry(),
    help="When it stops working: 12h, 30d, 4w from now, or the beginning (UTC) of a date. Default: never.",
)
