"""Choices a reader can make before the charts of a discipline are drawn."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class ChartFilter:
    """One choice: which of ``values`` the reader wants to see.

    ``selected`` is what is shown until the reader chooses; it is a subset of ``values``.
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
