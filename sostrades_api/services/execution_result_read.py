"""Read what the latest finished execution of a study case ran on and what came out of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, defer

from sostrades_api.engine import Plan
from sostrades_api.models import Execution, ExecutionValue, StudyCase
from sostrades_api.services.execution_unconverged import Unconverged, execution_unconverged
from sostrades_api.services.study_case_load import execution_find_finished
from sostrades_api.services.study_plan import study_plan
from sostrades_api.storage import ValueStore


@dataclass(frozen=True, kw_only=True)
class ExecutionOutcome:
    """A finished execution with its plan, the inputs that were given and all values, by relative name."""

    execution: Execution
    plan: Plan
    given: Mapping[str, Any]
    values: Mapping[str, Any]

    @cached_property
    def unconverged(self) -> Unconverged:
        """What of it depends on a loop that did not converge."""
        return execution_unconverged(self.execution)

    def value(self, name: str) -> Any:
        """A value by relative name, the default where none was given; None when there is no such variable."""
        if name in self.values:
            return self.values[name]
        planned = self.plan.variables.get(name)
        return planned.default if planned else None


def execution_result_read(
    session: Session, study: StudyCase, *, values: ValueStore
) -> ExecutionOutcome | None:
    """Inputs and outputs of the latest finished execution; None before the first one.

    Raises:
        StudyNotLoadableError: The process is not installed any more, or cannot be built.
    """
    execution = execution_find_result(session, study_case_id=study.id)
    if execution is None:
        return None
    query = select(ExecutionValue).where(ExecutionValue.execution_id == execution.id)
    rows = session.scalars(query).all()
    found = values.get_many(session, [row.digest for row in rows])
    sides: dict[str, dict[str, Any]] = {"in": {}, "out": {}}
    for row in rows:
        sides[row.io][row.name] = found[row.digest]
    plan = study_plan(execution.process_name, sides["in"]).plan
    return ExecutionOutcome(
        execution=execution, plan=plan, given=sides["in"], values=sides["in"] | sides["out"]
    )


def execution_find_result(session: Session, *, study_case_id: int) -> Execution | None:
    """The execution whose results the study case shows."""
    execution_id = execution_find_finished(session, study_case_id)
    if execution_id is None:
        return None
    return session.get(
        Execution, execution_id, options=[defer(Execution.traceback), defer(Execution.profile)]
    )
