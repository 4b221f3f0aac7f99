"""Decoded values kept in memory, the least recently used ones dropped."""

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from threading import Lock
from typing import Any

_LARGEST_SHARE = 4


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

    def add_many(self, values: Mapping[str, Any], *, sizes: Mapping[str, int]) -> None:
        """Keep values of ``sizes`` bytes; one that would take a large part of the cache alone is not kept."""
        with self._lock:
            for key, value in values.items():
                if sizes[key] <= self._max_bytes // _LARGEST_SHARE:
                    _, replaced = self._entries.pop(key, (None, 0))
                    self._entries[key] = (value, sizes[key])
                    self._bytes += sizes[key] - replaced
            while self._bytes > self._max_bytes:
                _, (_, dropped) = self._entries.popitem(last=False)
                self._bytes -= dropped
