"""The choice of a codec, and the digest."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
import pandas as pd

from sostrades_api.storage.codecs import array, composite, frame, plain
from sostrades_api.storage.codecs.summary import summarize
from sostrades_api.storage.errors import CorruptValueError, UnstorableValueError


class Codec(StrEnum):
    """How the bytes of a value are to be read."""

    JSON = "json"  # scalars, and lists and dicts of them
    NPY = "npy"  # arrays
    ARROW = "arrow"  # DataFrames
    COMPOSITE = "composite"  # lists and dicts that hold arrays or DataFrames, or keys that are no strings


@dataclass(frozen=True, slots=True)
class Encoded:
    """A value as bytes, with its digest and its summary."""

    codec: Codec
    data: bytes
    digest: str
    summary: dict[str, Any] | None


def encode(value: Any) -> Encoded:
    """Turn a value into bytes.

    Raises:
        UnstorableValueError: It, or something in it, is of a kind that is not stored.
    """
    try:
        value = plain.simplify(value)
        codec, data = _encode(value)
        return Encoded(codec, data, digest_of(codec, data), summarize(value))
    except RecursionError as error:
        msg = "the value contains itself or is nested too deeply"
        raise UnstorableValueError(msg) from error


def decode(codec: str, data: bytes | memoryview) -> Any:
    """Turn bytes into a value; arrays are read-only views of ``data``.

    Raises:
        CorruptValueError: The bytes do not fit the codec.
    """
    if codec == Codec.JSON:
        try:
            return plain.loads(data)
        except ValueError as error:
            raise CorruptValueError(str(error)) from error
    reader = _READERS.get(codec)
    if reader is None:
        msg = f"unknown codec {codec!r}"
        raise CorruptValueError(msg)
    return reader(memoryview(data).toreadonly())


def digest_of(codec: str, data: bytes | memoryview) -> str:
    """SHA-256 (faster here than BLAKE2b: processors have it built in) over codec and bytes."""
    digest = hashlib.sha256(codec.encode("ascii") + b"\0")
    digest.update(data)
    return digest.hexdigest()


def _encode(value: Any) -> tuple[Codec, bytes]:
    if isinstance(value, pd.DataFrame):
        return Codec.ARROW, frame.dumps(value)
    if isinstance(value, np.ndarray):
        return Codec.NPY, array.dumps(value)
    if plain.is_plain(value):
        return Codec.JSON, plain.dumps(value)
    return Codec.COMPOSITE, composite.dumps(value, encode_part=_encode)


_READERS: Mapping[str, Callable[[memoryview], Any]] = {
    Codec.NPY: array.loads,
    Codec.ARROW: frame.loads,
    Codec.COMPOSITE: lambda data: composite.loads(data, decode_part=decode),
}
