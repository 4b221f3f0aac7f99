"""A whole demo platform as its own process tree, as users start it."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from tests.servers.processes import dies_with_parent

ROOT = Path(__file__).resolve().parents[2]
_START_SECONDS = 180  # imports take long on a machine that runs other tests
_END_SECONDS = 60
_CONFIGURED = ("DATABASE_URL", "REDIS_URL", "VALUE_STORE_URL", "PUBLIC_URL", "SECRET_KEY")


@dataclass
class Demo:
    """A running demo and the line it printed."""

    process: "subprocess.Popen[bytes]"
    line: dict[str, Any]
    data_dir: Path

    def family(self) -> list[psutil.Process]:
        """Everything it started, and itself."""
        parent = psutil.Process(self.process.pid)
        return [parent, *parent.children(recursive=True)]

    def end(self, sig: signal.Signals) -> int:
        """Send a signal, wait until the whole family is gone, and give the exit status."""
        family = self.family()
        self.process.send_signal(sig)
        status = self.process.wait(_END_SECONDS)
        left = psutil.wait_procs(family, timeout=_END_SECONDS)[1]
        assert left == [], f"still running after {sig.name}: {left}"
        return status


def start_demo(data_dir: Path, *arguments: str) -> "subprocess.Popen[bytes]":
    """Start one; its standard error goes to a file beside the data folder."""
    env = {name: value for name, value in os.environ.items() if name not in _CONFIGURED}
    with data_dir.with_suffix(".stderr").open("wb") as errors:
        return subprocess.Popen(
            [sys.executable, "-m", "sostrades_api.cli.demo", "--data-dir", str(data_dir), *arguments],
            cwd=ROOT,
            env=env,
            stdout=subprocess.PIPE,
            stderr=errors,
            preexec_fn=dies_with_parent(signal.SIGTERM),  # noqa: PLW1509 - as everywhere in these tests
        )


def stderr_of(data_dir: Path) -> str:
    """What a demo on this data folder wrote to standard error."""
    return data_dir.with_suffix(".stderr").read_text("utf-8")


@contextmanager
def running_demo(data_dir: Path, *arguments: str) -> Iterator[Demo]:
    """A demo that answers; ended at the latest when the block ends."""
    started = time.monotonic()
    process = start_demo(data_dir, "--json", *arguments)
    try:
        output = process.stdout.readline()  # ends when the demo does
        assert output, stderr_of(data_dir)
        assert time.monotonic() - started < _START_SECONDS
        yield Demo(process, json.loads(output), data_dir)
    finally:
        if process.poll() is None:
            process.terminate()
        process.wait(_END_SECONDS)
        process.stdout.close()
