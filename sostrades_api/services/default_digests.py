"""Digests of a plan's defaults, as if they were stored: a default given explicitly is the same value."""

import functools
from collections.abc import Collection, Mapping

from sostrades_api.engine import MISSING, Plan
from sostrades_api.engine.protection import thaw
from sostrades_api.services.exact_value import exact_encoding


@functools.lru_cache(maxsize=256)
def default_digests(plan: Plan) -> Mapping[str, str]:
    """By name relative to the study, of every variable that has a default."""
    found = {}
    for name, variable in plan.variables.items():
        value = thaw(variable.default) if variable.default is not MISSING else MISSING
        if value is MISSING:
            continue
        encoded = exact_encoding(value)
        if not isinstance(encoded, str):
            found[name] = encoded.digest
    return found


def known_digests(plan: Plan, *, given: Mapping[str, str], previous: Collection[str]) -> dict[str, str]:
    """The digests of what an execution starts with, where they are known.

    Args:
        plan: what is executed.
        given: of the given values, by name; what the plan does not have is left out.
        previous: names of couplings that start, if no value is given, from an earlier result.
    """
    defaults = {name: digest for name, digest in default_digests(plan).items() if name not in previous}
    return defaults | {name: digest for name, digest in given.items() if name in plan.variables}
