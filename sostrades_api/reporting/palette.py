"""The colours of series.

Each has a contrast of at least 3 to 1 against the light and the dark page (WCAG 2.2, 1.4.11), and they stay
apart for readers with deuteranopia or protanopia; ``tests/reporting/test_palette.py`` measures both.
"""

LIGHT_BACKGROUND = "#ffffff"
DARK_BACKGROUND = "#12161d"

SERIES_COLOURS = (
    "#2a77cf",
    "#da6c2a",
    "#40a377",
    "#cf1498",
    "#8240e5",
    "#985656",
    "#ae82b9",
    "#cf1414",
)
_DASHES = ("solid", "dash", "dot", "dashdot")


def colour(index: int) -> str:
    """Colour of the series with this rank."""
    return SERIES_COLOURS[index % len(SERIES_COLOURS)]


def dash(index: int) -> str:
    """Dash pattern that tells a series from the earlier one of the same colour."""
    return _DASHES[(index // len(SERIES_COLOURS)) % len(_DASHES)]


def translucent(hexadecimal: str, opacity: float) -> str:
    """The same colour, seen through."""
    red, green, blue = (int(hexadecimal[start : start + 2], 16) for start in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity:g})"
