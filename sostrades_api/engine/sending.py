"""Sending values between a process and its own forked child, to the bit, arrays as they lie in memory."""

import ctypes
import io
import pickle
from multiprocessing.connection import Connection
from typing import Any

import numpy as np

from sostrades_api.engine.errors import ProcessTraceback


def send(connection: Connection, said: Any) -> None:
    """Send something."""
    buffer = io.BytesIO()
    _Pickler(buffer, protocol=5).dump(said)
    connection.send_bytes(buffer.getbuffer())


def receive(connection: Connection) -> Any:
    """What was sent; waits for it.

    Raises:
        EOFError: the other process has ended.
    """
    return pickle.loads(connection.recv_bytes())  # noqa: S301 - of our own child or parent


def sendable(error: BaseException) -> BaseException:
    """The error itself, or what can be said of it when it cannot be pickled."""
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301 - our own
    except Exception:  # noqa: BLE001 - whatever stands in the way
        return ProcessTraceback(text=f"{type(error).__name__}: {error}")
    return error


class _Pickler(pickle.Pickler):
    """Keeps how an array lies in memory: the order in which its numbers are added depends on it."""

    def reducer_override(self, value: Any) -> Any:
        """Arrays with gaps or turned axes; all others as ever."""
        if type(value) is not np.ndarray or value.dtype.hasobject:
            return NotImplemented
        if value.flags.forc or not value.size:
            return NotImplemented
        low, high = np.lib.array_utils.byte_bounds(value)
        memory = ctypes.string_at(low, high - low)
        offset = value.__array_interface__["data"][0] - low
        return _array, (value.shape, value.dtype, memory, offset, value.strides)


def _array(
    shape: tuple[int, ...], dtype: np.dtype, memory: bytes, offset: int, strides: tuple[int, ...]
) -> np.ndarray:
    return np.ndarray(shape, dtype, buffer=memory, offset=offset, strides=strides)
