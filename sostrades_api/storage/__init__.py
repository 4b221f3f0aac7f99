"""Values by digest: immutable, shared by studies and executions, never pickled."""

from sostrades_api.storage.errors import (
    CorruptValueError,
    MissingValueError,
    StoreUnavailableError,
    UnstorableValueError,
)
from sostrades_api.storage.value_store import ValueStore

__all__ = [
    "CorruptValueError",
    "MissingValueError",
    "StoreUnavailableError",
    "UnstorableValueError",
    "ValueStore",
]
