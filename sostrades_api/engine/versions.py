"""The version of a discipline: a digest of all that decides what it computes from its inputs.

That is its source, the source of whatever that source imports, its data files, this engine, and the name and
version of everything that is installed: a library that others import may be upgraded without them.
"""

import ast
import platform
import sys
import sysconfig
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from importlib import machinery, metadata, util
from pathlib import Path
from types import ModuleType
from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd
import scipy

from sostrades_api.engine.digests import text_digest
from sostrades_api.engine.discipline import Discipline

_ENGINE = __name__.rpartition(".")[0]
_SURROUNDING = frozenset({"numpy", "pandas", "scipy"})
_ENDS = (*machinery.SOURCE_SUFFIXES, *machinery.EXTENSION_SUFFIXES)
_IMPORTERS = frozenset({"import_module", "__import__"})
# what they run is found nowhere in a source
_LOADERS = frozenset({"exec_module", "spec_from_file_location", "run_module", "run_path"})
_SITE = tuple({Path(sysconfig.get_path(name)).resolve() for name in ("purelib", "platlib")})


@dataclass(frozen=True)
class _Version:
    """A digest, and the data files that it was made from as they were then."""

    digest: str
    data: tuple[tuple[Path, tuple[int, int, int]], ...]

    @property
    def holds(self) -> bool:
        """Whether the data files are still those."""
        try:
            return all(_stat(path) == before for path, before in self.data)
        except OSError:
            return False


_KNOWN: WeakKeyDictionary[type[Discipline], _Version | None] = WeakKeyDictionary()
_LIKELY: WeakKeyDictionary[type[Discipline], _Version | None] = WeakKeyDictionary()


def discipline_version(cls: type[Discipline]) -> str | None:
    """The version of a class; None when its outputs cannot be re-used.

    That is so for a class that is not deterministic, whose source or data cannot be read, or changed after
    the class was made, whose source imports by names or files that only a run knows, or that is not what its
    module has under its name (made in a function, say: two of them may differ and look the same).
    """
    if cls not in _KNOWN:
        _KNOWN[cls] = _version(cls)
    version = _KNOWN[cls]
    return version.digest if version is not None and version.holds else None


def likely_version(cls: type[Discipline]) -> str:
    """The version, or as much of it as can be known: for results that only the same execution takes up.

    Of a class that is not deterministic, what it would be if it were; of one whose source is not all known,
    its name, its own ``VERSION`` and everything that is installed.
    """
    known = discipline_version(cls)
    if known is not None:
        return known
    if cls not in _LIKELY:
        _LIKELY[cls] = _version_of_source(cls)
    version = _LIKELY[cls]
    if version is not None and version.holds:
        return version.digest
    return text_digest("likely", f"{cls.__module__}:{cls.__qualname__}", cls.VERSION, *_surroundings())


def sources_of(cls: type[Discipline]) -> list[Path]:
    """The source files that a version covers."""
    return _sources(base.__module__ for base in _bases(cls))[0]


def _bases(cls: type[Discipline]) -> list[type[Discipline]]:
    return [base for base in cls.__mro__ if issubclass(base, Discipline) and base is not Discipline]


def data_state(cls: type[Discipline]) -> tuple[object, ...]:
    """What tells whether the data files of a class have been changed; empty when it names none."""
    try:
        return tuple(_stat(path) for path in _data_files(cls))
    except (OSError, LookupError):
        return (object(),)  # like no other


def _data_files(cls: type[Discipline]) -> list[Path]:
    return [Path(_file_of(base.__module__)).parent / name for base in _bases(cls) for name in base.DATA_FILES]


def _version(cls: type[Discipline]) -> _Version | None:
    return _version_of_source(cls) if cls.DETERMINISTIC else None


def _version_of_source(cls: type[Discipline]) -> _Version | None:
    if not _is_found_by_name(cls):
        return None
    bases = _bases(cls)
    try:
        files, libraries = _sources(base.__module__ for base in bases)
        data = _data_files(cls)
        # what runs is what was read then, whatever the files hold now
        if any(_changed(path) > cls.made_at for path in (*files, *data)):
            return None
        stats = tuple((path, _stat(path)) for path in data)
        contents = [_file_digest(path) for path in (*files, *data)]
    except (OSError, SyntaxError, ValueError, LookupError):
        return None
    name = f"{cls.__module__}:{cls.__qualname__}"
    return _Version(text_digest(name, cls.VERSION, *contents, *libraries, *_surroundings()), stats)


def _is_found_by_name(cls: type[Discipline]) -> bool:
    found: object = sys.modules.get(cls.__module__)
    for name in cls.__qualname__.split("."):
        found = getattr(found, name, None)
    return found is cls and cls.__module__ != "__main__"


def _sources(modules: Iterable[str]) -> tuple[list[Path], list[str]]:
    """The files of modules and of what they import, directly or not; of libraries the name and a digest."""
    waiting, found, libraries = list(modules), dict[str, Path](), set[str]()
    own = {name.partition(".")[0] for name in waiting}
    while waiting:
        name = waiting.pop()
        if name in found or name == _ENGINE or name.startswith(f"{_ENGINE}."):
            continue
        top, parent = name.partition(".")[0], name.rpartition(".")[0]
        if parent:  # it was imported before
            waiting.append(parent)
        if top in sys.stdlib_module_names or top in _SURROUNDING:
            continue
        path = _path_of(name)
        if path is None:  # an attribute, or a module that is not there
            continue
        if top not in own and _is_installed(path):
            libraries.add(f"{top} {_library_digest(top)}")
            continue
        found[name] = path
        waiting += _imported(name, path, _stat(path))
    return sorted(set(found.values())), sorted(libraries)


