"""What to say of a discipline that raised: found in the error and its traceback, once it has happened."""

import linecache
import traceback
from collections.abc import Iterator, Mapping, Sequence
from types import FrameType
from typing import Any

import numpy as np
import pandas as pd

from sostrades_api.engine.errors import (
    DisciplineError,
    DisciplineExited,
    DisciplineOutOfMemory,
    DisciplineRaised,
    DisciplineRecursed,
    InputChanged,
)
from sostrades_api.engine.protection import ReadOnlyError
from sostrades_api.engine.written import written_in

_KINDS: tuple[tuple[type[BaseException], type[DisciplineError]], ...] = (
    (SystemExit, DisciplineExited),
    (MemoryError, DisciplineOutOfMemory),
    (RecursionError, DisciplineRecursed),
)


def failure_of(error: BaseException, *, discipline: str, inputs: Sequence[str]) -> DisciplineError:
    """The error of a discipline that raised; ``inputs`` are the short names that it reads.

    Raises:
        KeyboardInterrupt: that is what was raised: a person's wish, no fault of the discipline.
    """
    if isinstance(error, KeyboardInterrupt):
        raise error
    if isinstance(error, SystemExit):
        return DisciplineExited(discipline=discipline, error=repr(error))
    variable = _changed_input(error, frozenset(inputs))
    if variable is not None:
        return InputChanged(discipline=discipline, error=described(error), variable=variable)
    kind = next((kind for raised, kind in _KINDS if isinstance(error, raised)), DisciplineRaised)
    return kind(discipline=discipline, error=described(error))


def described(error: BaseException) -> str:
    """The type and the text of an error, which may itself have none."""
    try:
        text = str(error)
    except Exception:  # noqa: BLE001 - a wrong error class must not hide what happened
        text = "it has no text"
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _changed_input(error: BaseException, names: frozenset[str]) -> str | None:
    """The input that a discipline tried to write to; None when that is not what happened, or not sure."""
    is_numpy = isinstance(error, ValueError) and "read-only" in described(error)
    if not is_numpy and not isinstance(error, ReadOnlyError):
        return None
    frames = [(frame, line) for frame, line in traceback.walk_tb(error.__traceback__)]
    inputs = next((found for frame, _ in frames for found in _inputs_in(frame, names)), None)
    if inputs is None:
        return None
    if isinstance(error, ReadOnlyError):
        return next((name for name in inputs if _is_inside(error.value, inputs[name])), None)
    return _written_input(frames, {name: list(_arrays_of(value)) for name, value in inputs.items()})


def _written_input(frames: Sequence[tuple[FrameType, int]], inputs: Mapping[str, Any]) -> str | None:
    """The input whose memory the innermost line that can be read writes to."""
    for frame, line in reversed(frames):
        text = linecache.getline(frame.f_code.co_filename, line)
        values = written_in(text, frame)
        if values is not None:
            written = [array for value in values for array in _arrays_of(value)]
            return next((name for name, arrays in inputs.items() if _share(written, arrays)), None)
    return None


def _share(written: Sequence[np.ndarray], arrays: Sequence[np.ndarray]) -> bool:
    return any(np.may_share_memory(one, other) for one in written for other in arrays)


def _inputs_in(frame: FrameType, names: frozenset[str]) -> Iterator[Mapping[str, Any]]:
    """The inputs of a discipline among the local variables of a function."""
    for value in frame.f_locals.values():
        if type(value) is dict and value.keys() == names and names:
            yield value


def _is_inside(wanted: Any, value: Any) -> bool:
    if value is wanted:
        return True
    if isinstance(value, pd.DataFrame):
        cells = (cell for name in value for cell in value[name] if value[name].dtype == object)
        return any(_is_inside(wanted, cell) for cell in cells)
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return any(_is_inside(wanted, item) for item in items)


def _arrays_of(value: Any) -> Iterator[np.ndarray]:
    if isinstance(value, np.ndarray):
        yield value
    elif isinstance(value, pd.DataFrame):
        yield from (value[name].to_numpy() for name in value if value[name].dtype != object)
    elif isinstance(value, (pd.Series, pd.arrays.NumpyExtensionArray)):
        yield value.to_numpy()
    elif isinstance(value, (dict, list)):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _arrays_of(item)
