"""Every shipped discipline can be re-used: it has a version, which covers what it reads."""

import ast
from pathlib import Path

import pytest

from sostrades_api.engine.versions import discipline_version, sources_of
from sostrades_api.processes import catalogue

CLASSES = sorted(
    {
        type(plan.discipline(path))
        for plan in map(catalogue.plan_of, ("dice2016r", "sellar", "ssbj"))
        for path in plan.disciplines
    },
    key=lambda cls: cls.__qualname__,
)
PACKAGES = Path(__file__).resolve().parents[2] / "sostrades_api" / "disciplines"


def named_files(path):
    """The last parts of file names that a module's source has as texts."""
    texts = (node.value for node in ast.walk(ast.parse(path.read_bytes())) if isinstance(node, ast.Constant))
    files = {Path(text).name for text in texts if isinstance(text, str) and len(text) < 100}
    return {name for name in files if Path(name).suffix in {".csv", ".json", ".npy", ".npz", ".txt", ".yaml"}}


@pytest.mark.parametrize("cls", CLASSES)
def test_a_shipped_discipline_has_a_version_that_covers_its_files(cls):
    assert discipline_version(cls) is not None
    sources = sources_of(cls)
    own = PACKAGES / cls.__module__.split(".")[2]
    assert own / f"{cls.__module__.rpartition('.')[2]}.py" in sources
    read = set().union(*(named_files(path) for path in sources if path.is_relative_to(own)))
    assert read <= {Path(name).name for name in cls.DATA_FILES}


def test_two_disciplines_have_two_versions():
    assert len({discipline_version(cls) for cls in CLASSES}) == len(CLASSES)
