"""The demo as one process tree: it serves what it prints, keeps everything, leaves nothing running."""

import json
import signal
import stat
import time
import urllib.request
from pathlib import Path

import psutil
import pytest

from sostrades_api.cli.demo_seed import DemoAccess
from tests.servers.demo import Demo, running_demo, start_demo, stderr_of

pytestmark = pytest.mark.slow


def get(url: str, key: str) -> dict:
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {key}"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


def refusal(data_dir: Path, *arguments: str) -> str:
    """The last line of a demo that must not start."""
    process = start_demo(data_dir, *arguments)
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 1
    assert output == b""
    return stderr_of(data_dir).splitlines()[-1]


def test_a_demo_serves_what_it_prints_keeps_it_for_the_next_start_and_survives_its_worker(
    tmp_path: Path,
) -> None:
    with running_demo(tmp_path / "data", "--port", "0") as demo:
        line = demo.line
        assert set(line) == {"url", "api_key", "study_cases"}
        assert [set(study) for study in line["study_cases"]] == [{"id", "name", "process", "status"}] * 3
        assert {study["process"] for study in line["study_cases"]} == {"sellar", "ssbj", "dice2016r"}
        assert "FINISHED" in [study["status"] for study in line["study_cases"]]
        for study in line["study_cases"]:
            assert get(f"{line['url']}/api/v0/study-case/{study['id']}", line["api_key"])

        port = line["url"].rpartition(":")[2]
        assert "a demo is running on" in refusal_on_same_data(demo.data_dir, tmp_path)
        assert f"port {port}: Address already in use" in refusal(tmp_path / "other", "--port", port)
        assert demo.end(signal.SIGTERM) == 0
        assert demo.process.stdout.read() == b""

    with running_demo(tmp_path / "data", "--port", "0") as demo:
        kept = {**line, "url": demo.line["url"]}
        assert demo.line == kept
        starts_a_killed_worker_again(demo)
        demo.end(signal.SIGKILL)


def starts_a_killed_worker_again(demo: Demo) -> None:
    """And goes on meanwhile."""
    killed = worker_of(demo)
    killed.kill()
    deadline = time.monotonic() + 60
    while "starting it again" not in stderr_of(demo.data_dir) or worker_of(demo) in {None, killed}:
        assert time.monotonic() < deadline, stderr_of(demo.data_dir)
        assert demo.process.poll() is None
        time.sleep(0.1)
    assert get(f"{demo.line['url']}/api/v0/study-cases", demo.line["api_key"])


def refusal_on_same_data(data_dir: Path, tmp_path: Path) -> str:
    """A symlink gives the second demo a file of its own for its standard error."""
    link = tmp_path / "link"
    link.symlink_to(data_dir)
    return refusal(link)


def test_a_demo_that_is_interrupted_while_it_starts_leaves_nothing_running(tmp_path: Path) -> None:
    import psutil

    data_dir = tmp_path / "data"
    process = start_demo(data_dir, "--port", "0")
    while process.poll() is None and not (data_dir / "logs" / "web.log").exists():
        time.sleep(0.01)
    family = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == 0
    assert psutil.wait_procs(family, timeout=30)[1] == []


def test_key_and_password_of_the_demo_are_readable_for_their_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "demo.json"
    DemoAccess(password="p", api_key="k", study_cases={"sellar": 7}).write(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert DemoAccess.read(path) == DemoAccess(password="p", api_key="k", study_cases={"sellar": 7})


@pytest.mark.parametrize("content", ["", "[]", "{", '{"unknown": 1}', "null"])
def test_a_damaged_memory_of_the_demo_is_made_anew(content: str, tmp_path: Path) -> None:
    (tmp_path / "demo.json").write_text(content)
    assert DemoAccess.read(tmp_path / "demo.json") == DemoAccess()


def worker_of(demo: Demo) -> psutil.Process | None:
    """The parent of the workers."""
    children = psutil.Process(demo.process.pid).children()
    return next((child for child in children if is_worker(child)), None)


def is_worker(process: psutil.Process) -> bool:
    try:
        return "worker" in process.cmdline()
    except psutil.Error:
        return False


def test_a_host_that_is_none_ends_the_search_at_the_first_port(tmp_path: Path) -> None:
    assert "cannot listen on 300.1.1.1 port 8000: " in refusal(tmp_path, "--host", "300.1.1.1")
