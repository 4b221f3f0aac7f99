"""The script as users start it; environments are really made, from the configured index."""

import ast
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
COMMANDS = ("demo", "serve", "worker", "test", "check", "bench", "chaos")
SERVE = "import sys, click\nprint(sys.prefix, click.__name__, *sys.argv[1:])\n"


def start(*arguments: str, root: Path = ROOT, **environment: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, str(root / "dev"), *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={name: value for name, value in {**os.environ, **environment}.items() if value},
    )


def dev(*arguments: str, root: Path = ROOT, **environment: str) -> tuple[int, str, str]:
    """Exit status, standard output and standard error."""
    with start(*arguments, root=root, **environment) as process:
        output, errors = process.communicate(timeout=180)
    return process.returncode, output, errors


def test_the_help_lists_every_command() -> None:
    status, output, _ = dev("--help")
    assert status == 0
    assert all(f"  {name} " in output for name in COMMANDS)


@pytest.mark.parametrize(
    ("arguments", "words"), [(["deploy"], "no command 'deploy'"), (["check", "x"], "no arguments")]
)
def test_wrong_arguments_are_one_line_and_status_2(arguments: list[str], words: str) -> None:
    status, output, errors = dev(*arguments)
    assert (status, output, errors.count("\n")) == (2, "", 1)
    assert words in errors


def test_a_path_without_tests_is_named() -> None:
    assert dev("test", "tests/nope.py::test_x", "-x") == (1, "", "dev: there is no tests/nope.py\n")


def test_no_command_shows_the_help_and_fails() -> None:
    status, output, _ = dev()
    assert (status, output.startswith("usage: ./dev")) == (2, True)


def test_an_older_python_can_read_the_script() -> None:
    ast.parse((ROOT / "dev").read_text("utf-8"), feature_version=(3, 7))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A small project with the same script: one dependency, and a ``serve`` that says where it runs."""
    root = tmp_path / "a project"
    package = root / "sostrades_api" / "cli"
    package.mkdir(parents=True)
    for folder in (package, package.parent):
        (folder / "__init__.py").touch()  # so that no other package of this name on the path comes first
    (package / "serve.py").write_text(SERVE, "utf-8")
    shutil.copy(ROOT / "dev", root)
    pins = (ROOT / "requirements.txt").read_text("utf-8").splitlines()
    (root / "requirements.txt").write_text(next(pin for pin in pins if pin.startswith("click==")) + "\n")
    return root


@pytest.fixture(scope="session")
def _index() -> None:
    """Leave the tests out where no package index answers."""
    source = {"__name__": "dev", "__file__": str(ROOT / "dev")}
    exec(compile((ROOT / "dev").read_text("utf-8"), "dev", "exec"), source)
    try:
        source["fetch"](source["index_url"]() + "/pip/")
    except OSError as error:
        pytest.skip(f"no package index: {error}")


@pytest.mark.slow
@pytest.mark.usefixtures("_index")
def test_a_first_start_makes_an_environment_and_later_ones_use_and_change_it(project: Path) -> None:
    status, output, errors = dev("serve", "--port", "1", root=project, HOME="/dev/null/home", PYTHONPATH="")
    assert (status, output) == (0, f"{project / '.venv'} click --port 1\n"), errors
    assert "making .venv" in errors
    assert "installing requirements.txt from " in errors
    assert dev("serve", root=project) == (0, f"{project / '.venv'} click\n", "")

    with (project / "requirements.txt").open("a") as file:
        file.write("itsdangerous\n")
    (project / "sostrades_api" / "cli" / "serve.py").write_text("import click, itsdangerous")
    status, _, errors = dev("serve", root=project)
    assert status == 0, errors
    assert "making .venv" not in errors


@pytest.mark.slow
@pytest.mark.usefixtures("_index")
def test_an_interrupted_first_start_is_mended_by_the_next(project: Path) -> None:
    process = start("serve", root=project)
    deadline = time.monotonic() + 60
    while not (project / ".venv" / ".unfinished").exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=180)  # what the killed installer had started ends by itself
    assert process.returncode == 130, errors
    assert "Traceback" not in errors.rpartition("dev:")[2]
    assert dev("serve", root=project)[:2] == (0, f"{project / '.venv'} click\n")


@pytest.mark.slow
@pytest.mark.usefixtures("_index")
def test_two_first_starts_at_once_make_one_environment(project: Path) -> None:
    both = [start("serve", root=project) for _ in range(2)]
    errors = [process.communicate(timeout=180)[1] for process in both]
    assert [process.returncode for process in both] == [0, 0], errors
    assert sum("making .venv" in text for text in errors) == 1


def test_an_index_that_does_not_answer_is_named(project: Path) -> None:
    status, output, errors = dev(
        "serve",
        root=project,
        PATH="/nonexistent",
        PIP_INDEX_URL="http://user:secret@127.0.0.1:9/simple",
    )
    assert (status, output) == (1, "")
    assert "cannot read the package index http://***@127.0.0.1:9/simple/pip/" in errors
    assert "Traceback" not in errors


@pytest.mark.slow
@pytest.mark.usefixtures("_index")
def test_pip_installs_where_uv_does_not_work(project: Path, tmp_path: Path) -> None:
    broken = tmp_path / "bin" / "uv"
    broken.parent.mkdir()
    broken.write_text("#!/bin/sh\necho broken uv >&2; exit 1\n")
    broken.chmod(0o755)
    status, output, errors = dev("serve", root=project, PATH=f"{broken.parent}:/usr/bin:/bin")
    assert (status, output) == (0, f"{project / '.venv'} click\n"), errors
    assert "trying pip" in errors
