"""Blobs by digest, in a local folder or at any fsspec URL."""

import datetime as dt
import errno
import mmap
import os
import tempfile
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

from fsspec import AbstractFileSystem
from fsspec.core import url_to_fs
from fsspec.implementations.local import LocalFileSystem

from sostrades_api.errors import UnavailableError
from sostrades_api.storage.codecs.codec import digest_of
from sostrades_api.storage.errors import CorruptValueError, MissingValueError

_PARALLEL_WRITES = 8
_DIGEST_LENGTH = 64
_UNFINISHED = ".writing-"
_NOTHING = "not-there"  # the name of no blob


class BlobStore:
    """Immutable blobs; a blob is there whole or not at all."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._opened, self._root = url_to_fs(url)
        self._opener = os.getpid()
        self._local = Path(self._root) if isinstance(self._opened, LocalFileSystem) else None

    def write_many(self, blobs: Mapping[str, bytes]) -> None:
        """Write those that are not there yet.

        Raises:
            UnavailableError: The store takes none now (its disk is full, say).
        """
        if len(blobs) <= 1:
            for digest, data in blobs.items():
                self._write(digest, data)
            return
        # Waiting for the disk (or the network) is most of the time.
        with ThreadPoolExecutor(_PARALLEL_WRITES) as pool:
            list(pool.map(self._write, blobs.keys(), blobs.values()))

    def read(self, digest: str, *, codec: str) -> memoryview:
        """Return the bytes, memory-mapped where the folder is local.

        Raises:
            MissingValueError: There is no such blob.
            CorruptValueError: Its bytes are not those that were written.
        """
        try:
            data = self._read(digest)
        except FileNotFoundError as error:
            msg = f"the blob {digest} is not in the value store"
            raise MissingValueError(msg) from error
        if digest_of(codec, data) != digest:
            msg = f"the blob {digest} was damaged after it was written"
            raise CorruptValueError(msg)
        return data

    def look(self) -> None:
        """See, at the cost of one question, whether blobs can be read and written.

        Raises:
            OSError: They cannot; an object store may raise another exception of its own.
        """
        if self._local is None:
            self._fs.exists(f"{self._root}/{_NOTHING}")
            return
        # The folder is made by the first blob.
        there = next(folder for folder in (self._local, *self._local.parents) if folder.exists())
        if not there.is_dir():
            raise NotADirectoryError(there)
        if not os.access(there, os.W_OK | os.X_OK):
            raise PermissionError(there)
        if os.statvfs(there).f_bavail == 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def delete(self, digest: str) -> None:
        """Remove a blob; one that is mapped stays readable to its readers."""
        with suppress(FileNotFoundError):  # another collector was quicker
            self._fs.rm_file(self._path(digest))

    def older_than(self, moment: dt.datetime) -> Iterator[str]:
        """Digests of the blobs last written before ``moment``."""
        if not self._fs.exists(self._root):
            return
        found = cast("dict[str, dict[str, Any]]", self._fs.find(self._root, detail=True))
        for path, info in found.items():
            name = path.rsplit("/", 1)[-1]
            if len(name) == _DIGEST_LENGTH and _modified(info) < moment:
                yield name

    def delete_unfinished(self, *, before: dt.datetime) -> int:
        """Remove what writers that crashed left half-written before that moment; say how many."""
        if self._local is None:  # object stores have no half-written objects
            return 0
        old = [
            path
            for path in self._local.glob(f"*/{_UNFINISHED}*")
            if path.stat().st_mtime < before.timestamp()
        ]
        for path in old:
            path.unlink(missing_ok=True)
        return len(old)

    @property
    def _fs(self) -> AbstractFileSystem:
        """The file system as opened by this process: those of object stores do not survive a fork."""
        if self._opener != os.getpid():
            self._opened, self._opener = url_to_fs(self._url)[0], os.getpid()
        return self._opened

    def _path(self, digest: str) -> str:
        return f"{self._root}/{digest[:2]}/{digest}"

    def _write(self, digest: str, data: bytes) -> None:
        path = self._path(digest)
        try:
            if self._fs.exists(path):
                return
            if self._local is None:
                self._fs.pipe_file(path, data)
            else:
                _write_atomically(Path(path), data)
        except OSError as error:
            msg = f"The value store takes nothing now: {error.strerror or type(error).__name__}"
            raise UnavailableError(msg) from error

    def _read(self, digest: str) -> memoryview:
        path = self._path(digest)
        if self._local is None:
            return memoryview(cast("bytes", self._fs.cat_file(path)))
        with Path(path).open("rb") as file:
            if os.fstat(file.fileno()).st_size == 0:
                return memoryview(b"")
            return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))


def _write_atomically(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=_UNFINISHED, delete=False) as file:
        try:
            file.write(data)
            file.flush()
            # The row that names the blob must not outlive it through a power cut.
            os.fsync(file.fileno())
            Path(file.name).replace(path)
        except BaseException:
            Path(file.name).unlink(missing_ok=True)
            raise


def _modified(info: Mapping[str, Any]) -> dt.datetime:
    moment = info.get("mtime") or info.get("LastModified") or info.get("created")
    if isinstance(moment, int | float):
        return dt.datetime.fromtimestamp(moment, dt.UTC)
    if not isinstance(moment, dt.datetime):
        return dt.datetime.now(dt.UTC)
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
