"""Counters of one process in files that all processes of its web server read: any of them answers for all.

The files are those of prometheus_client's mode for several processes, which has one folder an interpreter;
here it is one an application, and one server's figures begin at zero however the last one ended.
"""

import os
import shutil
import socket
import threading
import weakref
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
from prometheus_client.mmap_dict import MmapedDict, mmap_key
from prometheus_client.multiprocess import MultiProcessCollector

_GAUGE = "gauge_livesum"


class SharedFigures:
    """Adds to counters, histograms and gauges; cheap enough for every request."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._pid, self._lock = 0, threading.Lock()
        self._files: dict[str, MmapedDict] = {}
        weakref.finalize(self, _close, self._files)

    def add(self, kind: str, *changes: tuple[str, float]) -> None:
        """Add to figures of one kind, by their keys."""
        if self._pid != os.getpid():  # also in a fork, whose parent may hold the lock
            self._pid, self._lock = os.getpid(), threading.Lock()
            self._files.clear()
        with self._lock:
            file = self._files.get(kind) or self._open(kind)
            for key, amount in changes:
                file.write_value(key, file.read_value(key)[0] + amount, 0.0)

    def collect(self) -> Iterable[Any]:
        """The sums of all processes; the gauges of the living only."""
        for path in self._folder.glob(f"{_GAUGE}_*.db"):
            if not psutil.pid_exists(int(path.stem.rpartition("_")[2])):
                path.unlink(missing_ok=True)
        return MultiProcessCollector(None, path=str(self._folder)).collect()

    def _open(self, kind: str) -> MmapedDict:
        name = _GAUGE if kind == "gauge" else kind
        self._files[kind] = MmapedDict(str(self._folder / f"{name}_{self._pid}.db"))
        return self._files[kind]


def _close(files: dict[str, MmapedDict]) -> None:
    for file in files.values():
        file.close()


def key_of(family: str, *, sample: str = "", text: str, **labels: str) -> str:
    """What one figure is called in the files."""
    return mmap_key(family, sample or family, list(labels), list(labels.values()), text)


def folder_of_server(data_dir: Path) -> Path:
    """The folder of this web server, made now; those of servers of this host that have ended are removed."""
    root = data_dir / "metrics"
    owner = os.getppid() if "gunicorn" in os.environ.get("SERVER_SOFTWARE", "") else os.getpid()
    mine = root / f"{socket.gethostname()}_{owner}_{_start_of(owner)}"
    mine.mkdir(parents=True, exist_ok=True, mode=0o700)
    for folder in root.glob(f"{socket.gethostname()}_*_*"):
        _, pid, start = folder.name.rsplit("_", 2)
        if folder != mine and pid.isdecimal() and _start_of(int(pid)) != int(start):
            shutil.rmtree(folder, ignore_errors=True)
    return mine


def _start_of(pid: int) -> int:
    """When a process was started, in hundredths of seconds; 0: there is none."""
    with suppress(psutil.Error):
        return int(psutil.Process(pid).create_time() * 100)
    return 0
