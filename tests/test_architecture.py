"""Guards against rot: sizes, layers, error table, routes and what they ask for."""

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from sostrades_api.errors import DomainError
from sostrades_api.http.authentication import PROTECTED_PREFIX, PUBLIC_PATHS
from sostrades_api.http.problems import STATUSES
from sostrades_api.settings import PROJECT_DIR

MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 60
LONG_FILES: dict[str, int] = {}  # exceptions and their lines; they may shrink, never grow
# Exceptions may shrink, never grow: a source followed equation by equation reads best in one piece.
LONG_FUNCTIONS = {"tests/disciplines/dice2016r/direct_stepping.py:step": 70}
ROUTES = Path(__file__).with_name("routes.txt")
# Words of the place where this was first written, in pieces so that this file does not name it either.
FOREIGN_WORDS = (
    "/work" + "/main",
    "/work" + "/shared",
    "issues" + " show",
    "CONTRACT" + ".md",
    "PEERS" + ".md",
)
FOREIGN_WORDS += ("DESIGN" + ".md", "STACK" + ".md", "STYLE" + ".md")


def tracked_files():
    if shutil.which("git"):
        listed = subprocess.run(
            ["git", "ls-files", "-z"], cwd=PROJECT_DIR, capture_output=True, text=True, check=False
        )
        if listed.returncode == 0 and listed.stdout:
            return [PROJECT_DIR / name for name in listed.stdout.split("\0") if name]
    folders = ("sostrades_api", "tests", "migrations", "benchmarks", "docs", "templates")
    return [path for folder in folders for path in (PROJECT_DIR / folder).rglob("*") if path.is_file()]


FILES = [path for path in tracked_files() if path.exists()]
DEV = PROJECT_DIR / "dev"
SOURCES = [path for path in FILES if path.suffix == ".py" and "versions" not in path.parts] + [DEV]
SHIPPED_TO_BROWSERS = [path for path in FILES if path.suffix in {".js", ".css"}]


def relative(path):
    return str(path.relative_to(PROJECT_DIR))


def test_no_file_is_longer_than_one_can_keep_in_mind():
    lines = {
        relative(path): len(path.read_text("utf-8").splitlines()) for path in SOURCES + SHIPPED_TO_BROWSERS
    }
    assert {path: count for path, count in lines.items() if count > MAX_FILE_LINES} == LONG_FILES


def functions():
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield f"{relative(path)}:{node.name}", node.end_lineno - node.lineno + 1


def test_no_function_is_longer_than_a_screen():
    too_long = {name: lines for name, lines in functions() if lines > MAX_FUNCTION_LINES}
    assert too_long == LONG_FUNCTIONS


@pytest.mark.slow
def test_imports_go_downwards_only():
    command = [Path(sys.executable).with_name("lint-imports"), "--no-cache"]
    result = subprocess.run(command, cwd=PROJECT_DIR, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout


def test_nothing_names_the_place_where_it_was_written():
    texts = ((path, path.read_text("utf-8", errors="ignore")) for path in FILES if path.suffix != ".png")
    assert {(relative(path), word) for path, text in texts for word in FOREIGN_WORDS if word in text} == set()


def subclasses(error):
    for child in error.__subclasses__():
        yield child
        yield from subclasses(child)


def test_every_error_a_caller_can_cause_has_a_status_of_its_own_or_of_its_kind(app):
    own = [error for error in subclasses(DomainError) if error.__module__.startswith("sostrades_api.")]
    without = {
        error.__name__
        for error in own
        if not any(kind in STATUSES for kind in error.__mro__[: -len(DomainError.__mro__)])
    }
    # Damage inside the platform: nobody but its administrator can do anything about it.
    assert without <= {"MissingValueError", "CorruptValueError", "UnstorableValueError"}


def test_every_error_has_a_title():
    own = [error for error in subclasses(DomainError) if error.__module__.startswith("sostrades_api.")]
    assert {error.__name__ for error in own if not error.__dict__.get("__doc__")} == set()


def guard_of(app, rule):
    """What somebody needs to use a route: a key, a browser session, or nothing."""
    if rule.rule.startswith(PROTECTED_PREFIX):
        return "public" if rule.rule in PUBLIC_PATHS else "key"
    guards = app.before_request_funcs.get(rule.endpoint.rpartition(".")[0], [])
    return "session" if any(guard.__name__ == "_require" for guard in guards) else "public"


def routes(app):
    for rule in app.url_map.iter_rules():
        for method in sorted(rule.methods - {"HEAD", "OPTIONS"}):
            yield f"{guard_of(app, rule):7} {method:6} {rule.rule}"


@pytest.mark.database("sqlite")
def test_every_route_and_what_it_asks_for_is_written_down(app):
    """A new route goes into routes.txt by hand, so that its guard is a decision."""
    assert sorted(routes(app)) == sorted(ROUTES.read_text("utf-8").splitlines())


@pytest.mark.database("sqlite")
def test_no_guarded_route_answers_a_stranger(app, client):
    answers = {}
    for line in routes(app):
        guard, method, rule = line.split()
        if guard != "public":
            path = "/".join("1" if "<" in part else part for part in rule.split("/"))
            answers[line] = client.open(path, method=method, headers={"Accept": "text/html"}).status_code
    let_in = {line: status for line, status in answers.items() if status not in {401, 302, 404}}
    assert let_in == {}
    assert all(status == 401 for line, status in answers.items() if line.startswith("key"))
