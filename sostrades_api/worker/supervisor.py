"""Watches a work-horse from outside: renews its lease, passes on a stop, keeps its deadline.

Nothing that a model does (holding the interpreter's lock, swallowing exceptions) can keep this from working.
"""

import logging
import os
import signal
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

from sqlalchemy.exc import SQLAlchemyError

from sostrades_api.engine import DisciplineOverdue
from sostrades_api.models import utc_now
from sostrades_api.services.execution_end import AttemptEnd, AttemptKey, Failure
from sostrades_api.services.execution_end_stopped import execution_end_stopped
from sostrades_api.services.execution_fail import execution_fail
from sostrades_api.services.execution_heartbeat import Pulse, execution_heartbeat
from sostrades_api.services.execution_log_append import LogLine
from sostrades_api.services.execution_lose import Loss, execution_lose
from sostrades_api.services.public_text import public_text
from sostrades_api.worker.failures import (
    ABORTED,
    ENDED_BY_KERNEL,
    REFUSED,
    MemoryLimit,
    ended_while_running,
    only_one,
    out_of_memory,
    overran,
)
from sostrades_api.worker.group_memory import GroupMemory, KernelKills
from sostrades_api.worker.lease_watch import LeaseWatch
from sostrades_api.worker.process_ties import describe_end, kill_group, wait_for, wait_for_report
from sostrades_api.worker.runtime import ClaimedAttempt, Runtime
from sostrades_api.worker.standby import Standby
from sostrades_api.worker.whereabouts import Overdue

logger = logging.getLogger(__name__)

# Not 0: a model that calls os._exit(0) has written nothing.
EXIT_WRITTEN = 64
EXIT_MEMORY = 71  # there was none left even to write that down
EXIT_AWAY = 75  # the value store stayed away for longer than a run waits
_LOOK_SECONDS = 0.5  # how soon a shutdown or a deadline is noticed
_KILL_SECONDS = 10.0
_ENDING_SECONDS = 0.2  # a work-horse that has just written its end may leave in peace


