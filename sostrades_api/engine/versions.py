"""The version of a discipline: a digest of all that decides what it computes from its inputs.

That is its source, the source of whatever modules of its own package that source imports, its data files,
this engine, and the libraries that numbers come from.
"""

import ast
import platform
import sys
from functools import cache
from hashlib import blake2b
from importlib import util
from pathlib import Path
from types import ModuleType
from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd
import scipy

from sostrades_api.engine.digests import text_digest
from sostrades_api.engine.discipline import Discipline

_KNOWN: WeakKeyDictionary[type[Discipline], str | None] = WeakKeyDictionary()


def discipline_version(cls: type[Discipline]) -> str | None:
    """The version of a class; None when its outputs cannot be re-used.

    That is so for a class that is not deterministic, whose source or data cannot be read, or that is not what
    its module has under its name (made in a function, say: two of them may differ and look the same).
    """
    if cls not in _KNOWN:
        _KNOWN[cls] = _version(cls)
    return _KNOWN[cls]


def _version(cls: type[Discipline]) -> str | None:
    if not cls.DETERMINISTIC or not _is_found_by_name(cls):
        return None
    bases = [base for base in cls.__mro__ if issubclass(base, Discipline) and base is not Discipline]
    try:
        files = sorted({path for base in bases for path in _sources(base.__module__)})
        data = [Path(_file_of(base.__module__)).parent / name for base in bases for name in base.DATA_FILES]
        contents = [_file_digest(path) for path in (*files, *data)]
    except (OSError, SyntaxError, LookupError):
        return None
    return text_digest(f"{cls.__module__}:{cls.__qualname__}", cls.VERSION, *contents, *_surroundings())


def _is_found_by_name(cls: type[Discipline]) -> bool:
    found: object = sys.modules.get(cls.__module__)
    for name in cls.__qualname__.split("."):
        found = getattr(found, name, None)
    return found is cls and cls.__module__ != "__main__"


def _sources(module: str) -> list[Path]:
    """The files of a module and of those of its top package that it imports, directly or not."""
    top, waiting, found = module.partition(".")[0], [module], dict[str, Path]()
    engine = __name__.rpartition(".")[0]
    while waiting:
        name = waiting.pop()
        if name in found or name == engine or name.startswith(f"{engine}."):
            continue
        found[name] = _file_of(name)
        waiting += [other for other in _imported(name) if other.partition(".")[0] == top]
    return list(found.values())


def _file_of(module: str) -> Path:
    loaded: ModuleType = sys.modules[module]
    if not loaded.__file__:
        raise LookupError(module)
    return Path(loaded.__file__)


def _imported(module: str) -> list[str]:
    """Modules that a module's source imports and that are loaded."""
    loaded = sys.modules[module]
    names: list[str] = []
    for node in ast.walk(ast.parse(_file_of(module).read_bytes())):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            package = loaded.__package__ or module
            base = util.resolve_name("." * node.level + (node.module or ""), package)
            names += [base, *(f"{base}.{alias.name}" for alias in node.names)]
    return [name for name in names if getattr(sys.modules.get(name), "__file__", None)]


def _file_digest(path: Path) -> str:
    return blake2b(path.read_bytes(), digest_size=16).hexdigest()


@cache
def _surroundings() -> tuple[str, ...]:
    here = Path(__file__).parent
    engine = [_file_digest(path) for path in sorted(here.rglob("*.py"))]
    libraries = (np.__version__, pd.__version__, scipy.__version__)
    return (*engine, *libraries, platform.python_version(), platform.machine())
