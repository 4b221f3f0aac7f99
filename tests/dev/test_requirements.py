import importlib.metadata
import re
import tomllib
from pathlib import Path

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def pins(name: str) -> dict[str, set[str]]:
    """Every pinned distribution with its versions (more than one where they depend on the Python)."""
    found: dict[str, set[str]] = {}
    for line in (ROOT / name).read_text("utf-8").splitlines():
        statement = line.partition("#")[0].strip()
        if statement:
            requirement = Requirement(statement)
            (pin,) = requirement.specifier
            assert pin.operator == "==", line
            found.setdefault(canonicalize_name(requirement.name), set()).add(pin.version)
    return found


def assert_satisfied(requirement: Requirement, pinned: dict[str, set[str]]) -> None:
    versions = pinned.get(canonicalize_name(requirement.name))
    assert versions, f"{requirement.name} is not pinned; CONTRIBUTING.md tells how to compile the pins"
    assert all(requirement.specifier.contains(Version(v)) for v in versions), f"{requirement}: {versions}"


@pytest.mark.parametrize("dependency", PROJECT["project"]["dependencies"])
def test_a_dependency_of_the_project_is_pinned_in_both_files(dependency: str) -> None:
    assert_satisfied(Requirement(dependency), pins("requirements.txt"))
    assert_satisfied(Requirement(dependency), pins("requirements-dev.txt"))


@pytest.mark.parametrize("dependency", PROJECT["dependency-groups"]["dev"])
def test_a_dependency_of_the_developers_is_pinned(dependency: str) -> None:
    assert_satisfied(Requirement(dependency), pins("requirements-dev.txt"))


@pytest.mark.parametrize(
    "dependency", PROJECT["project"]["dependencies"] + PROJECT["project"]["optional-dependencies"]["otel"]
)
def test_whoever_wants_traces_gets_all_from_one_file(dependency: str) -> None:
    assert_satisfied(Requirement(dependency), pins("requirements-otel.txt"))


@pytest.mark.parametrize("file", ["requirements.txt", "requirements-otel.txt"])
def test_developers_run_the_versions_that_users_run(file: str) -> None:
    development = pins("requirements-dev.txt")
    assert {n: v for n, v in pins(file).items() if development.get(n) != v} == {}


@pytest.mark.parametrize("file", ["requirements.txt", "requirements-dev.txt", "requirements-otel.txt"])
def test_the_pins_hold_all_that_the_pinned_packages_need_here(file: str) -> None:
    pinned, environment = pins(file), default_environment()
    for name in pinned:
        try:
            needs = importlib.metadata.requires(name) or []
        except importlib.metadata.PackageNotFoundError:
            continue  # pinned for another platform
        for need in map(Requirement, needs):
            if need.marker is None or need.marker.evaluate({**environment, "extra": ""}):
                assert canonicalize_name(need.name) in pinned, f"{name} needs {need}"


def test_every_import_of_the_package_is_a_declared_dependency() -> None:
    packages = importlib.metadata.packages_distributions()
    declared = {canonicalize_name(Requirement(d).name) for d in PROJECT["project"]["dependencies"]}
    needed_by_declared = {
        "alembic": "flask-migrate",
        "werkzeug": "flask",
        "click": "flask",
        "markupsafe": "jinja2",
    }
    traces = {canonicalize_name(d) for d in PROJECT["project"]["optional-dependencies"]["otel"]}
    undeclared = set()
    for path in (ROOT / "sostrades_api").rglob("*.py"):
        for module in re.findall(r"^\s*(?:from|import) (\w+)", path.read_text("utf-8"), re.MULTILINE):
            owners = {canonicalize_name(owner) for owner in packages.get(module, ())}
            if path.name == "spans.py" and owners & traces:  # imported only where they are wanted
                continue
            if owners and not owners & declared and needed_by_declared.get(module) not in declared:
                undeclared.add(f"{path.name}: {module}")
    assert undeclared == set()
