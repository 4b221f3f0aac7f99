"""Blobs as files of this host: written whole or not at all, read through the page cache."""

import mmap
import os
import tempfile
from pathlib import Path

UNFINISHED = ".writing-"


def write_atomically(path: Path, data: bytes | memoryview, *, lasting: bool = True) -> None:
    """Write a file that nobody sees before it is whole; ``lasting``: it outlives a power cut."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=UNFINISHED, delete=False) as file:
        try:
            file.write(data)
            file.flush()
            if lasting:  # the row that names the blob must not outlive it
                os.fsync(file.fileno())
            Path(file.name).replace(path)
        except BaseException:
            Path(file.name).unlink(missing_ok=True)
            raise


def read_mapped(path: Path) -> memoryview:
    """The bytes of a file, mapped into memory; they stay readable when it is removed."""
    with path.open("rb") as file:
        if os.fstat(file.fileno()).st_size == 0:
            return memoryview(b"")
        return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
