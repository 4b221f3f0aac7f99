"""The job: run the claimed attempt and store how it ended. It runs in a work-horse, a fork of the worker."""

import logging
import signal
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from sostrades_api.engine import ExecutionResult, ExecutionStopped, Plan
from sostrades_api.engine.memory import keep_freed_memory
from sostrades_api.models import FINAL_STATES, ExecutionState, db
from sostrades_api.services.default_digests import known_digests
from sostrades_api.services.execution_announce import announce_before
from sostrades_api.services.execution_costs import execution_costs
from sostrades_api.services.execution_end import AttemptEnd, AttemptKey
from sostrades_api.services.execution_end_stopped import execution_end_stopped
from sostrades_api.services.execution_fail import execution_fail
from sostrades_api.services.execution_finish import execution_finish
from sostrades_api.services.execution_inputs import input_digests, inputs_of, present_inputs
from sostrades_api.services.execution_log_append import LogLine
from sostrades_api.services.execution_unconverged import unconverged_of
from sostrades_api.services.execution_warm_start import execution_warm_start
from sostrades_api.services.study_plan import study_plan
from sostrades_api.settings import WorkerProfile
from sostrades_api.worker.event_feed import EventFeed
from sostrades_api.worker.failures import MemoryLimit, failure_of, only_one, seconds_lines
from sostrades_api.worker.limits import is_out_of_memory, limited_memory, set_threads
from sostrades_api.worker.monitor import ParallelMonitor, RunMonitor
from sostrades_api.worker.patience import INFRASTRUCTURE, Answer, is_refusal, patiently
from sostrades_api.worker.result_keeper import ResultKeeper
from sostrades_api.worker.run_log import RunLog, captured_logging
from sostrades_api.worker.run_profile import RunClock
from sostrades_api.worker.runtime import (
    ClaimedAttempt,
    Runtime,
    current_attempt,
    current_runtime,
    current_whereabouts,
)
from sostrades_api.worker.ticker import Ticker
from sostrades_api.worker.usage import UsageMeter

logger = logging.getLogger(__name__)

_FOLLOWED = ("tolerance", "n_processes", "parallel_by")
_LEEWAY_SECONDS = 5  # a process may hand over large values before it hears that a discipline has ended


class AttemptLostError(Exception):
    """The attempt was taken away while it ran; nothing was written."""


def execute(execution_id: int) -> bool:
    """Run the attempt that this worker holds; whether it FINISHED.

    A run that fails ends in the database as FAILED; an exception from here means that not even that could be
    written, and the worker gives the attempt up.
    """
    attempt = current_attempt()
    if attempt.execution_id != execution_id:
        msg = f"execution {attempt.execution_id} was claimed, the job is of {execution_id}"
        raise AttemptLostError(msg)
    runtime = current_runtime()
    with runtime.app.app_context(), Session(db.engine) as session:
        return AttemptRun(runtime, attempt, session).perform()


