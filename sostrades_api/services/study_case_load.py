"""Load a study case: each of its variables, by full name, with its value and all that describes it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session, defer

from sostrades_api.errors import NotFoundError
from sostrades_api.models import Execution, ExecutionState, ExecutionValue, StudyCase, StudyParameter
from sostrades_api.services.execution_unconverged import Unconverged, execution_unconverged
from sostrades_api.services.parameter_json import default_of, show
from sostrades_api.services.parameter_summary import NOT_SUMMARISED, summarised
from sostrades_api.services.stored_values import StoredValues
from sostrades_api.services.study_case_names import full_name
from sostrades_api.services.study_plan import StudyPlan, study_plan
from sostrades_api.storage import ValueStore


class LoadedSide(StrEnum):
    """Which variables a load lists."""

    IN = "in"  # those a user may edit: inputs, numerical parameters, and what loops start from
    OUT = "out"  # what the disciplines compute, with the values of the latest finished execution
    ALL = "all"  # every variable, inputs that are not editable included


@dataclass(frozen=True, kw_only=True)
class LoadedStudy:
    """The variables of a study case at one revision, and the execution whose outputs are among them."""

    revision: int
    execution_id: int | None
    fingerprint: str
    variables: dict[str, dict[str, Any]]


@dataclass(frozen=True)
class _Snapshot:
    """What one statement read: all of it is of one moment."""

    revision: int
    name: str
    process_name: str
    digests: dict[str, str]


def study_case_load(
    session: Session,
    study_case_id: int,
    *,
    values: ValueStore,
    io: LoadedSide = LoadedSide.IN,
    prefix: str = "",
    tables: bool = False,
) -> LoadedStudy:
    """Load a study case.

    Args:
        session: Read from.
        study_case_id: One that the caller may read.
        values: The value store.
        io: Which variables.
        prefix: A full name; only it and what is below it is listed. Empty: everything.
        tables: Whether DataFrames and arrays are put in, instead of placeholders.

    Returns:
        Per variable ``var_name, type, unit, value, visibility, optional``, ``shape`` and ``columns`` of its
        tables and what `parameter_json.described` adds; in the order of the process. A result that depends on
        a loop that did not converge has ``converged`` false; all others do not have the key.

    Raises:
        NotFoundError: it has been deleted meanwhile.
        StudyNotLoadableError: its process is not installed any more, or cannot be built.
    """
    snapshot = _read_snapshot(session, study_case_id)
    stored = StoredValues(session, study_case_id, values=values, digests=snapshot.digests)
    plan = study_plan(snapshot.process_name, stored)
    execution_id = None if io is LoadedSide.IN else execution_find_finished(session, study_case_id)
    unconverged = _unconverged(session, execution_id)
    wanted = list(_wanted(plan, study_name=snapshot.name, io=io, prefix=prefix))
    computed = set() if io is LoadedSide.IN else {n for n in wanted if plan.descriptions[n]["io"] == "out"}
    digests = {name: digest for name, digest in snapshot.digests.items() if name not in computed}
    if execution_id is not None:
        digests |= _output_digests(session, execution_id)
    shown = show_stored(
        session, {digests[name] for name in wanted if name in digests}, values=values, tables=tables
    )
    variables = {}
    for name in wanted:
        if name in digests:
            entry = {**plan.descriptions[name], **shown[digests[name]]}
        elif name in computed:  # not yet; what a loop starts from is no result
            entry = {**plan.descriptions[name], **show(None)}
        elif tables:
            entry = {**plan.descriptions[name], **show(default_of(plan.plan.variables[name]), tables=True)}
        else:
            entry = plan.defaults[name]
        if name in computed:
            entry = _as_result(entry, converged=not unconverged.has_variable(name))
        variables[full_name(snapshot.name, relative=name)] = entry
    return LoadedStudy(
        revision=snapshot.revision,
        execution_id=execution_id,
        fingerprint=plan.fingerprint,
        variables=variables,
    )


def execution_find_finished(session: Session, study_case_id: int) -> int | None:
    """The latest finished execution of a study case, whose outputs a load shows."""
    return session.scalar(
        select(func.max(Execution.id)).where(
            Execution.study_case_id == study_case_id, Execution.state == ExecutionState.FINISHED
        )
    )


def show_stored(
    session: Session, digests: Iterable[str], *, values: ValueStore, tables: bool
) -> dict[str, dict[str, Any]]:
    """`show` of stored values by digest; tables that are not put in are not read either."""
    wanted = list(digests)
    shown: dict[str, dict[str, Any]] = {}
    if not tables:
        for digest, summary in values.summaries(session, wanted).items():
            placeholder = summarised(summary)
            if placeholder is not NOT_SUMMARISED:
                shown[digest] = placeholder
    read = values.get_many(session, [digest for digest in wanted if digest not in shown])
    return shown | {digest: show(value, tables=tables) for digest, value in read.items()}


def _read_snapshot(session: Session, study_case_id: int) -> _Snapshot:
    query = (
        select(
            StudyCase.revision,
            StudyCase.name,
            StudyCase.process_name,
            StudyParameter.name,
            StudyParameter.digest,
        )
        .outerjoin(StudyParameter, and_(StudyParameter.study_case_id == StudyCase.id))
        .where(StudyCase.id == study_case_id, StudyCase.deleted_at.is_(None))
    )
    rows = session.execute(query).all()
    if not rows:
        msg = "the study case has been deleted meanwhile"
        raise NotFoundError(msg)
    revision, name, process_name, _, _ = rows[0]
    digests = {parameter: digest for *_, parameter, digest in rows if parameter is not None}
    return _Snapshot(revision, name, process_name, digests)


def _as_result(entry: dict[str, Any], *, converged: bool) -> dict[str, Any]:
    """What is shown is the result, which nobody edits, not where a loop starts."""
    changes: dict[str, Any] = {} if converged else {"converged": False}
    if entry["editable"]:
        changes["editable"] = False
    return {**entry, **changes} if changes else entry


def _unconverged(session: Session, execution_id: int | None) -> Unconverged:
    execution = None
    if execution_id is not None:
        execution = session.get(
            Execution, execution_id, options=[defer(Execution.traceback), defer(Execution.profile)]
        )
    return execution_unconverged(execution)


def _output_digests(session: Session, execution_id: int) -> Mapping[str, str]:
    query = select(ExecutionValue.name, ExecutionValue.digest).where(
        ExecutionValue.execution_id == execution_id, ExecutionValue.io == "out"
    )
    return dict(session.execute(query).all())


def _wanted(plan: StudyPlan, *, study_name: str, io: LoadedSide, prefix: str) -> Iterable[str]:
    node = prefix.rstrip(".")
    below = f"{node}."
    for name, description in plan.descriptions.items():
        if io is LoadedSide.IN and not description["editable"]:
            continue
        if io is LoadedSide.OUT and description["io"] != "out":
            continue
        full = full_name(study_name, relative=name)
        if not prefix or full == node or full.startswith(below):
            yield name
