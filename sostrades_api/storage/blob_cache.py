"""Blobs of a store that is far away, kept on this host's disk: those used last, up to a number of bytes."""

import logging
import os
import time
from contextlib import suppress
from pathlib import Path

from sostrades_api.storage.local_files import UNFINISHED, read_mapped, write_atomically

logger = logging.getLogger(__name__)

_LARGEST_SHARE = 4
_LOOK_SHARE = 16  # so much of the cache is written between two looks at what it holds
_KEPT = 0.8  # of the cache, after the oldest went
_ABANDONED_SECONDS = 3600


class BlobCache:
    """Shared by the processes of a host. Its files may go at any time; what cannot be kept is not kept."""

    def __init__(self, folder: Path, *, max_bytes: int) -> None:
        self._folder, self._max_bytes = folder, max_bytes
        self._unseen = max_bytes  # bytes written since the last look: the first write looks

    def find(self, digest: str) -> memoryview | None:
        """The bytes, if they are here; not checked."""
        path = self._path(digest)
        try:
            data = read_mapped(path)
            os.utime(path)
        except OSError:
            return None
        return data

    def add(self, digest: str, data: memoryview) -> None:
        """Keep them, unless they would take a large part of the cache alone."""
        if len(data) > self._max_bytes // _LARGEST_SHARE:
            return
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            write_atomically(self._path(digest), data, lasting=False)
        except OSError as error:
            logger.warning("the cache of blobs cannot be written: %s", error)
            return
        self._unseen += len(data)
        if self._unseen > self._max_bytes // _LOOK_SHARE:
            self._unseen = 0
            self._make_room()

    def _path(self, digest: str) -> Path:
        return self._folder / digest[:2] / digest

    def _make_room(self) -> None:
        files = self._files()
        held = sum(size for _, size, _ in files)
        if held <= self._max_bytes * (1 - 1 / _LOOK_SHARE):
            return
        for _, size, path in sorted(files):
            with suppress(OSError):
                path.unlink(missing_ok=True)
            held -= size
            if held <= self._max_bytes * _KEPT:
                return

    def _files(self) -> list[tuple[float, int, Path]]:
        """When each was used last, its size and path; halves that writers left are removed."""
        found, abandoned = [], time.time() - _ABANDONED_SECONDS
        for path in self._folder.glob("*/*"):
            with suppress(OSError):  # another process was quicker
                stat = path.stat()
                if not path.name.startswith(UNFINISHED):
                    found.append((stat.st_mtime, stat.st_size, path))
                elif stat.st_mtime < abandoned:
                    path.unlink(missing_ok=True)
        return found
