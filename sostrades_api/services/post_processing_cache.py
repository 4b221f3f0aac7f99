"""Charts of executions that were drawn already: results never change, so neither do their charts."""

import datetime as dt
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any
from weakref import WeakKeyDictionary

from sostrades_api.models import Execution
from sostrades_api.storage import ValueStore

LARGEST = 24
Key = tuple[int, dt.datetime, Hashable]


class PostProcessingCache:
    """The charts drawn last; safe to share between threads. What is kept must not be changed."""

    def __init__(self, *, largest: int = LARGEST) -> None:
        self._kept: OrderedDict[Key, Any] = OrderedDict()
        self._lock = threading.Lock()
        self._largest = largest

    def get(self, execution: Execution, kind: Hashable, draw: Callable[[], Any]) -> Any:
        """What was drawn for this execution, or what ``draw`` makes now."""
        # The moment tells apart executions of the same number in two databases.
        key = (execution.id, execution.requested_at, kind)
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        drawn = draw()
        with self._lock:
            self._kept[key] = drawn
            while len(self._kept) > self._largest:
                self._kept.popitem(last=False)
        return drawn


_CACHES: WeakKeyDictionary[ValueStore, PostProcessingCache] = WeakKeyDictionary()


def cache_of(values: ValueStore) -> PostProcessingCache:
    """The cache beside this value store."""
    return _CACHES.setdefault(values, PostProcessingCache())
