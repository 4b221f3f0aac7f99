"""What is wrong with a CSV."""

from sostrades_api.engine import InvalidValue

SHOWN_FAULTS = 5


class CsvError(InvalidValue):
    """{faults}"""  # noqa: D415 - the message is these faults


def raise_faults(faults: list[str], *, count: int | None = None) -> None:
    """Raise if there are faults, naming the first ones and how many more there are."""
    if not faults:
        return
    more = (count or len(faults)) - SHOWN_FAULTS
    shown = faults[:SHOWN_FAULTS]
    raise CsvError([*shown, f"{more} more cells or rows are wrong"] if more > 0 else shown)
