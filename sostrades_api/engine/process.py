"""A process: a template of disciplines, where they stand, and how their names meet."""

from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass, field
from pathlib import Path
from typing import Any

from sostrades_api.engine.discipline import Discipline
from sostrades_api.engine.structure import Composed


@dataclass(frozen=True)
class Place:
    """A discipline, or a whole process, with namespaces of its own at one place of a process."""

    discipline: "type[Discipline] | Process"
    _: KW_ONLY
    namespaces: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Reference:
    """A named set of input values of a process; names are relative to the study."""

    name: str
    _: KW_ONLY
    label: str = ""
    description: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Process:
    """A template: disciplines by path, namespaces by node ("" is the study itself), and its references.

    A process within a process has all its paths and nodes below its own place ("" is that place). Its
    disciplines look a namespace up at their own ``Place``, then at the ``Place`` of the process, in the
    process, and last in the process around it. ``numerical`` and ``references`` are those of the outermost
    process.

    ``couplings`` are nodes with numerical parameters of their own, ``{"Climate": {"tolerance": 1e-6}}``: what
    is coupled below such a node is solved by them, inside the loops that it is part of.

    ``inputs`` are descriptors of structuring inputs at the node of the process; once each has a value,
    ``structure`` gets the values by short name and returns what it adds: disciplines, namespaces, inputs.
    """

    name: str
    _: KW_ONLY
    disciplines: "Mapping[str, Entry]" = field(default_factory=dict)
    label: str = ""
    description: str = ""
    namespaces: Mapping[str, str] = field(default_factory=dict)
    numerical: Mapping[str, Any] = field(default_factory=dict)
    couplings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    references: tuple[Reference, ...] = ()
    documentation: Path | None = None
    inputs: Mapping[str, Any] = field(default_factory=dict)
    structure: Callable[[Mapping[str, Any]], Composed] | None = None


Entry = type[Discipline] | Process | Place
"""What stands at a path of a process."""