class Supervisor:
    """Stays with one work-horse until it is gone, and with its execution until that is in good hands."""

    def __init__(
        self,
        runtime: Runtime,
        attempt: ClaimedAttempt,
        *,
        horse: Standby,
        worker: str,
        is_shutting_down: Callable[[], bool],
    ) -> None:
        self._runtime, self._attempt, self._pid, self._worker = runtime, attempt, horse.pid, worker
        self._settings = runtime.platform.settings
        self._key = AttemptKey(attempt.execution_id, attempt.token)
        self._reports = horse.reports
        self._whereabouts, self._overdue = horse.whereabouts, Overdue(horse.whereabouts)
        self._is_shutting_down = is_shutting_down
        self._started = self._renewed = self._held_since = time.monotonic()
        self._lease = LeaseWatch(horse.pid, until=self._lease_end(attempt.claimed_at))
        self._stop_since: float | None = None
        self._shutdown_since: float | None = None
        self._deadline_seconds = attempt.deadline_seconds
        profile = self._settings.worker_profiles.get(attempt.worker_profile)
        self._limit = MemoryLimit(attempt.worker_profile, profile and profile.memory)
        self._memory = GroupMemory(self._pid, limit=self._limit.size, now=self._started)
        self._kernel_kills = KernelKills()

    def watch(self, *, beat: Callable[[], None], register: Callable[[], None]) -> bool:
        """Return when its run is over.

        ``beat`` is called as often as the lease is renewed, ``register`` whenever the database has just
        answered: it must never delay the lease of a run.

        Returns:
            Whether the work-horse waits for another attempt; else it is gone.
        """
        with self._lease:
            while not wait_for_report(self._pid, self._reports, seconds=_LOOK_SECONDS):
                status = wait_for(self._pid, seconds=0)
                if status is not None:
                    self._note_end(status)
                    return False
                if self._look(beat, register):
                    return False
        if self._lease.is_over:  # it had done its work just then
            wait_for(self._pid, seconds=_KILL_SECONDS)
        return not self._lease.is_over

    def _note_end(self, status: int) -> None:
        self._clean_up()
        code = os.waitstatus_to_exitcode(status)
        if code == EXIT_WRITTEN:
            return
        refused = self._want_of_memory(status)
        if self._lease.is_over:
            self._let_go()
        elif code == EXIT_AWAY and not self._running:  # else a discipline has ended its process so
            self._lose("the value store did not answer, or took nothing", max_attempts=None)
        elif refused is not None:
            by_kernel = refused == ENDED_BY_KERNEL
            message = out_of_memory(
                self._limit, running=self._running, how=refused, host_has_no_more=by_kernel
            )
            self._write_failure(Failure(public_text(message)), failed=self._running)
        else:
            how, exited = describe_end(status), os.WIFEXITED(status)
            reason = ended_while_running(how, running=self._running, exited=exited)
            self._lose(reason, max_attempts=self._settings.max_attempts)

    def _want_of_memory(self, status: int) -> str | None:
        """How a process ended that did so for want of memory; None when it may have been anything else."""
        if os.WIFEXITED(status):
            return REFUSED if os.WEXITSTATUS(status) == EXIT_MEMORY else None
        number = os.WTERMSIG(status)
        if number == signal.SIGKILL and self._kernel_kills.any_now:
            return ENDED_BY_KERNEL
        if number == signal.SIGABRT and self._limit.size is not None:
            return ABORTED
        return None

    def _let_go(self) -> None:
        """Its lease is over: somebody else may have the execution, and the sweeper gives it to somebody."""
        logger.warning("execution %d is let go: its lease is over", self._key.execution_id)

    def _lease_end(self, renewed: float) -> float:
        """The database counted from a little later on."""
        end = renewed + self._settings.lease_seconds
        self._whereabouts.hold_until(end)
        return end

    @property
    def _running(self) -> Sequence[str]:
        paths = self._attempt.disciplines
        return [paths[index] for index in self._whereabouts.all_running if index < len(paths)]

    def _look(self, beat: Callable[[], None], register: Callable[[], None]) -> bool:
        """Do what is due; True when the work-horse was ended here and its execution settled."""
        now, settings = time.monotonic(), self._settings
        limit = self._limit_seconds
        if limit and now - self._started > limit:
            running, is_own = self._running, limit == self._deadline_seconds
            return self._end_failed(overran(limit, running=running, is_own=is_own), failed=running)
        overdue, paths = self._overdue.look(now), self._attempt.disciplines
        if overdue is not None and overdue[0] < len(paths):
            path = paths[overdue[0]]
            return self._end_failed(str(DisciplineOverdue(discipline=path, limit=overdue[1])), failed=[path])
        self._kernel_kills.look()
        excess = self._memory.excess(now)
        if excess is not None:
            how, running = f"its processes hold {excess / 1024**2:,.0f} MiB together", self._running
            return self._end_failed(out_of_memory(self._limit, running=running, how=how), failed=running)
        if self._is_shutting_down():
            self._shutdown_since = self._shutdown_since or now
            if now - self._shutdown_since >= settings.shutdown_grace_seconds:
                return self._end_and_lose("its worker was shut down")
        if self._stop_since is not None and now - self._stop_since > settings.stop_grace_seconds:
            return self._end_and_lose("it went on after it was asked to stop, and was ended")
        return self._keep_lease(beat, register, now=now)

    def _keep_lease(self, beat: Callable[[], None], register: Callable[[], None], *, now: float) -> bool:
        """Renew it when that is due; once it is over, somebody else may have the execution."""
        settings = self._settings
        if now - self._renewed >= settings.heartbeat_seconds or self._is_force_requested():
            self._renewed = now
            beat()
            if self._renew():
                return True
            if self._held_since >= now:
                register()
        if self._lease.is_over:
            self._kill()
            self._let_go()
            return True
        return False

    @property
    def _limit_seconds(self) -> float:
        """So long it may run: the platform's limit or its own, whichever is shorter; 0: no limit."""
        limits = [self._settings.max_run_seconds, self._deadline_seconds or 0]
        return min((limit for limit in limits if limit), default=0)

    def _is_force_requested(self) -> bool:
        attempt = self._attempt
        return self._runtime.queue.is_force_requested(attempt.execution_id, attempt=attempt.attempt)

    def _renew(self) -> bool:
        began = time.monotonic()
        try:
            with self._runtime.session() as session:
                heartbeat = execution_heartbeat(
                    session,
                    execution_id=self._key.execution_id,
                    token=self._key.token,
                    lease_seconds=self._settings.lease_seconds,
                )
        except SQLAlchemyError:
            logger.warning("the lease of execution %d could not be renewed", self._key.execution_id)
            return False
        self._held_since = began
        self._lease.extend(self._lease_end(began))
        pulse, self._deadline_seconds = heartbeat.pulse, heartbeat.deadline_seconds
        if pulse is Pulse.LOST:
            return self._abort()
        if pulse is Pulse.KILL:
            return self._end_stopped()
        if pulse is Pulse.STOP:
            self._stop_since = self._stop_since or time.monotonic()
            with suppress(ProcessLookupError):
                os.kill(self._pid, signal.SIGUSR1)
        return False

    def _end_stopped(self) -> bool:
        """Somebody wants it ended whatever it does; what its disciplines have stored stays."""
        self._kill()
        line = LogLine(utc_now(), "WARNING", "The execution was stopped by force; its process was ended.")
        end = AttemptEnd(disciplines=self._statuses((), ended="PENDING"), log=[line])
        try:
            with self._runtime.session() as session:
                execution_end_stopped(session, self._key, end=end)
        except SQLAlchemyError:
            logger.warning("execution %d is left to the sweeper: stopped", self._key.execution_id)
        return True

    def _abort(self) -> bool:
        """The attempt is not ours any more: it ended this moment, or it was taken away and must not go on."""
        reported = wait_for_report(self._pid, self._reports, seconds=_ENDING_SECONDS)
        if reported:
            self._kill()
        elif wait_for(self._pid, seconds=0) is None:
            logger.warning("execution %d was taken away from this worker", self._key.execution_id)
            self._kill()
        self._clean_up()
        return True

    def _end_failed(self, message: str, *, failed: Sequence[str]) -> bool:
        """It took more time or memory than it may."""
        failure = Failure(public_text(message), traceback=self._whereabouts.trace(self._pid))
        self._kill()
        self._write_failure(failure, failed=failed)
        return True

    def _write_failure(self, failure: Failure, *, failed: Sequence[str]) -> None:
        said = f"failed: {failure.message}"  # the run could not say it
        line = LogLine(utc_now(), "ERROR", said, only_one(failed))
        end = AttemptEnd(disciplines=self._statuses(failed), log=[line])
        try:
            with self._runtime.session() as session:
                execution_fail(session, self._key, failure=failure, end=end)
        except SQLAlchemyError:
            logger.warning("execution %d is left to the sweeper: %s", self._key.execution_id, failure.message)

    def _statuses(self, failed: Sequence[str], *, ended: str = "FAILED") -> dict[str, str]:
        """Of a run that was ended: these FAILED, the one that ran ``ended``, what came before it has run."""
        live, paths = self._runtime.queue.live(self._key.execution_id), self._attempt.disciplines
        told = (
            live.named(paths) if live and live.token == self._key.token else dict.fromkeys(paths, "PENDING")
        )
        running = self._whereabouts.running
        if running is None:  # several at a time
            left = {path: "PENDING" if status == "RUNNING" else status for path, status in told.items()}
            return left | dict.fromkeys(failed, "FAILED")
        done = {path for index, path in enumerate(paths) if index < running or told[path] == "DONE"}
        settled = {path: "DONE" if path in done else "PENDING" for path in paths}
        return settled | dict.fromkeys(paths[running : running + 1], ended)

    def _end_and_lose(self, reason: str) -> bool:
        self._kill()
        self._lose(reason, max_attempts=None)
        return True

    def _kill(self) -> None:
        kill_group(self._pid)
        wait_for(self._pid, seconds=_KILL_SECONDS)

    def _clean_up(self) -> None:
        """End what the work-horse may have left behind in its process group."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._pid, signal.SIGKILL)

    def _lose(self, reason: str, *, max_attempts: int | None) -> None:
        running = self._running
        loss = Loss(
            reason=reason,
            actor=self._worker,
            max_attempts=max_attempts,
            disciplines=self._statuses(running) if running else None,
        )
        try:
            with self._runtime.session() as session:
                state = execution_lose(session, self._key, loss=loss, queue=self._runtime.queue)
        except SQLAlchemyError:
            logger.warning("execution %d is left to the sweeper: %s", self._key.execution_id, reason)
            return
        if state is not None:
            logger.warning("execution %d: %s; now %s", self._key.execution_id, reason, state)
