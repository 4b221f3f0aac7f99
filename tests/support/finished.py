"""Study cases that were executed without a worker."""

import pickle
from collections.abc import Mapping
from typing import Any

from flask import Flask
from sqlalchemy.orm import Session

from sostrades_api.access import COMMAND_LINE
from sostrades_api.engine import ExecutionResult, Plan
from sostrades_api.models import Group, StudyCase
from sostrades_api.platform import platform_of
from sostrades_api.services.execution_claim import execution_claim
from sostrades_api.services.execution_end import AttemptEnd, AttemptKey
from sostrades_api.services.execution_finish import execution_finish
from sostrades_api.services.execution_inputs import execution_inputs, present_inputs
from sostrades_api.services.execution_request import execution_request
from sostrades_api.services.execution_unconverged import unconverged_of
from sostrades_api.services.study_case_create import study_case_create
from sostrades_api.services.study_plan import study_plan
from sostrades_api.worker.monitor import RunMonitor
from sostrades_api.worker.run_log import RunLog
from sostrades_api.worker.run_profile import RunClock
from sostrades_api.worker.usage import UsageMeter

PROCESS = "dice2016r"
_RUNS: dict[bytes, tuple[ExecutionResult, Any]] = {}


def finished_study(
    app: Flask, session: Session, *, group: Group, name: str, process_name: str = PROCESS
) -> StudyCase:
    """A study case with every default and one finished execution."""
    study = study_case_create(
        session,
        actor=COMMAND_LINE,
        process_name=process_name,
        name=name,
        group=group,
        values=platform_of(app).values,
    )
    execute(app, session, study)
    return study


def execute(
    app: Flask, session: Session, study: StudyCase, *, changed: Mapping[str, Any] | None = None
) -> int:
    """One finished execution of this study case; the id."""
    platform = platform_of(app)
    requested = execution_request(
        session, study, actor=COMMAND_LINE, queue=platform.queue, values=platform.values
    )
    key = AttemptKey(requested.id, f"token-{requested.id}")
    claimed = execution_claim(
        session, execution_id=key.execution_id, token=key.token, worker="test", lease_seconds=60
    )
    assert claimed is not None
    given = execution_inputs(session, execution_id=key.execution_id, values=platform.values)
    plan = study_plan(study.process_name, given).plan
    session.rollback()
    result, profile = _run(study.process_name, plan, present_inputs(given, plan=plan))
    outputs = dict(result.values) | dict(changed or {})
    disciplines = dict.fromkeys(plan.disciplines, "DONE")
    end = AttemptEnd(
        disciplines=disciplines,
        progress=1.0,
        usage=UsageMeter().read(),
        converged=result.converged,
        unconverged=unconverged_of(result),
        profile=profile,
    )
    assert execution_finish(session, key, outputs=outputs, values=platform.values, end=end)
    return key.execution_id


def _run(process_name: str, plan: Plan, inputs: Mapping[str, Any]) -> tuple[ExecutionResult, Any]:
    """The result and the profile, which nobody can change: these inputs are run once a test process."""
    asked = pickle.dumps((process_name, sorted(inputs.items())))
    if asked not in _RUNS:
        clock = RunClock()
        monitor = RunMonitor(plan.disciplines, loops=plan.loops, tolerance=1e-10, log=RunLog())
        with clock:
            result = plan.execute(inputs, observer=monitor)
        _RUNS[asked] = result, clock.profile(monitor)
    return _RUNS[asked]
