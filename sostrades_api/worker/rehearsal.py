"""Everything that a run does to the database, once, in a transaction that is rolled back.

SQLAlchemy compiles each statement at its first use, libraries load parts of themselves at theirs; after the
rehearsal every work-horse finds that done. Measured: 28 ms a run without, see ``benchmarks/execution.py``.
"""

import functools
import logging
import secrets
from contextlib import suppress
from typing import Any

import numpy as np
import pandas as pd
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from sostrades_api.engine import ComputedResult, Discipline, Plan, Process, build
from sostrades_api.models import Execution, ExecutionState, ExecutionValue, Group, StudyCase, db
from sostrades_api.services.computed_result_find import computed_result_find
from sostrades_api.services.computed_result_store import NewResult, computed_result_store
from sostrades_api.services.execution_claim import execution_claim
from sostrades_api.services.execution_costs import execution_costs
from sostrades_api.services.execution_end import AttemptEnd, AttemptKey, Failure, find_attempt
from sostrades_api.services.execution_fail import execution_fail
from sostrades_api.services.execution_finish import execution_finish
from sostrades_api.services.execution_heartbeat import execution_heartbeat
from sostrades_api.services.execution_inputs import execution_inputs
from sostrades_api.services.unit_of_work import unit_of_work
from sostrades_api.storage.codecs import encode
from sostrades_api.worker.monitor import RunMonitor
from sostrades_api.worker.run_log import RunLog
from sostrades_api.worker.runtime import Runtime
from sostrades_api.worker.usage import UsageMeter

logger = logging.getLogger(__name__)

_LEASE_SECONDS = 60.0


class _RehearsalEndedError(Exception):
    """Rolls the transaction back."""


class _There(Discipline):
    """Half of a loop that converges."""

    DESC_IN = {"y": {"type": "float", "default": 0.0, "namespace": "ns"}}
    DESC_OUT = {
        "x": {"type": "float", "namespace": "ns"},
        "table": {"type": "dataframe", "namespace": "ns"},
        "grid": {"type": "array", "namespace": "ns"},
    }

    def run(self, inputs: Any) -> dict[str, Any]:
        """A number, a table and an array."""
        x = 0.5 * inputs["y"] + 1.0
        return {"x": x, "table": pd.DataFrame({"x": [x], "name": ["a"]}), "grid": np.array([x])}


class _Back(Discipline):
    """The other half."""

    DESC_IN = {"x": {"type": "float", "namespace": "ns"}}
    DESC_OUT = {"y": {"type": "float", "namespace": "ns"}}

    def run(self, inputs: Any) -> dict[str, Any]:
        """A number."""
        return {"y": 0.5 * inputs["x"]}


@functools.cache
def _plan() -> Plan:
    return build(Process("rehearsal", disciplines={"A": _There, "B": _Back}, namespaces={"ns": ""}))


def warm_without_writing(runtime: Runtime) -> None:
    """In a work-horse that stands by: open the connections, and touch the memory that a run will touch."""
    with runtime.app.app_context(), Session(db.engine) as session:
        find_attempt(session, AttemptKey(0, ""))
        execution_inputs(session, execution_id=0, values=runtime.platform.values)
    with suppress(RedisError):
        runtime.queue.redis.ping()
    monitor = RunMonitor(_plan().disciplines, loops=_plan().loops, tolerance=1e-10, log=RunLog())
    result = _plan().execute({}, observer=monitor, should_stop=monitor.should_stop)
    for value in result.values.values():
        encode(value)
    UsageMeter().read()
    runtime.platform.values.blobs.warm_up()


def rehearse(runtime: Runtime) -> None:
    """Do it; a database that does not answer now only makes the first runs slower."""
    plan = _plan()
    try:
        with runtime.session() as session, suppress(_RehearsalEndedError), unit_of_work(session):
            _play(session, runtime, plan=plan)
            raise _RehearsalEndedError
    except SQLAlchemyError as error:
        logger.warning("the database does not answer yet: %s", error)


def _play(session: Session, runtime: Runtime, *, plan: Plan) -> None:
    values = runtime.platform.values
    for ending in ("finish", "fail"):
        execution_id = _insert(session, runtime, plan=plan)
        key = AttemptKey(execution_id, secrets.token_hex(8))
        execution_claim(
            session,
            execution_id=execution_id,
            token=key.token,
            worker="rehearsal",
            lease_seconds=_LEASE_SECONDS,
        )
        execution_heartbeat(session, execution_id=execution_id, token=key.token, lease_seconds=_LEASE_SECONDS)
        inputs = execution_inputs(session, execution_id=execution_id, values=values)
        execution_costs(session, execution_id=execution_id)
        known = NewResult(
            address=f"rehearsal {key.token}", label="", computed=ComputedResult(outputs=(1.0,), seconds=1.0)
        )
        computed_result_store(session, [known], values=values)
        computed_result_find(session, [known.address], values=values)
        log, usage = RunLog(), UsageMeter()
        monitor = RunMonitor(plan.disciplines, loops=plan.loops, tolerance=1e-10, log=log)
        result = plan.execute(inputs, observer=monitor, should_stop=monitor.should_stop)
        usage.sample_children()
        end = AttemptEnd(disciplines=monitor.statuses_at_stop(), usage=usage.read(), log=log.take())
        if ending == "finish":
            execution_finish(session, key, outputs=result.values, values=values, end=end)
        else:
            execution_fail(session, key, failure=Failure("rehearsal"), end=end)


def _insert(session: Session, runtime: Runtime, *, plan: Plan) -> int:
    group = Group(name=f"rehearsal {secrets.token_hex(8)}")
    session.add(group)
    session.flush()
    study = StudyCase(name="rehearsal", process_name="rehearsal", group_id=group.id, created_by="rehearsal")
    session.add(study)
    session.flush()
    execution = Execution(
        study_case_id=study.id,
        study_revision=1,
        process_name="rehearsal",
        state=ExecutionState.QUEUED,
        requested_by="rehearsal",
        disciplines=dict.fromkeys(plan.disciplines, "PENDING"),
    )
    session.add(execution)
    session.flush()
    (digest,) = runtime.platform.values.put_many(session, {"y": 1.0}).values()
    session.add(ExecutionValue(execution_id=execution.id, io="in", name="y", digest=digest))
    return execution.id
