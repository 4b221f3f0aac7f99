"""Decoded values kept in memory, the least recently used ones dropped."""

from collections import OrderedDict
from collections.abc import Iterable
from threading import Lock
from typing import Any


class ValueCache:
    """A mapping from digests to decoded values, bounded by the bytes of their encoded forms."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._entries: OrderedDict[str, tuple[Any, int]] = OrderedDict()
        self._bytes = 0
        self._lock = Lock()

    def find_many(self, keys: Iterable[str]) -> dict[str, Any]:
        """Return those that are here."""
        found = {}
        with self._lock:
            for key in keys:
                entry = self._entries.get(key)
                if entry is not None:
                    self._entries.move_to_end(key)
                    found[key] = entry[0]
        return found

    def add(self, key: str, value: Any, *, size: int) -> None:
        """Keep a value of ``size`` bytes; one that would fill the cache alone is not kept."""
        if size > self._max_bytes // 4:
            return
        with self._lock:
            previous = self._entries.pop(key, None)
            self._bytes += size - (previous[1] if previous else 0)
            self._entries[key] = (value, size)
            while self._bytes > self._max_bytes:
                _, (_, dropped) = self._entries.popitem(last=False)
                self._bytes -= dropped
