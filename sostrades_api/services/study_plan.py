"""The plan of a study case's process, with what every study of that process shows alike."""

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import xxhash

from sostrades_api.engine import EngineError, Plan
from sostrades_api.errors import NotFoundError, StudyNotLoadableError
from sostrades_api.processes import catalogue
from sostrades_api.services.parameter_json import default_of, described, json_bytes, json_value, show
from sostrades_api.services.public_text import without_paths


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


def study_plan(process_name: str) -> StudyPlan:
    """The plan of this process.

    Raises:
        StudyNotLoadableError: the process is not installed any more, or cannot be built.
    """
    try:
        return _described_plan(catalogue.plan_of(process_name))
    except NotFoundError as error:
        msg = f"its process {process_name!r} cannot be used: {without_paths(error.detail)}"
        raise StudyNotLoadableError(msg) from error
    except EngineError as error:
        msg = f"its process {process_name!r} cannot be built: {without_paths(str(error))}"
        raise StudyNotLoadableError(msg) from error


def require_installed(process_name: str) -> None:
    """Raise `StudyNotLoadableError` at once when a process is gone, without building its plan."""
    if process_name not in catalogue.names():
        study_plan(process_name)


@functools.lru_cache(maxsize=256)
def _described_plan(plan: Plan) -> StudyPlan:
    descriptions = {name: described(variable) for name, variable in plan.variables.items()}
    defaults = {name: {**descriptions[name], **show(default_of(v))} for name, v in plan.variables.items()}
    exact = [json_value(default_of(variable), tables=True) for variable in plan.variables.values()]
    fingerprint = xxhash.xxh3_64_hexdigest(json_bytes([descriptions, exact]))[:12]
    return StudyPlan(plan, descriptions, defaults, fingerprint)
