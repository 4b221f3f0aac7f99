"""Series over the periods of DICE-2016R: one row a five-year period, in tables with a column ``year``."""

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd

FIRST_YEAR = 2015
YEARS_A_PERIOD = 5

Values = np.ndarray


def periods_to(year_end: int) -> Values:
    """Years 2015, 2020, ... ``year_end``; raises ValueError if that is not the start of a period."""
    if year_end <= FIRST_YEAR or (year_end - FIRST_YEAR) % YEARS_A_PERIOD:
        msg = (
            f"the last year is {year_end}, but periods start in {FIRST_YEAR} and last {YEARS_A_PERIOD} years"
        )
        raise ValueError(msg)
    return np.arange(FIRST_YEAR, year_end + 1, YEARS_A_PERIOD)


def years_of(table: pd.DataFrame) -> Values:
    """Column ``year`` of a table."""
    return table["year"].to_numpy()


def period_of(years: Values) -> Values:
    """0 for 2015, 1 for 2020, ..."""
    return (years - FIRST_YEAR) // YEARS_A_PERIOD


def column(table: pd.DataFrame, name: str, years: Values) -> Values:
    """Values of ``name`` in these years; raises ValueError naming the years that a table lacks or repeats."""
    found = years_of(table)
    values = table[name].to_numpy(dtype=float)
    if np.array_equal(found, years):
        return values
    by_year = pd.Series(values, index=found)
    if not by_year.index.is_unique:
        repeated = np.unique(found[by_year.index.duplicated()])
        msg = f"the table of {name} has more than one row for {_listed(repeated)}"
        raise ValueError(msg)
    missing = np.setdiff1d(years, found)
    if missing.size:
        msg = f"the table of {name} has no row for {_listed(missing)}"
        raise ValueError(msg)
    return by_year.loc[years].to_numpy()


def given_or(table: pd.DataFrame, *, name: str, years: Values, computed: Callable[[], Values]) -> Values:
    """The user's own series if the table has rows, else what the equations give."""
    if table.empty:
        return computed()
    return column(table, name, years)


def as_table(years: Values, columns: Mapping[str, Values]) -> pd.DataFrame:
    """Table with the column ``year`` and these columns."""
    return pd.DataFrame({"year": years, **columns})


def require(holds: Values, years: Values, message: str) -> None:
    """Raise ValueError with ``message`` and the first year in which the condition does not hold."""
    if not holds.all():
        msg = f"in {years[np.argmin(holds)]} {message}"
        raise ValueError(msg)


def _listed(years: Values) -> str:
    shown = ", ".join(map(str, years[:3]))
    return f"{shown} and {len(years) - 3} more years" if len(years) > 3 else shown
