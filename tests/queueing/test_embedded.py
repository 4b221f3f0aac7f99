"""The embedded server: found, adopted, started, kept private, and gone with its starter."""

import os
import signal
import subprocess
import sys
import threading

import psutil
import pytest
from redis import Redis
from redis.exceptions import AuthenticationError

from sostrades_api.errors import UnavailableError
from sostrades_api.queueing import ExecutionQueue, embedded
from sostrades_api.queueing.embedded import (
    Presence,
    ensure_server,
    find_binary,
    flavour_of,
    presence_of_server,
)
from sostrades_api.queueing.embedded_state import queue_dir, read_state
from sostrades_api.settings import PROJECT_DIR, Settings
from tests.support.live import wait_until


@pytest.fixture
def settings(tmp_path):
    return Settings(data_dir=tmp_path, redis_url="")


@pytest.fixture
def server(settings):
    server = ensure_server(settings)
    yield server
    server.stop()


def test_a_configured_server_is_taken_as_it_is(settings):
    configured = settings.model_copy(update={"redis_url": "redis://somewhere:1/0"})
    assert ensure_server(configured).url == "redis://somewhere:1/0"
    assert ensure_server(configured).process is None


def test_a_running_server_is_adopted_and_left_to_its_owner(settings, server):
    adopted = ensure_server(settings)
    assert adopted.url == server.url
    assert adopted.process is None
    adopted.stop()
    assert presence_of_server(settings) is Presence.ANSWERS


def test_two_starts_at_once_give_one_server(settings):
    servers, errors = [], []

    def start():
        try:
            servers.append(ensure_server(settings, lifetime=embedded.Lifetime.DETACHED))
        except Exception as error:  # noqa: BLE001
            errors.append(error)

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    try:
        assert not errors
        assert len({server.url for server in servers}) == 1
        assert sum(server.process is not None for server in servers) == 1
    finally:
        for server in servers:
            server.stop()


def test_nobody_without_the_password_gets_in(settings, server):
    state = read_state(settings)
    with Redis(port=state.port) as stranger, pytest.raises(AuthenticationError):
        stranger.ping()
    for path in (queue_dir(settings) / "server.json", queue_dir(settings) / state.flavour / "server.conf"):
        assert path.stat().st_mode & 0o077 == 0
    command_line = " ".join(psutil.Process(state.pid).cmdline())
    assert state.password not in command_line


def test_a_second_start_loses_nothing_and_clients_find_it_again(settings):
    first = ensure_server(settings)
    queue = ExecutionQueue.for_web(settings)
    assert queue.enqueue(7)
    first.stop()
    assert not queue.is_waiting(7)
    second = ensure_server(settings)
    try:
        assert queue.is_waiting(7)
    finally:
        queue.redis.close()
        second.stop()


def test_a_server_that_was_killed_keeps_its_password_and_port(settings):
    first = ensure_server(settings)
    first.process.kill()
    first.process.wait()
    second = ensure_server(settings)
    try:
        assert second.url == first.url
    finally:
        second.stop()


def test_a_server_that_is_only_slow_is_waited_for(settings, server):
    os.kill(server.process.pid, signal.SIGSTOP)
    assert presence_of_server(settings) is Presence.SILENT
    threading.Timer(0.5, os.kill, (server.process.pid, signal.SIGCONT)).start()
    assert ensure_server(settings).process is None


def test_a_server_that_hangs_is_ended_before_another_writes_its_files(settings, monkeypatch):
    monkeypatch.setattr(embedded, "PATIENCE_SECONDS", 0.2)
    monkeypatch.setattr(embedded, "_ENDING_SECONDS", 0.2)
    first = ensure_server(settings)
    os.kill(first.process.pid, signal.SIGSTOP)
    second = ensure_server(settings)
    try:
        assert first.process.poll() is not None or not psutil.pid_exists(first.process.pid)
        assert presence_of_server(settings) is Presence.ANSWERS
    finally:
        second.stop()


def test_each_flavour_and_major_version_has_its_own_folder(settings, server):
    flavour = flavour_of(find_binary())
    name, major = flavour.split("-")
    assert name in {"valkey", "redis"}
    assert int(major) >= 6
    assert (queue_dir(settings) / flavour / "appendonlydir").is_dir()


def test_what_is_no_server_is_refused():
    with pytest.raises(UnavailableError):
        flavour_of(sys.executable)


def test_a_server_that_cannot_start_says_why(settings, monkeypatch):
    broken = settings.data_dir / "valkey-server"
    broken.write_text('#!/bin/sh\n[ "$1" = --version ] || exit 1\necho "Valkey server v=9.0.0"\n')
    broken.chmod(0o755)
    monkeypatch.setattr(embedded, "find_binary", lambda: broken)
    with pytest.raises(UnavailableError, match="did not start"):
        ensure_server(settings)


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's parent-death signal")
def test_the_server_dies_with_a_starter_that_is_killed(settings, tmp_path):
    program = (
        "import sys, time; from pathlib import Path\n"
        "from sostrades_api.settings import Settings\n"
        "from sostrades_api.queueing.embedded import ensure_server\n"
        "ensure_server(Settings(data_dir=Path(sys.argv[1]), redis_url=''))\n"
        "print('up', flush=True); time.sleep(60)\n"
    )
    command = [sys.executable, "-c", program, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=PROJECT_DIR) as starter:
        assert starter.stdout.readline() == b"up\n"
        pid = read_state(settings).pid
        assert presence_of_server(settings) is Presence.ANSWERS
        os.kill(starter.pid, signal.SIGKILL)
    wait_until(lambda: not psutil.pid_exists(pid) or psutil.Process(pid).status() == "zombie")
    assert presence_of_server(settings) is Presence.ABSENT
