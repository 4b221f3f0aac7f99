"""``docs/write-your-first-discipline.md`` is true: a newcomer's steps, block by block, in a fresh home."""

import importlib.machinery
import importlib.util
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import sysconfig
import urllib.request
import venv
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.servers.processes import dies_with_parent

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "write-your-first-discipline.md"
BLOCK = re.compile(
    r'^```(?P<language>\w+)(?: title="(?P<title>[^"]+)")?\n(?P<text>.*?)^```$', re.DOTALL | re.MULTILINE
)
CLONED = ("sostrades_api", "migrations", "templates", "wsgi.py", "dev", "requirements.txt", "pyproject.toml")
SERVER = "./dev demo"


@dataclass
class Newcomer:
    """Somebody with a home folder, a clone of the project and a terminal."""

    home: Path
    cwd: Path
    env: dict[str, str]
    output: str = ""
    demos: list["subprocess.Popen[bytes]"] = field(default_factory=list)

    def writes(self, name: str, text: str) -> None:
        (self.home / "coffee" / name).write_text(text, encoding="utf-8")

    def types(self, script: str) -> None:
        """Run a block; the next one goes on in the same folder with the same variables."""
        state = self.home / "state"
        remember = f"\n{{ env -0; printf 'CWD=%s\\0' \"$PWD\"; }} > '{state}'"
        done = subprocess.run(
            ["bash", "-eac", script + remember],
            cwd=self.cwd,
            env=self.env,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        self.output = done.stdout
        assert done.returncode == 0, f"{script}\n{done.stdout}\n{done.stderr}"
        self.env = dict(line.split("=", 1) for line in state.read_text().split("\0") if line)
        self.cwd = Path(self.env.pop("CWD"))

    def starts_the_demo(self) -> dict:
        """Leave ``./dev demo`` running; what it printed."""
        with (self.home / "demo.stderr").open("wb") as errors:
            process = subprocess.Popen(
                [*SERVER.split(), "--json", "--port", "0"],
                cwd=self.cwd,
                env=self.env,
                stdout=subprocess.PIPE,
                stderr=errors,
                preexec_fn=dies_with_parent(signal.SIGTERM),  # noqa: PLW1509 - tests have one thread
            )
        self.demos.append(process)
        line = process.stdout.readline()
        assert line, (self.home / "demo.stderr").read_text()
        return json.loads(line)


def cloned(folder: Path) -> None:
    """The project as ``./dev demo`` leaves it, on this test run's packages instead of downloaded ones."""
    folder.mkdir()
    for name in CLONED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(source, folder / name)
    venv.create(folder / ".venv", with_pip=False, symlinks=True)
    library = folder / ".venv/lib" / f"python{sys.version_info[0]}.{sys.version_info[1]}" / "site-packages"
    (library / "packages.pth").write_text(sysconfig.get_path("purelib") + "\n")
    flask = folder / ".venv/bin/flask"
    flask.write_text(f"#!{folder}/.venv/bin/python\nfrom flask.cli import main\nmain()\n")
    flask.chmod(0o755)
    loader = importlib.machinery.SourceFileLoader("dev_of_the_clone", str(folder / "dev"))
    dev = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
    loader.exec_module(dev)
    (dev.VENV / f".made-from-{dev.RUNTIME}").write_text(dev.stamp_of(dev.RUNTIME))


@pytest.fixture
def newcomer(tmp_path: Path) -> Iterator[Newcomer]:
    home = tmp_path / "home"
    home.mkdir()
    cloned(home / "sostrades-api")
    kept = {
        name: value
        for name, value in os.environ.items()
        if re.match(r"(PATH|LANG|LC_|PIP_|UV_|SSL_|PYTHONPYCACHEPREFIX|.*_proxy$)", name, re.I)
    }
    newcomer = Newcomer(home=home, cwd=home, env={**kept, "HOME": str(home)})
    yield newcomer
    for process in newcomer.demos:
        process.terminate()
        process.wait(60)
        process.stdout.close()


def blocks() -> list[re.Match[str]]:
    return list(BLOCK.finditer(PAGE.read_text(encoding="utf-8")))


def test_every_block_of_the_page_is_a_file_or_a_command():
    assert PAGE.read_text(encoding="utf-8").count("```") == 2 * len(blocks())
    for block in blocks():
        assert block["title"] or block["language"] == "sh"


@pytest.mark.slow
def test_the_page_leads_from_an_empty_folder_to_a_study_with_a_chart(newcomer):
    demo, outputs = {}, []
    for block in blocks():
        if block["title"]:
            newcomer.writes(block["title"], block["text"])
        elif block["text"].strip() == SERVER:
            demo = newcomer.starts_the_demo()
        else:
            newcomer.types(with_installer(block["text"]))
            outputs.append(newcomer.output)
    assert any("keeps its promises" in output for output in outputs)
    assert any("coffee" in output and "dice2016r" in output for output in outputs)
    study = newcomer.env["STUDY"]
    charts = json.loads(get(f"{demo['url']}/api/v0/post-processing/{study}", demo["api_key"]))
    (drawn,) = charts["Morning coffee.Cup"]["post_processings"]
    assert drawn["data"][0]["y"][0] == 90.0
    assert "The coffee cools down" in drawn["layout"]["title"]["text"]
    report = get(f"{demo['url']}/api/v0/post-processing/{study}/html", demo["api_key"]).decode()
    assert "The coffee cools down" in report


def with_installer(script: str) -> str:
    """The page's command, or the alternative that it names where there is no pip."""
    if importlib.util.find_spec("pip") is None:
        return script.replace("python -m pip install --quiet", "uv pip install")
    return script


def get(url: str, key: str) -> bytes:
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {key}"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return answer.read()


def test_the_page_is_ten_minutes_of_reading():
    assert len(PAGE.read_text(encoding="utf-8").split()) < 1500  # at 150 words a minute, code among them
