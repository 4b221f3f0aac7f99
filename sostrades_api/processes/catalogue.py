"""Which processes are installed: the shipped sub-packages and those of third-party packages.

A shipped process is a sub-package of ``sostrades_api.processes`` with a module attribute ``process``. A
third-party package adds one by an entry point of the group ``sostrades.processes``, whose object is a
``Process`` or a module with such an attribute. One that cannot be imported is listed by `broken` with its
reason; the others still work.
"""

import difflib
import importlib
import pkgutil
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from types import MappingProxyType

from sostrades_api.engine import Plan, Process, build
from sostrades_api.errors import NotFoundError

SHIPPED_PACKAGE = "sostrades_api.processes"
ENTRY_POINT_GROUP = "sostrades.processes"


class UnknownProcess(NotFoundError):  # noqa: N818 - named like the engine's conditions
    """No process of this name is installed."""

    def __init__(self, name: str, detail: str | None = None, *, close: tuple[str, ...] = ()) -> None:
        hint = f"; did you mean {' or '.join(map(repr, close))}?" if close else ""
        super().__init__(detail or f"no process named {name!r} is installed{hint}")
        self.name = name
        self.close = close


class BrokenProcess(UnknownProcess):
    """The process is installed, but cannot be imported."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(name, f"process {name!r} is installed, but cannot be used: {reason}")
        self.reason = reason


@dataclass(frozen=True)
class _Found:
    """What a search brought: usable processes, and the reasons of the unusable ones, by name."""

    processes: dict[str, Process] = field(default_factory=dict)
    broken: dict[str, str] = field(default_factory=dict)


class Catalogue:
    """The processes of one package and one entry-point group; safe to share between threads."""

    def __init__(self, *, package: str = SHIPPED_PACKAGE, group: str = ENTRY_POINT_GROUP) -> None:
        self._package = package
        self._group = group
        self._lock = threading.RLock()
        self._found: _Found | None = None
        self._plans: dict[str, Plan] = {}

    def names(self) -> tuple[str, ...]:
        """Names of the usable processes, sorted."""
        return tuple(sorted(self._search().processes))

    def broken(self) -> Mapping[str, str]:
        """Reason by name of every process that is installed but cannot be used."""
        return MappingProxyType(self._search().broken)

    def get(self, name: str) -> Process:
        """The process of this name; raises `UnknownProcess`, or its kind `BrokenProcess`."""
        found = self._search()
        if name in found.processes:
            return found.processes[name]
        if name in found.broken:
            raise BrokenProcess(name, found.broken[name])
        raise UnknownProcess(name, close=tuple(difflib.get_close_matches(name, found.processes, n=3)))

    def plan_of(self, name: str) -> Plan:
        """The plan of this process, built at the first call and shared by all later ones.

        Raises:
            UnknownProcess: nothing of this name is installed, or it cannot be imported.
            BuildError: the process's disciplines do not fit together.
        """
        plan = self._plans.get(name)
        if plan is None:
            process = self.get(name)
            with self._lock:
                if name not in self._plans:
                    self._plans[name] = build(process)
                plan = self._plans[name]
        return plan

    def _search(self) -> _Found:
        with self._lock:
            if self._found is None:
                found = _Found()
                for name, load in self._candidates():
                    _add(found, name, load)
                self._found = found
        return self._found

    def _candidates(self) -> Iterator[tuple[str, Callable[[], object]]]:
        """Name and loader of each candidate; the shipped ones first, so that nobody can replace them."""
        for module in pkgutil.iter_modules(importlib.import_module(self._package).__path__):
            if module.ispkg:
                dotted = f"{self._package}.{module.name}"
                yield module.name, lambda dotted=dotted: importlib.import_module(dotted)
        for entry_point in sorted(
            entry_points(group=self._group), key=lambda found: (found.name, found.value)
        ):
            yield entry_point.name, entry_point.load


def _add(found: _Found, name: str, load: Callable[[], object]) -> None:
    """Load one candidate into ``found``, as usable under its process's name or as broken under its own."""
    try:
        loaded = load()
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a foreign package may raise anything at all
        found.broken.setdefault(name, f"{type(error).__name__}: {error}")
        return
    process = getattr(loaded, "process", loaded)
    if not isinstance(process, Process):
        found.broken.setdefault(name, "it has no attribute `process` that is a Process")
    elif process.name in found.processes:
        found.broken.setdefault(name, f"another package already provides a process named {process.name!r}")
    else:
        found.processes[process.name] = process


_INSTALLED = Catalogue()
names = _INSTALLED.names
broken = _INSTALLED.broken
get = _INSTALLED.get
plan_of = _INSTALLED.plan_of
