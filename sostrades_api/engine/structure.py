"""What a discipline or a process adds for the values of its structuring inputs."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Declared:
    """What ``Discipline.structure`` adds; what it does not declare again at the next values disappears.

    Attributes:
        inputs: descriptors by short name, as in DESC_IN; one may itself be structuring.
        outputs: descriptors by short name, as in DESC_OUT.
        defaults: values by short name, in place of the defaults of inputs.
    """

    inputs: Mapping[str, Any] = field(default_factory=dict)
    outputs: Mapping[str, Any] = field(default_factory=dict)
    defaults: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Whoever says None instead of nothing is told at once."""
        _require_dicts(self)


@dataclass(frozen=True, kw_only=True)
class Composed:
    """What the ``structure`` function of a process adds to what the process says itself.

    Attributes:
        disciplines: as in ``Process``: path -> Discipline class, Process or Place.
        namespaces: as in ``Process``.
        inputs: further structuring inputs, as in ``Process``.
    """

    disciplines: Mapping[str, Any] = field(default_factory=dict)
    namespaces: Mapping[str, str] = field(default_factory=dict)
    inputs: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Whoever says None instead of nothing is told at once."""
        _require_dicts(self)


def _require_dicts(said: Any) -> None:
    for each in fields(said):
        value = getattr(said, each.name)
        if not isinstance(value, Mapping):
            msg = f"{each.name} must be a dict, not {type(value).__name__}"
            raise TypeError(msg)


NOTHING_DECLARED = Declared()
NOTHING_COMPOSED = Composed()
