"""Path converters."""

from werkzeug.routing import BaseConverter

_MOST_DIGITS = 30


class UnboundedIntegerConverter(BaseConverter):
    """A whole number of ASCII digits, however many: Werkzeug's own fails on more than 4300."""

    regex = "[0-9]+"

    def to_python(self, value: str) -> int:
        """The number, or one that is as unknown and as long as any that has more than 30 digits."""
        return int(value) if len(value) <= _MOST_DIGITS else 10**_MOST_DIGITS

    def to_url(self, value: int) -> str:
        """The digits."""
        return str(value)
