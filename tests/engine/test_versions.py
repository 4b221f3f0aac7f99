"""The version of a discipline covers whatever runs when it is imported and run."""

import sys
from importlib import import_module

import pytest

from sostrades_api.engine import versions

MODEL = "from sostrades_api.engine import Discipline\n{imports}\nclass Model(Discipline):\n    pass\n"


@pytest.fixture
def version(tmp_path, monkeypatch):
    """Write files of the package ``covered`` and its model, and say the version as a new process has it."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def run(imports, files):
        for name, text in {"covered/model.py": MODEL.format(imports=imports), **files}.items():
            path = tmp_path / name
            path.parent.mkdir(exist_ok=True, parents=True)
            path.write_text(text)
        for name in [name for name in sys.modules if name.partition(".")[0] in {"covered", "lib"}]:
            del sys.modules[name]
        versions._surroundings.cache_clear()
        return versions.discipline_version(import_module("covered.model").Model)

    yield run
    versions._surroundings.cache_clear()


@pytest.mark.parametrize(
    ("imports", "changed"),
    [
        ("import lib.helper", "lib/__init__.py"),
        ("from lib.deep.helper import f", "lib/__init__.py"),
        ("import lib\ndef f(): return lib.deep.helper.f", "lib/deep/helper.py"),  # another may import it
        ("def f(): from lib.deep.helper import f", "lib/deep/helper.py"),
        ("import lib.helper as h\nf = h.f", "lib/helper.py"),
        ("from lib import deep as d\ndef f(): return d.helper.f", "lib/deep/helper.py"),
        ("", "covered/__init__.py"),
        ("import importlib\nh = importlib.import_module('covered.helper')", "covered/helper.py"),
        ("from importlib import import_module as get\nh = get('covered.helper')", "covered/helper.py"),
        ("h = __import__('covered.helper')", "covered/helper.py"),
        ("import math", "lib-1.dist-info/METADATA"),  # others may import it
    ],
)
def test_the_version_changes_with(version, imports, changed):
    files = {f"{name}.py": "f = 1\n" for name in ("lib/__init__", "lib/helper", "covered/helper")}
    files |= {"lib/deep/__init__.py": "", "lib/deep/helper.py": "f = 1\n", "covered/__init__.py": ""}
    files["lib-1.dist-info/METADATA"] = "Metadata-Version: 2.1\nName: lib\nVersion: 1\n"
    first = version(imports, files)
    assert first is not None
    assert version(imports, files) == first
    assert version(imports, {**files, changed: files[changed] + "# changed\n"}) != first


@pytest.mark.parametrize(
    "imports",
    [
        "import importlib\nname = 'math'\nh = importlib.import_module(name)",
        "import importlib\nget = importlib.import_module\nh = get('math')",
        "import runpy\ndef f(): runpy.run_path('math.py')",
    ],
)
def test_what_imports_by_a_name_that_only_a_run_knows_has_no_version(version, imports):
    assert version(imports, {"covered/__init__.py": ""}) is None
