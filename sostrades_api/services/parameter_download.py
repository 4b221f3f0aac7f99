"""Download one parameter of a study case, or one output of its latest finished execution, as CSV."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from sostrades_api.engine import MISSING, Variable
from sostrades_api.errors import FaultyItem, InvalidValuesError, NoResultError, NotFoundError
from sostrades_api.models import Execution, ExecutionValue, StudyCase, StudyParameter
from sostrades_api.services.execution_unconverged import execution_unconverged
from sostrades_api.services.stored_values import StoredValues
from sostrades_api.services.study_case_load import execution_find_finished
from sostrades_api.services.study_case_names import find_relative_name
from sostrades_api.services.study_plan import study_plan
from sostrades_api.storage import ValueStore
from sostrades_api.storage.csv_format import CsvError, dump


@dataclass(frozen=True, kw_only=True)
class DownloadedParameter:
    """A CSV file; the name of one that depends on a loop that did not converge says so."""

    file_name: str
    content: bytes
    converged: bool = True


def parameter_download(
    session: Session, study: StudyCase, *, parameter_key: str, values: ValueStore
) -> DownloadedParameter:
    """The value as the CSV that an update takes; outputs are those of the latest finished execution.

    Raises:
        NotFoundError: the study case has no variable of this name.
        NoResultError: it is an output, and no execution has finished yet; or it has no value yet.
        InvalidValuesError: its value has no CSV form (an array of three dimensions, say).
        StudyNotLoadableError: the study case's process is not installed any more, or cannot be built.
    """
    variable, value = parameter_value(session, study, parameter_key=parameter_key, values=values)
    content = as_csv(variable, value, parameter_key=parameter_key)
    converged = not _is_unconverged(session, study, parameter_key=parameter_key)
    ending = ".csv" if converged else ".not-converged.csv"
    return DownloadedParameter(file_name=f"{parameter_key}{ending}", content=content, converged=converged)


def parameter_value(
    session: Session, study: StudyCase, *, parameter_key: str, values: ValueStore
) -> tuple[Variable, Any]:
    """The variable of this full name and its value; raises what `parameter_download` raises of these."""
    plan = study_plan(study.process_name, StoredValues(session, study.id, values=values)).plan
    name = find_relative_name(study.name, full=parameter_key)
    planned = plan.variables.get(name) if name is not None else None
    if name is None or planned is None:
        msg = f"this study case has no variable {parameter_key!r}"
        raise NotFoundError(msg)
    if planned.io == "out":
        value = _find_output(session, study, name=name, values=values)
    else:
        value = _find_input(session, study, name=name, values=values, default=planned.default)
    if value is MISSING:
        msg = f"the variable {parameter_key!r} has no value yet"
        raise NoResultError(msg)
    return planned.variable, value


def as_csv(variable: Variable, value: Any, *, parameter_key: str) -> bytes:
    """The value as CSV; raises `InvalidValuesError` when it has no such form."""
    try:
        return dump(variable, value)
    except CsvError as error:
        raise InvalidValuesError(
            [FaultyItem(fault, variable_id=parameter_key) for fault in error.faults]
        ) from error


def _is_unconverged(session: Session, study: StudyCase, *, parameter_key: str) -> bool:
    name = find_relative_name(study.name, full=parameter_key)
    execution_id = execution_find_finished(session, study.id)
    if (
        name is None
        or execution_id is None
        or session.get(ExecutionValue, (execution_id, "out", name)) is None
    ):
        return False
    return execution_unconverged(session.get(Execution, execution_id)).has_variable(name)


def _find_input(session: Session, study: StudyCase, *, name: str, values: ValueStore, default: Any) -> Any:
    row = session.get(StudyParameter, (study.id, name))
    return default if row is None else values.get(session, row.digest)


def _find_output(session: Session, study: StudyCase, *, name: str, values: ValueStore) -> Any:
    execution_id = execution_find_finished(session, study.id)
    if execution_id is None:
        msg = "this variable is computed, and no execution of the study case has finished yet"
        raise NoResultError(msg)
    row = session.get(ExecutionValue, (execution_id, "out", name))
    return MISSING if row is None else values.get(session, row.digest)
