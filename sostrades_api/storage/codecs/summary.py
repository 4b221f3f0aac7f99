"""What can be said of a value without reading it."""

import json
import math
from typing import Any

import numpy as np
import pandas as pd

from sostrades_api.storage.codecs import array, frame

# A summary is read with every row; beyond this many characters it says kind and length only.
MAX_SUMMARY = 16_384


def summarize(value: Any) -> dict[str, Any] | None:
    """Describe a (simplified) value; None for a scalar.

    DataFrames and arrays: ``kind`` ("dataframe", "ndarray"), ``shape``, ``columns`` or ``dtype``. Lists and
    dicts: ``kind`` ("list", "dict") and ``length``; when they hold tables also ``items``: a list, or a list
    of ``[key, item]``, whose items are again summaries, plain contents being ``{"kind": "plain", "value"}``.
    """
    if isinstance(value, pd.DataFrame | np.ndarray):
        return _table(value)
    if not isinstance(value, list | dict):
        return None
    short = {"kind": type(value).__name__, "length": len(value)}
    if not _holds_table(value):
        return short
    full = _tree(value)
    return full if len(json.dumps(full)) <= MAX_SUMMARY else {**short, "tables": True}


def _table(value: Any) -> dict[str, Any]:
    return frame.summary(value) if isinstance(value, pd.DataFrame) else array.summary(value)


def _holds_table(value: Any) -> bool:
    if isinstance(value, pd.DataFrame | np.ndarray):
        return True
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return any(map(_holds_table, items))


def _tree(value: Any) -> dict[str, Any]:
    if isinstance(value, pd.DataFrame | np.ndarray):
        return _table(value)
    if isinstance(value, dict):
        items: list[Any] = [[key, _tree(item)] for key, item in value.items()]
        return {"kind": "dict", "length": len(value), "items": items}
    if isinstance(value, list):
        return {"kind": "list", "length": len(value), "items": [_tree(item) for item in value]}
    # The bare tokens NaN and Infinity are not JSON to PostgreSQL.
    finite = not isinstance(value, float) or math.isfinite(value)
    return {"kind": "plain", "value": value if finite else None}
