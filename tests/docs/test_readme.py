"""A newcomer who follows the README to the letter succeeds."""

import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from tests.servers.demo import running_demo
from tests.servers.processes import dies_with_parent, end

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text("utf-8")
UNCONFIGURED = {
    "DATABASE_URL": "",
    "REDIS_URL": "",
    "VALUE_STORE_URL": "",
    "PUBLIC_URL": "",
    "SECRET_KEY": "",
}

pytestmark = pytest.mark.slow


def block(language: str, containing: str) -> str:
    """The one code block of this language that contains these words."""
    blocks = re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
    (found,) = [text for text in blocks if containing in text]
    return found


def test_the_script_of_the_readme_loads_updates_executes_monitors_and_reports(tmp_path: Path) -> None:
    script = tmp_path / "first_study.py"
    script.write_text(block("python", "first_study.py"), "utf-8")
    with running_demo(tmp_path / "data", "--port", "0") as demo:
        study = next(study for study in demo.line["study_cases"] if study["name"] == "Sellar")
        assert study["id"] == 1, "the script's default"
        env = {
            **os.environ,
            "DEMO_URL": demo.line["url"],
            "DEMO_KEY": demo.line["api_key"],
            "DEMO_STUDY": "1",
        }
        done = subprocess.run(
            [sys.executable, script],
            cwd=tmp_path,
            env=env,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    assert "Sellar.x float - 1.0" in done.stdout
    assert "FINISHED" in done.stdout
    assert re.search(r"^Sellar\.y_1 = \d", done.stdout, re.MULTILINE)
    assert "</html>" in (tmp_path / "report.html").read_text("utf-8")[-200:]


def test_the_flask_commands_of_the_readme_lead_to_a_key_that_opens_the_api(tmp_path: Path) -> None:
    env = {**os.environ, **UNCONFIGURED, "SOSTRADES_DATA_DIR": str(tmp_path)}
    outputs = [
        subprocess.check_output([sys.executable, "-m", *shlex.split(line)], cwd=ROOT, env=env, text=True)
        for line in block("sh", "flask db upgrade").splitlines()
        if line.startswith("flask ") and line not in ("flask worker &", "flask run")
    ]
    key = outputs[-1].splitlines()[-1]
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, "-m", "flask", "run", "--port", str(port)],
        cwd=ROOT,
        env=env,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=dies_with_parent(signal.SIGKILL),  # noqa: PLW1509
    )
    try:
        url = f"http://127.0.0.1:{port}"
        assert answer_of(f"{url}/api/ping", "") == 200
        assert answer_of(f"{url}/api/v0/study-case/1", key) == 404
        assert answer_of(f"{url}/api/v0/study-case/1", key + "x") == 401
    finally:
        end(server)


def answer_of(url: str, key: str) -> int:
    """The status of the answer, as soon as there is one."""
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {key}"} if key else {})
    deadline = time.monotonic() + 60
    while True:
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            with error:
                return error.code
        except OSError:
            assert time.monotonic() < deadline, "the server does not answer"
            time.sleep(0.05)
