"""Relaxation: taking over only a share of a change (or more than all of it)."""

import math
from typing import Any

import numpy as np
import pandas as pd

from sostrades_api.engine.protection import freeze_array


def relax(old: Any, new: Any, factor: float) -> Any:
    """``old + factor * (new - old)`` for every float inside; what is not comparable is taken over as it is.

    Ints, texts and flags are taken over too: a share of them has no meaning.
    """
    if type(new) is float and type(old) is float:
        return new if not math.isfinite(old) else old + factor * (new - old)
    if isinstance(new, np.ndarray) and isinstance(old, np.ndarray):
        return _relax_array(old, new, factor)
    if isinstance(new, pd.DataFrame) and isinstance(old, pd.DataFrame):
        return _relax_frame(old, new, factor)
    if isinstance(new, dict) and isinstance(old, dict) and new.keys() == old.keys():
        return type(new)({key: relax(old[key], value, factor) for key, value in new.items()})
    if isinstance(new, list) and isinstance(old, list) and len(new) == len(old):
        return type(new)([relax(before, after, factor) for before, after in zip(old, new, strict=True)])
    return new


def _relax_array(old: np.ndarray, new: np.ndarray, factor: float) -> np.ndarray:
    if new.shape != old.shape or new.dtype.kind != "f":
        return new
    if not np.isfinite(old).all():
        old = np.where(np.isfinite(old), old, new)  # nothing to take a share of
    return freeze_array(old + factor * (new - old))


def _relax_frame(old: pd.DataFrame, new: pd.DataFrame, factor: float) -> pd.DataFrame:
    if len(new) != len(old) or not new.columns.equals(old.columns):
        return new
    return pd.DataFrame(
        {
            name: _relax_array(old[name].to_numpy(), column.to_numpy(), factor)
            if column.dtype.kind == "f"
            else column
            for name, column in new.items()
        },
        index=new.index,
    )
