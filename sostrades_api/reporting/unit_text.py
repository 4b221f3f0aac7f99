"""Units as readers write them."""

import re

_POWER = re.compile(r"(?:\*\*|\^)(-?\d+)")
_SUPERSCRIPTS = str.maketrans(
    "-0123456789", "\u207b\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079"
)
_NAMES = (("delta_degC", "\u00b0C"), ("degC", "\u00b0C"), ("degF", "\u00b0F"))


def unit_text(unit: str | None) -> str:
    """``W/m**2`` as W/m\u00b2, ``degC`` as \u00b0C; nothing for None."""
    text = unit or ""
    for name, sign in _NAMES:
        text = text.replace(name, sign)
    return _POWER.sub(lambda power: power[1].translate(_SUPERSCRIPTS), text)
