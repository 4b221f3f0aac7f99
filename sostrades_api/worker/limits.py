"""What a run may take of its host: memory, which the kernel refuses beyond, and threads of linear algebra.

``RLIMIT_DATA`` counts private writable memory (Linux 4.7 and newer): malloc's blocks of every size, touched
or not, and the stacks of threads; not what is shared between processes (getrlimit(2)).
"""

import ctypes
import errno
import re
import resource
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any

from sostrades_api.engine import DisciplineOutOfMemory

_THREADED = re.compile(r"\S*openblas\S*\.so\S*")
_NAMES = tuple(
    f"{prefix}openblas_{{}}_num_threads{suffix}" for prefix in ("scipy_", "") for suffix in ("64_", "_64", "")
)


@contextmanager
def limited_memory(size: int | None) -> Iterator[None]:
    """Inside, this process may allocate so many bytes more than it holds; None: any number.

    Children inherit the limit, each for itself. It is the soft one: how the run ended can be written down,
    and the process can run another one, without the right to raise a hard one.
    """
    held = _data_bytes() if size else None
    if size is None or held is None:
        yield
        return
    before, hardest = resource.getrlimit(resource.RLIMIT_DATA)
    limits = [limit for limit in (held + size, before, hardest) if limit != resource.RLIM_INFINITY]
    resource.setrlimit(resource.RLIMIT_DATA, (min(limits), hardest))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (before, hardest))


def is_out_of_memory(error: BaseException) -> bool:
    """Whether memory was refused, in whatever words."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, (MemoryError, DisciplineOutOfMemory)):
            return True
        if isinstance(seen, OSError) and seen.errno == errno.ENOMEM:
            return True
        seen = seen.__cause__ or seen.__context__
    return False


def set_threads(count: int) -> None:
    """Let linear algebra use so many threads, whatever the environment said when the process began."""
    for library in _libraries():
        for name in _NAMES:
            function = getattr(library, name.format("set"), None)
            if function is not None:
                function(count)
                break


def threads() -> list[int]:
    """How many threads each library of linear algebra uses now."""
    found = []
    for library in _libraries():
        known = (getattr(library, name.format("get"), None) for name in _NAMES)
        function = next((function for function in known if function is not None), None)
        if function is not None:
            found.append(int(function()))
    return found


def _libraries() -> Sequence[Any]:
    """Those that this process has loaded; NumPy and SciPy bring one each."""
    with suppress(OSError):
        return [
            _library(path) for path in sorted(set(_THREADED.findall(Path("/proc/self/maps").read_text())))
        ]
    return []


@cache
def _library(path: str) -> ctypes.CDLL:
    return ctypes.CDLL(path)


def _data_bytes() -> int | None:
    """What the kernel counts of this process; None where it does not say."""
    if sys.platform != "linux":
        return None
    with suppress(OSError, ValueError, IndexError):
        status = Path("/proc/self/status").read_text()
        return int(status.split("VmData:", 1)[1].split(maxsplit=1)[0]) * 1024
    return None
