"""The snapshot of parameters that an execution runs on."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from sostrades_api.engine import Plan
from sostrades_api.models import ExecutionValue
from sostrades_api.storage import ValueStore

_DIGESTS = select(ExecutionValue.name, ExecutionValue.digest).where(
    ExecutionValue.execution_id == bindparam("execution"), ExecutionValue.io == "in"
)


def execution_inputs(session: Session, *, execution_id: int, values: ValueStore) -> dict[str, Any]:
    """Values by name relative to the study; variables at their default are not among them."""
    return inputs_of(session, input_digests(session, execution_id=execution_id), values=values)


def input_digests(session: Session, *, execution_id: int) -> dict[str, str]:
    """The digests of these values, by name."""
    found = session.execute(_DIGESTS, {"execution": execution_id})
    return {name: digest for name, digest in found}  # noqa: C416 - rows, not pairs


def inputs_of(session: Session, digests: Mapping[str, str], *, values: ValueStore) -> dict[str, Any]:
    """The values of these digests, by name."""
    found = values.get_many(session, digests.values())
    return {name: found[digest] for name, digest in digests.items()}


def present_inputs(inputs: dict[str, Any], *, plan: Plan) -> dict[str, Any]:
    """Without the stored values of variables that structuring inputs have made disappear."""
    if not plan.is_dynamic:
        return inputs
    return {name: value for name, value in inputs.items() if name in plan.variables}