def _file_of(module: str) -> str:
    loaded: ModuleType = sys.modules[module]
    if not loaded.__file__:
        raise LookupError(module)
    return loaded.__file__


def _path_of(name: str) -> Path | None:
    """The file of a module, loaded or not yet: one that is imported inside a function, say."""
    loaded = sys.modules.get(name)
    if loaded is not None:
        file = getattr(loaded, "__file__", None)
        return Path(file) if file else None
    parent, _, last = name.rpartition(".")
    if not parent:
        found = util.find_spec(name)
        return Path(found.origin) if found is not None and found.has_location and found.origin else None
    for folder in _folders(parent):
        for path in (folder / last / "__init__.py", *(folder / (last + end) for end in _ENDS)):
            if path.is_file():
                return path
    return None


def _folders(package: str) -> list[Path]:
    """Where the modules of a package lie, loaded or not yet; nowhere when it is none."""
    loaded = sys.modules.get(package)
    if loaded is not None:
        return list(map(Path, getattr(loaded, "__path__", ())))
    parent, _, last = package.rpartition(".")
    if parent:
        return [folder / last for folder in _folders(parent) if (folder / last).is_dir()]
    found = util.find_spec(package)
    return list(map(Path, (found and found.submodule_search_locations) or ()))


def _is_installed(path: Path) -> bool:
    resolved = path.resolve()
    return any(resolved.is_relative_to(site) for site in _SITE)


@cache
def _imported(module: str, path: Path, _of: tuple[int, int, int]) -> tuple[str, ...]:
    """What a module's source names in its imports, or of what it imports: modules, attributes of modules.

    Raises:
        LookupError: it imports what only a run knows.
    """
    if path.suffix != ".py":
        return ()
    loaded = sys.modules.get(module)
    is_package = path.name == "__init__.py"
    package = (loaded and loaded.__package__) or (module if is_package else module.rpartition(".")[0])
    names: list[str] = []
    known: dict[str, str] = {}  # full names of what is imported, by the names it has here
    importers = set(_IMPORTERS)
    tree = ast.parse(path.read_bytes())
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
            known |= dict(_bound(alias) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = util.resolve_name("." * node.level + (node.module or ""), package)
            names += [base, *(f"{base}.{alias.name}" for alias in node.names)]
            known |= {alias.asname or alias.name: f"{base}.{alias.name}" for alias in node.names}
            importers |= {alias.asname for alias in node.names if alias.asname and alias.name in _IMPORTERS}
    return (*names, *_parts_named(tree, known), *_called_imports(tree, importers, package))


def _bound(alias: ast.alias) -> tuple[str, str]:
    """What ``import a.b`` and ``import a.b as c`` call what they import: a is a, and c is a.b."""
    top = alias.name.partition(".")[0]
    return (alias.asname, alias.name) if alias.asname else (top, top)


def _parts_named(tree: ast.AST, known: Mapping[str, str]) -> set[str]:
    """Full names of parts of what is imported: of a package, modules that others import may be used."""
    parts = set[str]()
    for node in ast.walk(tree):
        names: list[str] = []
        whole = node
        while isinstance(whole, ast.Attribute):
            names.append(whole.attr)
            whole = whole.value
        if names and isinstance(whole, ast.Name) and whole.id in known:
            parts.add(".".join((known[whole.id], *reversed(names))))
    return parts


def _called_imports(tree: ast.AST, importers: Collection[str], package: str) -> Iterator[str]:
    calls = {id(node.func): node for node in ast.walk(tree) if isinstance(node, ast.Call)}
    for node in ast.walk(tree):
        name = node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", None)
        if name in _LOADERS:
            raise LookupError(name)
        if name not in importers:
            continue
        call = calls.get(id(node))
        given = call.args if call and not call.keywords else []
        if len(given) != 1 or not isinstance(given[0], ast.Constant):
            raise LookupError(name)
        yield util.resolve_name(str(given[0].value), package)


@cache
def _library_digest(top: str) -> str:
    path = _path_of(top)
    return _file_digest(path) if path else ""


def _file_digest(path: Path) -> str:
    return blake2b(path.read_bytes(), digest_size=32).hexdigest()


def _changed(path: Path) -> float:
    """When a file was last written or put in its place."""
    stat = path.stat()
    return max(stat.st_mtime, stat.st_ctime)


def _stat(path: Path) -> tuple[int, int, int]:
    stat = path.stat()
    return stat.st_ino, stat.st_size, stat.st_mtime_ns


@cache
def _surroundings() -> tuple[str, ...]:
    here = Path(__file__).parent
    engine = [_file_digest(path) for path in sorted(here.rglob("*.py"))]
    libraries = (np.__version__, pd.__version__, scipy.__version__)
    return (*engine, *libraries, _installed(), platform.python_version(), platform.machine())


def _installed() -> str:
    """A digest of the metadata of all that is installed; to read only versions takes longer."""
    found = metadata.distributions()
    return text_digest(
        *sorted({each.read_text("METADATA") or each.read_text("PKG-INFO") or "" for each in found})
    )
