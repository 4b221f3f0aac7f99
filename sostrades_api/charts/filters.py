"""Choices a reader can make before the charts of a discipline are drawn."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class ChartFilter:
    """One choice: which of ``values`` the reader wants to see.

    ``selected`` is what is shown until the reader chooses; it is a subset of ``values``. Left empty, it
    is every value, or the first one where only one may be chosen.
    """

    key: str
    name: str
    values: tuple[str, ...]
    selected: tuple[str, ...] = ()
    multiple: bool = True

    def __post_init__(self) -> None:
        unknown = set(self.selected) - set(self.values)
        if unknown:
            msg = f"filter {self.key!r} selects {sorted(unknown)}, which are not among its values"
            raise ValueError(msg)

    @property
    def default(self) -> tuple[str, ...]:
        """What is shown until the reader chooses."""
        return self.selected or (self.values if self.multiple else self.values[:1])

    def chosen(self, wanted: Iterable[str]) -> tuple[str, ...]:
        """Those of ``wanted`` that exist, in the order of ``values``; one only where one may be chosen."""
        asked = set(wanted)
        known = tuple(value for value in self.values if value in asked)
        return known if self.multiple else known[:1]
