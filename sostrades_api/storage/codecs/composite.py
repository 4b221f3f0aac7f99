"""Dicts and lists that hold arrays or DataFrames: a JSON skeleton, then the parts, each in its own codec."""

import json
import struct
from collections.abc import Callable
from typing import Any

from sostrades_api.storage.codecs import plain
from sostrades_api.storage.errors import CorruptValueError

_LENGTH = struct.Struct("<Q")
_ALIGNMENT = 64  # arrays are read in place
_Part = tuple[str, bytes]


def dumps(value: Any, *, encode_part: Callable[[Any], _Part]) -> bytes:
    """Write a simplified dict or list; ``encode_part`` writes what is neither a container nor JSON."""
    parts: list[_Part] = []
    skeleton = _dismantle(value, parts, encode_part)
    places: list[tuple[str, int, int]] = []
    offset = 0
    for codec, data in parts:
        places.append((codec, offset, len(data)))
        offset = _aligned(offset + len(data))
    header = plain.dumps([skeleton, places])
    body = bytearray(_aligned(_LENGTH.size + len(header)) + offset)
    _LENGTH.pack_into(body, 0, len(header))
    body[_LENGTH.size : _LENGTH.size + len(header)] = header
    start = _aligned(_LENGTH.size + len(header))
    for (_, at, length), (_, data) in zip(places, parts, strict=True):
        body[start + at : start + at + length] = data
    return bytes(body)


def loads(data: memoryview, *, decode_part: Callable[[str, memoryview], Any]) -> Any:
    """Read what ``dumps`` wrote.

    Raises:
        CorruptValueError: The bytes are something else.
    """
    try:
        (length,) = _LENGTH.unpack_from(data)
        skeleton, places = json.loads(bytes(data[_LENGTH.size : _LENGTH.size + length]))
        start = _aligned(_LENGTH.size + length)
        parts = [decode_part(codec, data[start + at : start + at + size]) for codec, at, size in places]
        return _assemble(skeleton, parts)
    except (struct.error, ValueError, TypeError, IndexError, KeyError) as error:
        msg = f"not a readable composite value: {error}"
        raise CorruptValueError(msg) from error


def _aligned(offset: int) -> int:
    return -(-offset // _ALIGNMENT) * _ALIGNMENT


def _dismantle(value: Any, parts: list[_Part], encode_part: Callable[[Any], _Part]) -> list[Any]:
    if plain.is_plain(value):
        return ["v", value]
    if type(value) is dict:
        return ["d", [[key, _dismantle(item, parts, encode_part)] for key, item in value.items()]]
    if type(value) is list:
        return ["l", [_dismantle(item, parts, encode_part) for item in value]]
    parts.append(encode_part(value))
    return ["p", len(parts) - 1]


def _assemble(node: list[Any], parts: list[Any]) -> Any:
    kind, content = node
    if kind == "d":
        return {key: _assemble(item, parts) for key, item in content}
    if kind == "l":
        return [_assemble(item, parts) for item in content]
    return parts[content] if kind == "p" else content
