"""What is wrong with a CSV."""

from collections.abc import Iterable

from sostrades_api.engine import InvalidValue

SHOWN_FAULTS = 5
MOST_COLUMNS = 5_000
MOST_TABLES = 1_000
MOST_TABLE_COLUMNS = 10_000
"""Columns of all tables of a dict together: each is an object of its own, however few its cells."""


class CsvError(InvalidValue):
    """{faults}"""  # noqa: D415 - the message is these faults


def size_faults(*, columns: int, tables: int = 1) -> list[str]:
    """What is too much about a value; small files could keep a server busy otherwise."""
    faults = []
    if columns > MOST_COLUMNS:
        faults.append(f"more than {MOST_COLUMNS} columns")
    if tables > MOST_TABLES:
        faults.append(f"more than {MOST_TABLES} tables")
    if tables > 1 and tables * columns > MOST_TABLE_COLUMNS:
        faults.append(f"more than {MOST_TABLE_COLUMNS} columns in all tables together")
    return faults


def listed(names: Iterable[str]) -> str:
    """The first names, and how many more there are."""
    names = list(names)
    more = len(names) - SHOWN_FAULTS
    return ", ".join(names[:SHOWN_FAULTS]) + (f" and {more} more" if more > 0 else "")


def raise_faults(faults: list[str], *, count: int | None = None) -> None:
    """Raise if there are faults, naming the first ones and how many more there are."""
    if not faults:
        return
    more = (count or len(faults)) - SHOWN_FAULTS
    shown = faults[:SHOWN_FAULTS]
    raise CsvError([*shown, f"{more} more cells or rows are wrong"] if more > 0 else shown)