class AttemptRun:
    """One attempt, from the snapshot to the last row."""

    def __init__(self, runtime: Runtime, attempt: ClaimedAttempt, session: Session) -> None:
        self._runtime, self._attempt, self._session = runtime, attempt, session
        self._key = AttemptKey(attempt.execution_id, attempt.token)
        self._log = RunLog()
        self._last_lines: list[LogLine] = []  # stored with the end
        self._usage = UsageMeter()
        self._clock = RunClock()
        self._monitor = RunMonitor(attempt.disciplines, loops=(), tolerance=0.0, log=self._log)
        self._feed = EventFeed(attempt=attempt.attempt, monitor=self._monitor)
        platform = runtime.platform
        self._keeper = ResultKeeper(
            db.engine,
            values=platform.values,
            execution_id=attempt.execution_id,
            resumes=attempt.attempt > 1,
        )
        self._cache = self._keeper if platform.settings.result_cache else None
        self._profile = platform.settings.worker_profiles.get(attempt.worker_profile, WorkerProfile())
        self._memory = MemoryLimit(attempt.worker_profile, self._profile.memory)

    def perform(self) -> bool:
        """Run, then write how it ended; whether that is FINISHED."""
        attempt = self._attempt
        self._log.add(
            f"attempt {attempt.attempt} of execution {attempt.execution_id}: {attempt.process_name}"
        )
        try:
            with limited_memory(self._memory.size):
                result = self._run()
            state = self._finish(result)
        except ExecutionStopped as stopped:
            self._keeper.close(interrupted=True)  # before another worker can resume it
            state = self._end_stopped(stopped)
        except INFRASTRUCTURE as error:
            if not (is_out_of_memory(error) or is_refusal(error)):
                self._keeper.close(interrupted=True)
                raise
            state = self._fail(error)
        except BaseException as error:  # noqa: BLE001 - whatever a model raises ends this run, and is told
            state = self._fail(error)
        finally:
            self._keeper.close()
        if state is None:
            raise AttemptLostError
        if state in FINAL_STATES:
            self._keeper.forget_checkpoints()
        return state is ExecutionState.FINISHED

    def _run(self) -> ExecutionResult:
        number, values = self._attempt.execution_id, self._runtime.platform.values
        digests = self._patiently(lambda: input_digests(self._session, execution_id=number), what="inputs")
        inputs = self._patiently(lambda: inputs_of(self._session, digests, values=values), what="inputs")
        plan = study_plan(self._attempt.process_name, inputs).plan
        inputs = present_inputs(inputs, plan=plan)
        previous = self._patiently(lambda: self._previous(plan, inputs), what="warm start")
        if self._cache is not None:
            costs = self._patiently(lambda: execution_costs(self._session, execution_id=number), what="costs")
            plan.remember_costs(costs)
        self._session.rollback()  # no transaction stays open while the models run
        self._monitor = self._monitor_of(plan, inputs)
        self._feed.follow(self._monitor)
        signal.signal(signal.SIGUSR1, self._on_stop_signal)
        keep_freed_memory()  # of this work-horse, which ends after the run
        self._log.add(f"{len(inputs)} values given, the others at their defaults")
        with (
            self._ticker(),
            self._clock,
            captured_logging(self._log, discipline=lambda: self._monitor.running),
        ):
            try:
                return plan.execute(
                    inputs,
                    observer=self._monitor,
                    should_stop=self._monitor.should_stop,
                    previous=previous,
                    cache=self._cache,
                    digests=known_digests(plan, given=digests, previous=previous),
                    checkpoints=self._keeper,
                    recompute=self._attempt.recompute,
                )
            finally:
                self._monitor.rest()

    def _ticker(self) -> Ticker:
        return Ticker(
            self._runtime,
            self._attempt,
            monitor=self._monitor,
            log=self._log,
            usage=self._usage,
            feed=self._feed,
        )

    def _monitor_of(self, plan: Plan, inputs: Mapping[str, Any]) -> RunMonitor:
        """What follows the run: by events, where several disciplines run at a time."""
        settings = {name: inputs.get(name, plan.variables[name].default) for name in _FOLLOWED}
        if self._profile.cpu > 1:  # else as the worker began
            set_threads(max(1, self._profile.cpu // settings["n_processes"]))
        kind = ParallelMonitor if settings["n_processes"] > 1 else RunMonitor
        is_told_late = kind is ParallelMonitor and settings["parallel_by"] == "processes"
        whereabouts = current_whereabouts()
        if whereabouts is not None:
            limits = [type(plan.discipline(path)).MAX_SECONDS for path in plan.disciplines]
            whereabouts.set_limits(
                {index: limit for index, limit in enumerate(limits) if limit is not None},
                leeway=_LEEWAY_SECONDS if is_told_late else 0,
            )
            whereabouts.listen()
        return kind(
            plan.disciplines,
            loops=plan.loops,
            tolerance=settings["tolerance"],
            log=self._log,
            whereabouts=whereabouts,
        )

    def _previous(self, plan: Plan, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """The couplings to start from, when the study case asks for a warm start."""
        if not inputs.get("warm_start", plan.variables["warm_start"].default):
            return {}
        couplings = [name for name, variable in plan.variables.items() if variable.in_loop]
        found = execution_warm_start(
            self._session,
            execution_id=self._attempt.execution_id,
            names=couplings,
            values=self._runtime.platform.values,
        )
        self._log.add(f"warm start: {len(found)} of {len(couplings)} couplings from the last result")
        return found

    def _on_stop_signal(self, _number: int, _frame: object) -> None:
        self._monitor.stop_requested = True

    def _finish(self, result: ExecutionResult) -> ExecutionState | None:
        for line in seconds_lines(result.seconds, result.runs):
            self._log.add_last(line)
        if result.converged:
            self._log.add_last("finished")
        else:
            loops = "; ".join(result.unconverged_loops)
            self._log.add_last(
                f"finished, not converged: the results are no solution (loop {loops})", level="WARNING"
            )
        end = replace(self._end({}), converged=result.converged, unconverged=unconverged_of(result))
        written = self._patiently(
            lambda: execution_finish(
                self._session,
                self._key,
                outputs=result.values,
                known=result.references,
                values=self._runtime.platform.values,
                end=end,
            )
        )
        return ExecutionState.FINISHED if written else None

    def _fail(self, error: BaseException) -> ExecutionState | None:
        with suppress(SQLAlchemyError):  # of a connection that is dead
            self._session.rollback()
        failure = failure_of(error, running=self._monitor.running, memory=self._memory)
        logger.info("execution %d failed: %s", self._attempt.execution_id, failure.message)
        statuses = self._monitor.statuses_at_failure(error)
        failed = [path for path, status in statuses.items() if status == "FAILED"]
        self._log.add_last(f"failed: {failure.message}", level="ERROR", discipline=only_one(failed))
        end = self._end(statuses)
        written = self._patiently(lambda: execution_fail(self._session, self._key, failure=failure, end=end))
        return ExecutionState.FAILED if written else None

    def _end_stopped(self, stopped: ExecutionStopped) -> ExecutionState | None:
        self._log.add_last(str(stopped), level="WARNING")
        end = self._end(self._monitor.statuses_at_stop())
        return self._patiently(lambda: execution_end_stopped(self._session, self._key, end=end))

    def _patiently(self, ask: Callable[[], Answer], *, what: str = "end") -> Answer:
        what = f"the {what} of execution {self._attempt.execution_id}"
        return patiently(ask, session=self._session, what=what)

    def _end(self, statuses: dict[str, str]) -> AttemptEnd:
        lines = self._log.take()
        self._last_lines += lines  # after those of an end that was refused
        self._feed.add_lines(lines)
        announce_before(self._session, self._feed.last())
        return AttemptEnd(
            disciplines=statuses,
            usage=self._usage.read(),
            profile=self._clock.profile(self._monitor),
            progress=self._monitor.progress,
            log=tuple(self._last_lines),
            log_is_told=True,
        )
