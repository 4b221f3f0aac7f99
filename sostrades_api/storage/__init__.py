"""Values by digest: immutable, shared by studies and executions, never pickled."""

from sostrades_api.storage.errors import CorruptValueError, MissingValueError, UnstorableValueError
from sostrades_api.storage.garbage import Swept, collect_garbage
from sostrades_api.storage.value_store import ValueStore

__all__ = [
    "CorruptValueError",
    "MissingValueError",
    "Swept",
    "UnstorableValueError",
    "ValueStore",
    "collect_garbage",
]
