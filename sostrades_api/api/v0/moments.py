"""Moments that clients send."""

import datetime as dt
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime


def _in_utc(moment: dt.datetime) -> dt.datetime:
    try:
        return moment.astimezone(dt.UTC)
    except OverflowError:  # close to the first or the last year there is, in another zone
        msg = "must be within the years 1 to 9999, in UTC too"
        raise ValueError(msg) from None


Moment = Annotated[AwareDatetime, AfterValidator(_in_utc)]
