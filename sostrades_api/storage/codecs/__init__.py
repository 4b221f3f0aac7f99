"""How values become bytes: deterministic, exact, and without pickle.

Two equal values of the same types have the same bytes, hence one digest. The order of the keys of a dict is
part of its value (it is the order of columns in downloads), so two orders are two values.
"""

from sostrades_api.storage.codecs.codec import Codec, Encoded, decode, encode
from sostrades_api.storage.codecs.plain import hand_out

__all__ = ["Codec", "Encoded", "decode", "encode", "hand_out"]
