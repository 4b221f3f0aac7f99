"""Moments that clients send."""

import datetime as dt
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BeforeValidator


def _as_text(value: object) -> object:
    """Refuse numbers, which pydantic takes for seconds since 1970: who sends 30 means days."""
    if isinstance(value, str) and "-" in value[1:]:
        return value
    msg = "must be a date and time with its zone, such as 2030-01-31T00:00:00Z"
    raise ValueError(msg)


def _in_utc(moment: dt.datetime) -> dt.datetime:
    try:
        return moment.astimezone(dt.UTC)
    except OverflowError:  # close to the first or the last year there is, in another zone
        msg = "must be within the years 1 to 9999, in UTC too"
        raise ValueError(msg) from None


Moment = Annotated[AwareDatetime, BeforeValidator(_as_text), AfterValidator(_in_utc)]
