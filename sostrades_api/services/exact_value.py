"""Values as bytes that give back exactly them."""

from typing import Any

from sostrades_api.engine.layout import difference
from sostrades_api.engine.protection import freeze
from sostrades_api.storage import UnstorableValueError
from sostrades_api.storage.codecs import Encoded, decode, encode

_SCALARS = frozenset({float, int, bool, str, type(None)})


def exact_encoding(value: Any) -> Encoded | str:
    """The bytes of a value, or why it would not be read as the same to the last bit."""
    try:
        encoded = encode(value)
    except UnstorableValueError as error:
        return str(error)
    if type(value) in _SCALARS:
        return encoded
    # read as it will be: what a codec gives back is its business alone
    fault = difference(value, freeze(decode(encoded.codec, encoded.data)))
    return encoded if fault is None else fault
