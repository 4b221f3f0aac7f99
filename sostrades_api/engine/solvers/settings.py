"""Settings that fixed-point solvers share; frozen, unknown keys rejected."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Self

from sostrades_api.engine.errors import SettingsError


@dataclass(frozen=True, kw_only=True)
class FixedPointSettings:
    """How long to iterate, and how much of each change to take over."""

    max_mda_iter: int = 200
    tolerance: float = 1e-10
    relaxation_factor: float = 1.0

    def __post_init__(self) -> None:
        if self.max_mda_iter < 1 or self.tolerance < 0 or not 0 < self.relaxation_factor < 2:
            raise SettingsError(
                detail="max_mda_iter is at least 1, tolerance not negative, relaxation_factor between 0 and 2"
            )

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Self:
        """Settings by name.

        Raises:
            SettingsError: a name is not one of this solver's.
        """
        known = [field.name for field in fields(cls)]
        for name in given:
            if name not in known:
                near = difflib.get_close_matches(name, known, n=1)
                hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(known)}"
                raise SettingsError(detail=f"{cls.__name__} has no setting {name!r}; {hint}")
        return cls(**given)
