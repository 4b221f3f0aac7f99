"""The plan of a study case's process, with what every study of that process shows alike."""

import functools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import xxhash

from sostrades_api.engine import EngineError, InvalidInputs, Plan
from sostrades_api.errors import NotFoundError, StudyNotLoadableError
from sostrades_api.processes import catalogue
from sostrades_api.services.parameter_json import default_of, described, json_bytes, json_value, show
from sostrades_api.services.public_text import public_text


@dataclass(frozen=True)
class StudyPlan:
    """A plan, and what is shown of each of its variables by relative name; not to be changed.

    Attributes:
        plan: The plan.
        descriptions: What does not depend on the value.
        defaults: The same with the default, tables as placeholders; an output shows null.
        fingerprint: A digest of the descriptions and defaults.
    """

    plan: Plan
    descriptions: Mapping[str, dict[str, Any]]
    defaults: Mapping[str, dict[str, Any]]
    fingerprint: str


def study_plan(process_name: str, given: Mapping[str, Any] | None = None) -> StudyPlan:
    """The plan of this process for these values by relative name; only structuring names are looked up.

    A stored structuring value that does not fit any more (its process has changed) counts as not given, so
    that the study case can be loaded and mended.

    Raises:
        StudyNotLoadableError: the process is not installed any more, or cannot be built.
    """
    try:
        return described_plan(_plan_for(catalogue.plan_of(process_name), given or {}))
    except NotFoundError as error:
        msg = f"its process {process_name!r} cannot be used: {public_text(error.detail)}"
        raise StudyNotLoadableError(msg) from error
    except EngineError as error:
        msg = f"its process {process_name!r} cannot be built: {public_text(str(error))}"
        raise StudyNotLoadableError(msg) from error


def _plan_for(plan: Plan, given: Mapping[str, Any]) -> Plan:
    while True:
        try:
            return plan.plan_for(given)
        except InvalidInputs as error:
            given = _Without(given, error.faults)


class _Without(Mapping[str, Any]):
    """Values without some of them."""

    def __init__(self, values: Mapping[str, Any], names: Iterable[str]) -> None:
        self._values, self._names = values, frozenset(names)

    def __getitem__(self, name: str) -> Any:
        if name in self._names:
            raise KeyError(name)
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return (name for name in self._values if name not in self._names)

    def __len__(self) -> int:
        return sum(1 for _ in self)


def require_installed(process_name: str) -> None:
    """Raise `StudyNotLoadableError` at once when a process is gone, without building its plan."""
    if process_name not in catalogue.names():
        study_plan(process_name)


@functools.lru_cache(maxsize=256)
def described_plan(plan: Plan) -> StudyPlan:
    """A plan with what is shown of its variables."""
    descriptions = {name: described(variable) for name, variable in plan.variables.items()}
    defaults = {name: {**descriptions[name], **show(default_of(v))} for name, v in plan.variables.items()}
    exact = [json_value(default_of(variable), tables=True) for variable in plan.variables.values()]
    fingerprint = xxhash.xxh3_64_hexdigest(json_bytes([descriptions, exact]))[:12]
    return StudyPlan(plan, descriptions, defaults, fingerprint)
