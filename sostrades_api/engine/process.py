"""A process: a template of disciplines, where they stand, and how their names meet."""

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field
from pathlib import Path
from typing import Any

from sostrades_api.engine.discipline import Discipline


@dataclass(frozen=True)
class Place:
    """A discipline with namespaces of its own at one place of a process."""

    discipline: type[Discipline]
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
    """A template: disciplines by path, namespaces by node ("" is the study itself), and its references."""

    name: str
    _: KW_ONLY
    disciplines: Mapping[str, type[Discipline] | Place]
    label: str = ""
    description: str = ""
    namespaces: Mapping[str, str] = field(default_factory=dict)
    numerical: Mapping[str, Any] = field(default_factory=dict)
    references: tuple[Reference, ...] = ()
    documentation: Path | None = None
