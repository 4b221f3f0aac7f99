"""How file systems that are far away are opened, and what their errors mean."""

import datetime as dt
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from fsspec import AbstractFileSystem
from fsspec.asyn import AsyncFileSystem
from fsspec.core import url_to_fs

from sostrades_api.storage.errors import StoreUnavailableError

logger = logging.getLogger(__name__)

# What is stuck is noticed while a request or a lease still waits for it; botocore's own limits are minutes.
_S3_OPTIONS: dict[str, Any] = {
    "config_kwargs": {
        "connect_timeout": 4,
        "read_timeout": 15,
        "retries": {"total_max_attempts": 2, "mode": "standard"},
        "max_pool_connections": 32,
    },
}
_S3_TRIES = 2  # of s3fs, each of which is what ``retries`` says
# While a request's body is being sent no limit of the client's holds.
_WRITE_SECONDS, _LEAST_BYTES_A_SECOND = 30, 1_000_000


def open_remote(url: str) -> tuple[AbstractFileSystem, str]:
    """A file system and the path in it; it must not be used after a fork.

    Its listings are not kept: what another host removed would seem to be there.
    """
    is_s3 = url.startswith(("s3://", "s3a://"))
    options = {"use_listings_cache": False, "skip_instance_cache": True}
    opened, root = url_to_fs(url, **options, **(_S3_OPTIONS if is_s3 else {}))
    if is_s3:
        opened.retries = _S3_TRIES  # type: ignore[attr-defined]
    return opened, root


def write_remote(opened: AbstractFileSystem, path: str, data: bytes) -> None:
    """Write a blob; it is there when this returns, and may be when it does not."""
    if isinstance(opened, AsyncFileSystem):
        opened.pipe_file(path, data, timeout=_WRITE_SECONDS + len(data) // _LEAST_BYTES_A_SECOND)
    else:
        opened.pipe_file(path, data)


@contextmanager
def answering(otherwise: str = "does not answer") -> Iterator[None]:
    """Around calls of a store: whatever it raises, beside FileNotFoundError, means that it does not answer.

    Raises:
        StoreUnavailableError: It does not, and ``otherwise`` says what; another try may succeed.
        FileNotFoundError: It does, and has no such blob.
        MemoryError: Of this process; that is nobody's outage.
    """
    try:
        yield
    except MemoryError:
        raise
    except FileNotFoundError as error:
        if _code_of(error) == "NoSuchBucket":
            raise StoreUnavailableError("The value store's bucket is not there") from error
        raise
    except Exception as error:
        # Words of ours or of the system: the store's own may name buckets, paths and addresses.
        known = isinstance(error, OSError) and error.errno
        cause = os.strerror(known) if known else type(error).__name__
        raise StoreUnavailableError(f"The value store {otherwise}: {cause}") from error


def abort_uploads(opened: AbstractFileSystem, root: str, *, before: dt.datetime) -> int:
    """Drop the parts of uploads that nobody finished, begun before that moment; say how many uploads."""
    if not hasattr(opened, "list_multipart_uploads"):
        return 0
    bucket, _, prefix = root.partition("/")
    try:
        uploads = opened.list_multipart_uploads(bucket)  # type: ignore[attr-defined]
    except PermissionError:
        logger.warning(
            "uploads that nobody finished stay: listing them (ListBucketMultipartUploads) is forbidden"
        )
        return 0
    old = [
        upload
        for upload in uploads
        if upload["Key"].startswith(f"{prefix}/" if prefix else "") and upload["Initiated"] < before
    ]
    for upload in old:
        opened.abort_mpu(bucket, upload["Key"], upload["UploadId"])  # type: ignore[attr-defined]
    return len(old)


def _code_of(error: FileNotFoundError) -> str | None:
    response = getattr(error.__cause__, "response", None) or {}
    return response.get("Error", {}).get("Code")
