"""DataFrames as Arrow IPC, every dtype, label and index kept.

pandas' own Arrow metadata is not used: it names library versions, so equal frames would get two digests.
"""

import json
from collections.abc import Callable, Hashable
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from sostrades_api.storage.codecs import plain
from sostrades_api.storage.errors import CorruptValueError, UnstorableValueError

_KEY = b"frame"
_NUMPY_KINDS = "biufmM"
_Column = tuple[pa.Array, str]


def dumps(frame: pd.DataFrame) -> bytes:
    """Write a DataFrame.

    Raises:
        UnstorableValueError: An index of several levels, or a column whose cells cannot be stored.
    """
    if isinstance(frame.index, pd.MultiIndex) or isinstance(frame.columns, pd.MultiIndex):
        msg = "a DataFrame with an index of several levels cannot be stored; reset its index"
        raise UnstorableValueError(msg)
    columns = [_pack(frame.iloc[:, position], label) for position, label in enumerate(frame.columns)]
    meta: dict[str, Any] = {
        "labels": [_label(label) for label in frame.columns],
        "rows": len(frame),
        "index_name": _label(frame.index.name),
    }
    if frame.columns.name is not None:
        meta["columns_name"] = _label(frame.columns.name)
    if isinstance(frame.index, pd.RangeIndex):
        meta["range"] = [frame.index.start, frame.index.stop, frame.index.step]
    else:
        columns.append(_pack(frame.index.to_series(), "index"))
    meta["dtypes"] = [dtype for _, dtype in columns]
    arrays = [array for array, _ in columns]
    batch = pa.RecordBatch.from_arrays(arrays, names=[str(position) for position in range(len(arrays))])
    batch = batch.replace_schema_metadata({_KEY: json.dumps(meta, separators=(",", ":")).encode("ascii")})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    return sink.getvalue().to_pybytes()


def loads(data: memoryview) -> pd.DataFrame:
    """Read a DataFrame; it is the caller's own.

    Raises:
        CorruptValueError: The bytes are not such a DataFrame.
    """
    try:
        batch = pa.ipc.open_stream(pa.py_buffer(data)).read_next_batch()
        meta = json.loads(batch.schema.metadata[_KEY])
        columns = [_unpack(array, dtype) for array, dtype in zip(batch.columns, meta["dtypes"], strict=True)]
    except (pa.ArrowException, OSError, StopIteration, KeyError, TypeError, ValueError) as error:
        msg = f"not a readable DataFrame: {error}"
        raise CorruptValueError(msg) from error
    span = meta.get("range")
    index = pd.RangeIndex(*span) if span else pd.Index(columns.pop(), dtype=meta["dtypes"][-1])
    index.name = meta["index_name"]
    # As series: pandas would guess a type for bare arrays of objects.
    series = {
        at: pd.Series(values, index, dtype=values.dtype, copy=False) for at, values in enumerate(columns)
    }
    # Copied: Arrow's memory is read-only, which a sole owner of the frame would run into.
    frame = pd.DataFrame(series, index=index, copy=True)
    frame.columns = pd.Index(meta["labels"]) if meta["labels"] else frame.columns
    frame.columns.name = meta.get("columns_name")
    return frame


def summary(frame: pd.DataFrame) -> dict[str, Any]:
    """Shape and column labels."""
    return {"kind": "dataframe", "shape": list(frame.shape), "columns": [str(name) for name in frame.columns]}


def _label(label: Hashable) -> Any:
    simple = plain.simplify(label)
    if type(simple) not in plain.SCALARS:
        msg = f"a {type(label).__name__} cannot be the label of a stored column"
        raise UnstorableValueError(msg)
    return simple


def _pack(series: pd.Series, label: Hashable) -> _Column:
    dtype = series.dtype
    try:
        if dtype.kind == "O" and isinstance(dtype, np.dtype):
            return pa.array([_cell(cell) for cell in series], pa.large_string()), "object"
        if isinstance(dtype, np.dtype):
            if dtype.kind not in _NUMPY_KINDS or not dtype.isnative:
                msg = f"column {label!r}: {dtype} cannot be stored"
                raise UnstorableValueError(msg)
            return pa.array(series.to_numpy()), dtype.name
        return pa.array(series, from_pandas=True), str(dtype)
    except pa.ArrowException as error:
        msg = f"column {label!r} cannot be stored: {error}"
        raise UnstorableValueError(msg) from error


def _cell(cell: Any) -> str:
    simple = plain.simplify(cell)
    if not plain.is_plain(simple):
        msg = f"a {type(cell).__name__} cannot be stored in a cell of a DataFrame"
        raise UnstorableValueError(msg)
    return plain.dumps(simple).decode("ascii")


def _unpack(array: pa.Array, dtype: str) -> Any:
    if dtype == "object":
        return _objects([json.loads(text) for text in array.to_pylist()])
    if dtype == "category":
        codes = array.indices.fill_null(-1).to_numpy(zero_copy_only=False)
        return pd.Categorical.from_codes(codes, array.dictionary.to_pandas(), ordered=array.type.ordered)
    resolved = pd.api.types.pandas_dtype(dtype)
    from_arrow: Callable[[pa.Array], Any] | None = getattr(resolved, "__from_arrow__", None)
    if from_arrow is not None:
        return from_arrow(array)
    values = array.to_numpy(zero_copy_only=False)
    return values if values.dtype == resolved else values.astype(resolved)


def _objects(cells: list[Any]) -> np.ndarray[Any, Any]:
    # np.array(cells) would make a 2-D array of cells that are lists of one length.
    objects = np.empty(len(cells), dtype=object)
    objects[:] = cells
    return objects
