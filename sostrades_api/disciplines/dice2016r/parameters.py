"""The parameters and exogenous series of DICE-2016R, read from the data beside this module.

Source: Nordhaus, "Revisiting the social cost of carbon", PNAS 114 (2017); see ``data/README.md``.
"""

from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

DATA = Path(__file__).with_name("data")
FILES = ("data/parameters.csv", "data/exogenous.csv")
"""What every discipline declares as its ``DATA_FILES``: defaults come from there."""

# The file's units as the engine writes them. Damages take warming as a plain number of degC.
_UNITS = {
    "-": "-",
    "1/year": "1/year",
    "per 5 years": "1/(5 year)",
    "trillion 2010 USD": "trillion 2010 USD",
    "2010 USD/tCO2": "2010 USD/tCO2",
    "million": "million",
    "GtC": "GtC",
    "GtCO2/year": "GtCO2/year",
    "W/m2": "W/m**2",
    "degC": "degC",
    "1/degC": "-",
    "1/degC**a3": "-",
}


@cache
def _listing() -> pd.DataFrame:
    return pd.read_csv(DATA / "parameters.csv", index_col="symbol")


@cache
def exogenous() -> pd.DataFrame:
    """Series of the base policy run by year: ``miu``, ``savings_rate``, ``population``, ``tfp``, ..."""
    return pd.read_csv(DATA / "exogenous.csv")


def parameter(symbol: str, low: float, high: float, /, **more: Any) -> dict[str, Any]:
    """Descriptor of input ``symbol``: unit, default and meaning of the file, range ``[low, high]``."""
    row = _listing().loc[symbol]
    return {
        "type": "float",
        "unit": _UNITS[row["unit"]],
        "default": float(row["value"]),
        "range": [low, high],
        "label": row["meaning"],
        "description": f"{row['meaning']} [{row['unit']}]; {symbol} of DICE-2016R",
        **more,
    }
