"""NumPy arrays as ``.npy``, in C order; arrays of Python objects are refused."""

import io
from typing import Any

import numpy as np

from sostrades_api.storage.errors import CorruptValueError, UnstorableValueError

_HEADER_READERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}
_LARGEST_HEADER = 1 << 16


def dumps(array: np.ndarray[Any, Any]) -> bytes:
    """Write an array.

    Raises:
        UnstorableValueError: It holds Python objects.
    """
    if array.dtype.hasobject:
        msg = "an array of Python objects cannot be stored; use a list"
        raise UnstorableValueError(msg)
    file = io.BytesIO()
    np.lib.format.write_array(file, np.asarray(array, order="C"), allow_pickle=False)
    return file.getvalue()


def loads(data: memoryview) -> np.ndarray[Any, Any]:
    """Read an array without copying: it is read-only and keeps ``data`` alive.

    Raises:
        CorruptValueError: It is not a ``.npy`` without objects.
    """
    file = io.BytesIO(data[:_LARGEST_HEADER])
    try:
        version = np.lib.format.read_magic(file)
        shape, _fortran, dtype = _HEADER_READERS[version](file)
        if dtype.hasobject:  # the bytes would be taken for pointers
            msg = "Python objects"
            raise CorruptValueError(msg)
        array: np.ndarray[Any, Any] = np.ndarray(shape, dtype, buffer=data, offset=file.tell())
    except (ValueError, KeyError, TypeError) as error:
        msg = f"not a readable .npy array: {error}"
        raise CorruptValueError(msg) from error
    array.flags.writeable = False
    # A view of a read-only array is known to be safe; one of foreign memory would be copied by its users.
    return array.view()


def summary(array: np.ndarray[Any, Any]) -> dict[str, Any]:
    """Shape and type."""
    return {"kind": "ndarray", "shape": list(array.shape), "dtype": array.dtype.str}
