"""The tuned RQ worker: claims in the database, forks, supervises; Redis only woke it up."""

import logging
import os
import random
import secrets
import signal
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

import numpy as np
from redis import Redis
from redis.client import Pipeline
from redis.exceptions import RedisError
from rq import Queue, Worker
from rq.exceptions import DequeueTimeout, DeserializationError, StopRequested
from rq.job import Job
from rq.serializers import JSONSerializer
from rq.worker import WorkerStatus
from sqlalchemy.exc import SQLAlchemyError

from sostrades_api import tracing
from sostrades_api.errors import UnavailableError
from sostrades_api.logs import process_fields, set_process_fields
from sostrades_api.queueing.jobs import (
    ExecutionJob,
    ExecutionRqQueue,
    ForbiddenFunctionError,
    job_id_of,
)
from sostrades_api.services.execution_claim import Claimant, WorkerHeldError, execution_claim_next
from sostrades_api.worker.again import Traces
from sostrades_api.worker.attempt_trace import trace_attempt
from sostrades_api.worker.process_ties import kill_group
from sostrades_api.worker.registration import Registration
from sostrades_api.worker.rehearsal import warm_without_writing
from sostrades_api.worker.run import AttemptLostError, execute
from sostrades_api.worker.runtime import ClaimedAttempt, Runtime, current_whereabouts, set_attempt
from sostrades_api.worker.standby import Standby, fork_standby
from sostrades_api.worker.supervisor import EXIT_AWAY, EXIT_MEMORY, EXIT_WRITTEN, Supervisor

logger = logging.getLogger(__name__)

_WORKER_TTL = 20  # seconds; RQ's own 420 leave a dead worker listed for minutes
_MAINTENANCE_SECONDS = 60  # of RQ's registries, in which nothing of ours stands
_DATABASE_PAUSE = 1.0  # seconds between two looks at a database that is away
_REDIS_PAUSE = 0.5  # and at a Redis
_EXIT_LOST, _EXIT_FAULT = 3, 70


