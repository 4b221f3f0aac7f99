"""Digests of values and of disciplines, the parts of addresses: equal digests mean equal to the bit."""

import struct
from collections.abc import Callable
from hashlib import blake2b
from typing import Any

import numpy as np
import pandas as pd

Feed = Callable[[bytes], None]


def value_digest(value: Any) -> str:
    """The digest of a value of any type that a variable can have.

    Raises:
        TypeError: the value is of another type.
    """
    digest = blake2b(digest_size=32)
    _feed(value, digest.update)
    return digest.hexdigest()


def text_digest(*texts: str) -> str:
    """The digest of some texts in order."""
    digest = blake2b(digest_size=32)
    for text in texts:
        _feed_text(text, digest.update)
    return digest.hexdigest()


def _feed(value: Any, feed: Feed) -> None:  # noqa: C901 - one branch a type
    if value is None:
        feed(b"N")
    elif isinstance(value, (bool, np.bool_)):
        feed(b"T" if value else b"F")
    elif isinstance(value, (float, np.floating)):
        feed(b"f" + struct.pack("<d", value))
    elif isinstance(value, (int, np.integer)):
        feed(b"i%d;" % value)
    elif isinstance(value, str):
        _feed_text(value, feed)
    elif isinstance(value, np.ndarray):
        _feed_array(value, feed)
    elif isinstance(value, pd.DataFrame):
        _feed_frame(value, feed)
    elif isinstance(value, dict):
        feed(b"d%d;" % len(value))
        for key, item in value.items():
            _feed_text(key, feed)
            _feed(item, feed)
    elif isinstance(value, (list, tuple)):
        feed(b"l%d;" % len(value))
        for item in value:
            _feed(item, feed)
    else:
        msg = f"a value of type {type(value).__name__} has no digest"
        raise TypeError(msg)


def _feed_text(text: str, feed: Feed) -> None:
    encoded = text.encode("utf-8", "surrogatepass")
    feed(b"s%d;" % len(encoded))
    feed(encoded)


def _feed_array(array: np.ndarray, feed: Feed) -> None:
    if array.dtype == object:
        feed(b"o")
        _feed(array.tolist(), feed)
        return
    # the last bits of a sum depend on the order in memory
    order = "" if array.flags.c_contiguous else array.strides
    feed(f"a{array.dtype.str}{array.shape}{order};".encode())
    feed(np.ascontiguousarray(array).tobytes())


def _feed_frame(frame: pd.DataFrame, feed: Feed) -> None:
    feed(b"t%d,%d;" % frame.shape)
    if frame.columns.name is not None:
        feed(f"n{frame.columns.name!r};".encode("utf-8", "surrogatepass"))
    for name, column in frame.items():
        _feed_text(str(name), feed)
        if isinstance(column.dtype, np.dtype):
            _feed_array(column.to_numpy(), feed)
        else:
            feed(f"x{column.dtype};".encode())
            if isinstance(column.dtype, pd.CategoricalDtype):  # codes count them in their order
                _feed([bool(column.dtype.ordered), *column.dtype.categories.tolist()], feed)
            _feed([None if cell is pd.NA or cell != cell else cell for cell in column.tolist()], feed)  # noqa: PLR0124
