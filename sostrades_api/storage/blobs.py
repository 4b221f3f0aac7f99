"""Blobs by digest, in a local folder or at any fsspec URL."""

import datetime as dt
import errno
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

from fsspec import AbstractFileSystem, get_filesystem_class
from fsspec.core import split_protocol, url_to_fs
from fsspec.implementations.local import LocalFileSystem

from sostrades_api.storage.blob_cache import BlobCache
from sostrades_api.storage.codecs.codec import digest_of
from sostrades_api.storage.errors import CorruptValueError, MissingValueError, StoreUnavailableError
from sostrades_api.storage.local_files import UNFINISHED, read_mapped, write_atomically
from sostrades_api.storage.remote import abort_uploads, answering, open_remote, write_remote

_PARALLEL_CALLS = 8
_DIGEST_LENGTH = 64
_NOTHING = "not-there"  # the name of no blob
_TAKES_NOTHING = "takes nothing now"


class BlobStore:
    """Immutable blobs; a blob is there whole or not at all.

    Every method raises `StoreUnavailableError` when the store does not answer, or takes nothing (its disk is
    full, say).

    Args:
        url: A folder, or where fsspec finds one.
        cache: On this host's disk, for a store that is not.
    """

    def __init__(self, url: str, *, cache: BlobCache | None = None) -> None:
        self._url = url
        self._local = _local_folder(url)
        self._cache = None if self._local else cache
        self._opened: tuple[AbstractFileSystem, str] | None = None
        self._opener = 0

    def warm_up(self) -> None:
        """Do what takes time at the first use of a store far away, if it can be done now."""
        if self._local is None:
            with suppress(Exception):
                self._fs.exists(self._path("0" * _DIGEST_LENGTH))

    def write_many(self, blobs: Mapping[str, bytes]) -> None:
        """Write those that are not there yet."""
        # Waiting for the disk (or the network) is most of the time.
        _each(self._write, list(blobs.items()))

    def read(self, digest: str, *, codec: str) -> memoryview:
        """Return the bytes, memory-mapped where they are in a file of this host.

        Raises:
            MissingValueError: There is no such blob.
            CorruptValueError: Its bytes are not those that were written.
        """
        cached = self._cache.find(digest) if self._cache else None
        if cached is not None and digest_of(codec, cached) == digest:
            return cached
        try:
            with answering():
                data = self._read(digest)
        except FileNotFoundError as error:
            msg = f"the blob {digest} is not in the value store"
            raise MissingValueError(msg) from error
        if digest_of(codec, data) != digest:
            msg = f"the blob {digest} was damaged after it was written"
            raise CorruptValueError(msg)
        if self._cache:
            self._cache.add(digest, data)
        return data

    def look(self) -> None:
        """See, at the cost of one question, whether blobs can be read and written.

        Raises:
            OSError: Files of this host cannot.
            StoreUnavailableError: The store does not answer, or has no such bucket.
        """
        if self._local is None:
            with suppress(FileNotFoundError), answering():  # reading tells a bucket that is not there
                self._fs.cat_file(f"{self._root}/{_NOTHING}")
            return
        # The folder is made by the first blob.
        there = next(folder for folder in (self._local, *self._local.parents) if folder.exists())
        if not there.is_dir():
            raise NotADirectoryError(there)
        if not os.access(there, os.W_OK | os.X_OK):
            raise PermissionError(there)
        if os.statvfs(there).f_bavail == 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def delete(self, digests: Sequence[str]) -> None:
        """Remove blobs; one that is mapped stays readable to its readers."""
        _each(self._delete, [(digest,) for digest in digests])

    def older_than(self, moment: dt.datetime) -> Iterator[str]:
        """Digests of the blobs last written before ``moment``."""
        for path, info in self._find().items():
            name = path.rsplit("/", 1)[-1]
            if len(name) == _DIGEST_LENGTH and _modified(info) < moment:
                yield name

    def delete_unfinished(self, *, before: dt.datetime) -> int:
        """Remove what writers that crashed left half-written before that moment; say how many."""
        if self._local is None:
            with answering():
                return abort_uploads(self._fs, self._root, before=before)
        old = [
            path for path in self._local.glob(f"*/{UNFINISHED}*") if path.stat().st_mtime < before.timestamp()
        ]
        for path in old:
            path.unlink(missing_ok=True)
        return len(old)

    @property
    def _fs(self) -> AbstractFileSystem:
        return self._open()[0]

    @property
    def _root(self) -> str:
        return self._open()[1]

    def _open(self) -> tuple[AbstractFileSystem, str]:
        """As opened by this process, when it first asked: those of object stores do not survive a fork."""
        if self._opened is None or self._opener != os.getpid():
            self._opened = open_remote(self._url) if self._local is None else url_to_fs(self._url)
            self._opener = os.getpid()
        return self._opened

    def _path(self, digest: str) -> str:
        return f"{self._root}/{digest[:2]}/{digest}"

    def _write(self, digest: str, data: bytes) -> None:
        try:
            with answering(_TAKES_NOTHING):
                path = self._path(digest)
                if self._fs.exists(path):
                    return
                if self._local is None:
                    write_remote(self._fs, path, data)
                else:
                    write_atomically(Path(path), data)
        except FileNotFoundError as error:  # its folder went meanwhile
            raise StoreUnavailableError(f"The value store {_TAKES_NOTHING}") from error

    def _read(self, digest: str) -> memoryview:
        path = self._path(digest)
        if self._local is None:
            return memoryview(cast("bytes", self._fs.cat_file(path)))
        return read_mapped(Path(path))

    def _delete(self, digest: str) -> None:
        with suppress(FileNotFoundError), answering():  # another collector was quicker
            self._fs.rm_file(self._path(digest))

    def _find(self) -> dict[str, dict[str, Any]]:
        with suppress(FileNotFoundError), answering():  # nothing was ever written
            return cast("dict[str, dict[str, Any]]", self._fs.find(self._root, detail=True))
        return {}


def _each(work: Callable[..., None], arguments: Sequence[tuple[Any, ...]]) -> None:
    """Call ``work`` with each, some at a time."""
    if len(arguments) <= 1:
        for given in arguments:
            work(*given)
        return
    with ThreadPoolExecutor(_PARALLEL_CALLS) as pool:
        list(pool.map(lambda given: work(*given), arguments))


def _local_folder(url: str) -> Path | None:
    """The folder, where the URL names one; the package of a store far away is imported here, not used."""
    protocol = split_protocol(url)[0] or "file"
    if "::" not in url and issubclass(get_filesystem_class(protocol), LocalFileSystem):
        return Path(url_to_fs(url)[1])
    return None


def _modified(info: Mapping[str, Any]) -> dt.datetime:
    moment = info.get("mtime") or info.get("LastModified") or info.get("created")
    if isinstance(moment, int | float):
        return dt.datetime.fromtimestamp(moment, dt.UTC)
    if not isinstance(moment, dt.datetime):
        return dt.datetime.now(dt.UTC)
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