class ExecutionWorker(Worker):
    """One worker process. It trusts nothing in Redis but an execution's id, and that only after a claim."""

    job_class = ExecutionJob
    queue_class = ExecutionRqQueue

    def __init__(
        self, runtime: Runtime, *, name: str, connection: Redis, profiles: Sequence[str] = ()
    ) -> None:
        settings = runtime.platform.settings
        self._heartbeat_seconds = settings.heartbeat_seconds  # RQ asks for its time-outs at once
        self._profiles = tuple(profiles) or tuple(settings.worker_profiles)
        queues = dict.fromkeys(settings.profile_queues[profile] for profile in self._profiles)
        super().__init__(
            [ExecutionRqQueue(queue, connection=connection) for queue in queues],
            name=name,
            connection=connection,
            worker_ttl=_WORKER_TTL,
            maintenance_interval=_MAINTENANCE_SECONDS,
            job_monitoring_interval=max(1, int(settings.heartbeat_seconds)),
            job_class=ExecutionJob,
            queue_class=ExecutionRqQueue,
            serializer=JSONSerializer,
            log_job_description=False,
        )
        self._runtime = runtime
        self._quick = runtime.queue.redis  # for what may be skipped when Redis is away
        self._lease_seconds = settings.lease_seconds
        self._standby: Standby | None = None
        self._is_redis_away = False
        self._registration = Registration(runtime, name=self.name, profiles=self._profiles)
        self._ready: Standby | None = None  # has run one and may run another
        self._ready_for: tuple[int, str, str] | None = None
        self._runs = 0

    # --- one job ----------------------------------------------------------------------------------------

    def execute_job(self, job: Job, queue: Queue) -> None:
        """Run what may run now: the job only woke this worker up, the database says whose turn it is."""
        self._state = WorkerStatus.BUSY  # a shutdown waits from here on: what is claimed is given back
        wanted, runs = self._is_ours(job), 0
        self._drop(job, queue)
        while wanted and not self._stop_requested and (attempt := self._claim()) is not None:
            with process_fields(**attempt.log_fields):
                self._run(attempt)
            runs += 1
            self._registration.beat_if_due()
        self._let_go()
        if wanted and not runs and self._registration.held:
            self._give_back(job, queue)
        self._state = WorkerStatus.IDLE
        self._tell_redis(state=str(WorkerStatus.IDLE.value))

    def _run(self, attempt: ClaimedAttempt) -> None:
        """Start or go on with a work-horse, and supervise it."""
        begun = time.time_ns()
        self._registration.running(attempt.execution_id)
        horse = self._start_work_horse(attempt)
        self._horse_pid = horse.pid
        job_id = job_id_of(attempt.execution_id, attempt=attempt.attempt)
        self._tell_redis(state=str(WorkerStatus.BUSY.value), current_job=job_id)
        supervisor = Supervisor(
            self._runtime,
            attempt,
            horse=horse,
            worker=self.name,
            is_shutting_down=lambda: self._stop_requested,
        )
        if supervisor.watch(beat=self._tell_redis, register=self._registration.beat):
            self._ready = horse
        else:
            horse.close()
        self._horse_pid = 0
        self._registration.idle()
        self._runtime.queue.forget(attempt.execution_id, attempt=attempt.attempt)
        trace_attempt(self._runtime, attempt, begun=begun)

    def _is_ours(self, job: Job) -> bool:
        try:
            self._execution_id(job)
        except (ForbiddenFunctionError, DeserializationError, ValueError, TypeError):
            logger.exception("a job that this platform did not make is dropped: %s", job.id)
            return False
        return True

    def _claim(self) -> ClaimedAttempt | None:
        began = time.monotonic()
        claimant = Claimant(self.name, secrets.token_hex(16), self._lease_seconds)
        try:
            with self._runtime.session() as session:
                session.expire_on_commit = False  # what was claimed is not read again
                execution = execution_claim_next(session, profiles=self._profiles, by=claimant)
                if execution is None:
                    return None
                attempt = ClaimedAttempt.of(execution, token=claimant.token, began=began)
        except WorkerHeldError:
            self._registration.held = True
        except SQLAlchemyError as error:
            logger.warning("the database does not answer, the sweeper will announce what waits: %s", error)
            time.sleep(_DATABASE_PAUSE)
        else:
            return self._with_trace(attempt)
        return None

    def _with_trace(self, attempt: ClaimedAttempt) -> ClaimedAttempt:
        if not tracing.current().is_on:
            return attempt
        return replace(attempt, traceparent=self._runtime.queue.traceparent(attempt.execution_id))

    @staticmethod
    def _execution_id(job: Job) -> int:
        if not isinstance(job, ExecutionJob) or job.func is None:
            raise ForbiddenFunctionError(job.id)
        return job.execution_id

    def _drop(self, job: Job, queue: Queue) -> None:
        """Take the job out of Redis; the execution has its state in the database."""
        with suppress(RedisError), self._quick.pipeline() as pipeline:
            pipeline.lrem(queue.intermediate_queue_key, 1, job.id)
            pipeline.delete(job.key)
            pipeline.execute()

    def _give_back(self, job: Job, queue: Queue) -> None:
        """Wake another worker up with it."""
        with suppress(RedisError), self._quick.pipeline() as pipeline:
            job.save(pipeline=pipeline)
            pipeline.lpush(queue.key, job.id)
            pipeline.execute()

    def _tell_redis(self, **fields: str) -> None:
        with suppress(RedisError), self._quick.pipeline() as pipeline:
            self.heartbeat(self.worker_ttl + 60, pipeline=pipeline)
            for field, value in fields.items():
                pipeline.hset(self.key, field, value)
            pipeline.execute()

    # --- waiting ----------------------------------------------------------------------------------------

    def bootstrap(self, *args: Any, **kwargs: Any) -> None:
        """Be known to the database and to Redis, however long that one is away."""
        self._registration.beat()
        while True:
            try:
                super().bootstrap(*args, **kwargs)
            except RedisError as error:
                self._wait_for_redis(error)
            else:
                return

    def register_birth(self) -> None:
        """As RQ does; a second try finds its own name, which nobody else can have."""
        with suppress(ValueError):
            super().register_birth()

    def heartbeat(self, timeout: int | None = None, pipeline: Pipeline | None = None) -> None:
        """As RQ does; without Redis the next one will do."""
        with suppress(RedisError):
            super().heartbeat(timeout, pipeline)

    def check_for_suspension(self, burst: bool) -> None:  # noqa: FBT001 - RQ's signature
        """None over Redis: whoever can write there must not be able to hold workers."""

    def run_maintenance_tasks(self) -> None:
        """As RQ does, if Redis answers."""
        with suppress(RedisError):
            super().run_maintenance_tasks()

    @property
    def dequeue_timeout(self) -> int:
        """Seconds between two heartbeats of a worker that waits."""
        return max(1, int(self._heartbeat_seconds))

    @property
    def connection_timeout(self) -> int:
        """Seconds after which Redis, asked to answer within the above, is taken to be away."""
        return self.dequeue_timeout + 2

    def dequeue_job_and_maintain_ttl(
        self,
        timeout: int | None,
        max_idle_time: int | None = None,  # noqa: ARG002 - RQ's signature
    ) -> tuple[Job, Queue] | None:
        """Wait for a job, with a work-horse that stands by; a held worker leaves jobs to others.

        No outage ends the wait, and the database hears all the time that the worker is there.
        """
        while True:
            if self._standby is None:
                self._standby = self._fork_standby()
            self._registration.beat_if_due()
            self._tell_redis()
            if self._stop_requested:  # SQLAlchemy logs whatever is raised while it closes a connection
                raise StopRequested
            if self._registration.held:
                time.sleep(self._heartbeat_seconds)
                self._registration.beat()
                continue
            try:
                found = self.queue_class.dequeue_any(
                    self._ordered_queues,
                    timeout,
                    connection=self.connection,
                    job_class=self.job_class,
                    serializer=self.serializer,
                    death_penalty_class=self.death_penalty_class,
                )
            except DequeueTimeout:
                self._is_redis_away = False
                self._runtime.close_files()
                if self.should_run_maintenance_tasks:
                    self.run_maintenance_tasks()
            except RedisError as error:
                self._wait_for_redis(error)
            else:
                self._is_redis_away = False
                return found

    def _wait_for_redis(self, error: RedisError) -> None:
        if not self._is_redis_away:
            logger.warning("the queue does not answer: %s", error)
        self._is_redis_away = True
        self._registration.beat_if_due()
        time.sleep(_REDIS_PAUSE)

    # --- the work-horse ---------------------------------------------------------------------------------

    def _start_work_horse(self, attempt: ClaimedAttempt) -> Standby:
        of = (attempt.group_id, attempt.process_name, attempt.worker_profile)
        if of != self._ready_for or self._runs >= self._runtime.platform.settings.runs_per_process:
            self._let_go()
        ready, self._ready = self._ready, None
        if ready is not None and ready.start(attempt):
            self._runs += 1
            return ready
        self._ready_for, self._runs = of, 1
        standby, self._standby = self._standby or self._fork_standby(is_awaited=True), None
        while not standby.start(attempt):  # it was killed while it waited
            standby = self._fork_standby(is_awaited=True)
        return standby

    def _let_go(self) -> None:
        """End the work-horse that could have gone on."""
        if self._ready is not None:
            self._ready.dismiss()
            self._ready = None

    def _fork_standby(self, *, is_awaited: bool = False) -> Standby:
        """Fork one; who is awaited listens at once: a long order would not wait until it is warm."""
        self._runtime.close_files()
        warm = (lambda: None) if is_awaited else self._warm
        return fork_standby(warm=warm, run=self._run_in_work_horse)

    def _warm(self) -> None:
        self._become_work_horse()
        warm_without_writing(self._runtime)

    def _become_work_horse(self) -> None:
        if self._is_horse:
            return
        self._is_horse = True
        self.setup_work_horse_signals()
        signal.signal(signal.SIGUSR1, signal.SIG_IGN)
        random.seed()
        np.random.seed()  # noqa: NPY002 - models that use the old generator must not all draw the same
        self._runtime.after_fork()

    def _run_in_work_horse(self, attempt: ClaimedAttempt) -> None:
        """Run without Redis: it can neither delay nor end a run. Returns where another run may follow."""
        code = _EXIT_FAULT
        try:
            self._become_work_horse()
            traces = Traces.now()
            set_attempt(attempt)
            set_process_fields(role="work-horse", **attempt.log_fields)
            finished = execute(attempt.execution_id)
            code = EXIT_WRITTEN
            if finished and traces.allow_another():
                self._be_as_new()
                return
        except AttemptLostError:
            code = _EXIT_LOST
        except MemoryError:
            code = EXIT_MEMORY
        except UnavailableError as error:
            logger.warning("the run of execution %d is given back: %s", attempt.execution_id, error)
            code = EXIT_AWAY
        except BaseException:
            logger.exception("the run of execution %d could not be written down", attempt.execution_id)
        logging.shutdown()
        os._exit(code)

    def _be_as_new(self) -> None:
        signal.signal(signal.SIGUSR1, signal.SIG_IGN)
        whereabouts = current_whereabouts()
        if whereabouts is not None:
            whereabouts.reset()

    def teardown(self) -> None:
        """Leave nobody behind."""
        if self._standby is not None and not self._is_horse:
            self._standby.dismiss()
            self._standby = None
            self._let_go()
        if not self._is_horse:
            self._registration.leave()
        super().teardown()

    def kill_horse(self, sig: signal.Signals = signal.SIGKILL) -> None:  # noqa: ARG002 - RQ's signature
        """Kill the work-horse and its children (never our own group, which RQ would hit before setpgrp)."""
        if self.horse_pid:
            kill_group(self.horse_pid)

    # --- shutdown ---------------------------------------------------------------------------------------

    def request_force_stop(self, signum: int, frame: Any) -> None:
        """A second signal changes nothing: the grace for the run is short and a setting."""

    def _shutdown(self) -> None:
        self._stop_requested = True
        if self.get_state() != WorkerStatus.BUSY:
            raise StopRequested

    def subscribe(self) -> None:
        """No commands over Redis: whoever can write there must not be able to kill or shut down."""

    def unsubscribe(self) -> None:
        """Nothing was subscribed to."""

    def register_death(self) -> None:
        """Say goodbye if Redis listens; never wait for it."""
        with suppress(RedisError), self._quick.pipeline() as pipeline:
            pipeline.srem("rq:workers", self.key)
            for queue in self.queues:
                pipeline.srem(f"rq:workers:{queue.name}", self.key)
            pipeline.delete(self.key)
            pipeline.execute()
