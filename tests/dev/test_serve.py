"""``./dev serve``: gunicorn on a migrated database, in the place of the command's own process."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import psutil
import pytest

from sostrades_api.cli.serve import gunicorn_command
from tests.servers.processes import dies_with_parent

ROOT = Path(__file__).resolve().parents[2]


def serve(data_dir: Path, *arguments: str) -> "subprocess.Popen[str]":
    env = {**os.environ, "SOSTRADES_DATA_DIR": str(data_dir), "DATABASE_URL": "", "REDIS_URL": ""}
    return subprocess.Popen(
        [sys.executable, "-m", "sostrades_api.cli.serve", *arguments],
        cwd=ROOT,
        env=env,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=dies_with_parent(signal.SIGTERM),  # noqa: PLW1509
    )


@pytest.mark.slow
def test_it_migrates_serves_and_stops_on_sigterm(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with serve(tmp_path / "data", "--port", str(port), "--processes", "1") as process:
        deadline = time.monotonic() + 120
        while process.poll() is None and time.monotonic() < deadline:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/ping", timeout=5) as answer:
                    assert answer.read().strip() == b'"pong"'
                    break
            except OSError:
                time.sleep(0.05)
        family = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors
        assert psutil.wait_procs(family, timeout=30)[1] == []
    assert (tmp_path / "data" / "sostrades.sqlite3").exists()


def test_a_wrong_argument_is_one_line_and_status_2(tmp_path: Path) -> None:
    with serve(tmp_path, "--port", "99999") as process:
        _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors.count("\n")) == (2, 1)
    assert errors.startswith("serve: Invalid value for '--port'")


def test_addresses_and_sizes_reach_gunicorn() -> None:
    command = gunicorn_command(["[::1]:80", "fd://5"], processes=3, threads=7)
    assert command[command.index("--workers") + 1] == "3"
    assert command[command.index("--threads") + 1] == "7"
    assert [command[i + 1] for i, part in enumerate(command) if part == "--bind"] == ["[::1]:80", "fd://5"]
