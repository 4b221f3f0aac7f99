"""The queue as the services see it: it wakes workers up and carries live progress; the truth is elsewhere."""

import logging
from contextlib import suppress

from redis import Redis
from redis.exceptions import RedisError
from rq.exceptions import DuplicateJobError

from sostrades_api import tracing
from sostrades_api.queueing.connection import connect_web
from sostrades_api.queueing.jobs import EXECUTE, ExecutionJob, ExecutionRqQueue, job_id_of
from sostrades_api.queueing.progress import LiveProgress
from sostrades_api.settings import STANDARD_PROFILE, Settings

logger = logging.getLogger(__name__)

_LIVE_SECONDS = 60  # live progress outlives a short silence of its worker, not its execution
_FORGOTTEN_SECONDS = 2  # who read the database before the end may still ask how far the attempt was
_SEEN = 1000  # executions whose live progress is remembered
_STOP_SECONDS = 3600
_ASKED, _FORCED = b"1", b"force"
_FAILED_JOB_SECONDS = 3600
_TRACE_SECONDS = 3600  # who waits longer starts a trace of its own
_LONGEST_TRACEPARENT = 200  # bytes; it is 55, unless somebody else writes in Redis


class ExecutionQueue:
    """Enqueue, position and live progress. Without Redis each method says so instead of raising."""

    def __init__(self, redis: Redis, settings: Settings) -> None:
        self.redis = redis
        self._queues = {
            profile: ExecutionRqQueue(name, connection=redis)
            for profile, name in settings.profile_queues.items()
        }
        self.rq = self._queues[STANDARD_PROFILE]
        self._prefix = f"sostrades:{settings.queue_name}"
        self._seen: dict[int, LiveProgress] = {}

    @classmethod
    def for_web(cls, settings: Settings) -> "ExecutionQueue":
        """A queue that gives up within half a second."""
        return cls(connect_web(settings), settings)

    def rq_of(self, profile: str) -> ExecutionRqQueue:
        """The RQ queue of a worker profile; the standard one's where it has none (any more)."""
        return self._queues.get(profile, self.rq)

    def serves(self, profile: str) -> bool:
        """Whether this platform has workers of this profile (still)."""
        return profile in self._queues

    def enqueue(self, execution_id: int, *, attempt: int = 1, profile: str = STANDARD_PROFILE) -> bool:
        """Wake a worker up; False when Redis does not answer (the sweeper will try again)."""
        try:
            self._keep_trace(execution_id)
            self.rq_of(profile).enqueue_call(
                EXECUTE,
                args=(execution_id,),
                job_id=job_id_of(execution_id, attempt=attempt),
                unique=True,
                timeout=-1,  # the deadline is kept outside the work-horse, where no model can swallow it
                result_ttl=0,
                failure_ttl=_FAILED_JOB_SECONDS,
                description=f"execution {execution_id}, attempt {attempt}",
            )
        except DuplicateJobError:
            return True
        except RedisError:
            logger.warning("execution %d is not enqueued yet: the queue does not answer", execution_id)
            return False
        return True

    def _keep_trace(self, execution_id: int) -> None:
        """Before a worker is woken up, which asks for it; who has no trace leaves that of whoever had one."""
        traceparent = tracing.current().traceparent()
        if traceparent is not None:
            self.redis.set(self._trace_key(execution_id), traceparent, ex=_TRACE_SECONDS)

    def traceparent(self, execution_id: int) -> str | None:
        """The trace of the request that enqueued it last; None where there is none or Redis is away."""
        try:
            kept = self.redis.get(self._trace_key(execution_id))
        except RedisError:
            return None
        if not isinstance(kept, bytes) or len(kept) > _LONGEST_TRACEPARENT:
            return None
        return kept.decode("ascii", "replace")

    def enqueue_again(self, execution_id: int, *, attempt: int, profile: str = STANDARD_PROFILE) -> bool:
        """Enqueue unless it waits already; a job that a dead worker took is dropped first.

        A worker that is about to claim may then find a second job: its claim and the other's cannot both win.
        """
        job_id, waiting = job_id_of(execution_id, attempt=attempt), self.rq_of(profile)
        try:
            if self.redis.lpos(waiting.key, job_id) is not None:
                return True
            self.redis.lrem(waiting.intermediate_queue_key, 0, job_id)
            self.redis.delete(ExecutionJob.key_for(job_id))
        except RedisError:
            return False
        return self.enqueue(execution_id, attempt=attempt, profile=profile)

    def waiting(self, profile: str = STANDARD_PROFILE) -> frozenset[str] | None:
        """The ids of the jobs that wait for workers of this profile; None when Redis does not answer."""
        try:
            return frozenset(self.rq_of(profile).get_job_ids())
        except RedisError:
            return None

    def is_waiting(self, execution_id: int, *, attempt: int = 1, profile: str = STANDARD_PROFILE) -> bool:
        """Whether its job waits in Redis; False too when Redis does not answer."""
        return job_id_of(execution_id, attempt=attempt) in (self.waiting(profile) or ())

    def drop_abandoned(self, known: frozenset[str]) -> frozenset[str]:
        """Drop jobs that workers took and never began: those that were known to be so at an earlier look.

        A worker drops a job itself within milliseconds; one that was killed in between leaves it behind.

        Returns:
            jobs to be known at the next look.
        """
        found: set[str] = set()
        try:
            for queue in self._queues.values():
                between = queue.intermediate_queue_key
                for job_id in map(bytes.decode, self.redis.lrange(between, 0, -1)):  # type: ignore[arg-type]
                    if job_id in known:
                        self.redis.lrem(between, 0, job_id)
                        self.redis.delete(ExecutionJob.key_for(job_id))
                    else:
                        found.add(job_id)
        except RedisError:
            return frozenset()
        return frozenset(found)

    def publish(self, execution_id: int, progress: LiveProgress) -> bool:
        """Publish live progress, and learn in the same round trip whether somebody asked to stop."""
        try:
            with self.redis.pipeline(transaction=False) as pipeline:
                pipeline.set(self._live_key(execution_id), progress.to_json(), ex=_LIVE_SECONDS)
                pipeline.exists(self._stop_key(execution_id, progress.attempt))
                return bool(pipeline.execute()[1])
        except RedisError:
            return False

    def live(self, execution_id: int) -> LiveProgress | None:
        """The latest live progress of any attempt; compare its token with the row's.

        Where Redis does not answer or has lost it, what was seen last: nobody sees a run go backwards.
        """
        try:
            payload = self.redis.get(self._live_key(execution_id))
        except RedisError:
            payload = None
        live = LiveProgress.from_json(payload) if isinstance(payload, bytes) else None
        if live is None:
            return self._seen.get(execution_id)
        self._seen.pop(execution_id, None)
        self._seen[execution_id] = live
        if len(self._seen) > _SEEN:
            self._forget_oldest()
        return live

    def _forget_oldest(self) -> None:
        with suppress(StopIteration, KeyError, RuntimeError):  # another thread is at it too
            self._seen.pop(next(iter(self._seen)))

    def request_stop(self, execution_id: int, *, attempt: int, force: bool = False) -> bool:
        """Hasten a stop that stands in the database already."""
        wish = _FORCED if force else _ASKED
        try:
            return bool(self.redis.set(self._stop_key(execution_id, attempt), wish, ex=_STOP_SECONDS))
        except RedisError:
            return False

    def is_force_requested(self, execution_id: int, *, attempt: int) -> bool:
        """Whether somebody asked to end this run whatever it does; False when Redis does not answer."""
        try:
            return self.redis.get(self._stop_key(execution_id, attempt)) == _FORCED
        except RedisError:
            return False

    def forget(self, execution_id: int, *, attempt: int) -> None:
        """Drop what Redis keeps of an attempt that has ended."""
        try:
            with self.redis.pipeline(transaction=False) as pipeline:
                pipeline.expire(self._live_key(execution_id), _FORGOTTEN_SECONDS)
                pipeline.delete(self._stop_key(execution_id, attempt))
                pipeline.execute()
        except RedisError:
            return

    def _live_key(self, execution_id: int) -> str:
        return f"{self._prefix}:live:{execution_id}"

    def _trace_key(self, execution_id: int) -> str:
        return f"{self._prefix}:trace:{execution_id}"

    def _stop_key(self, execution_id: int, attempt: int) -> str:
        return f"{self._prefix}:stop:{execution_id}:{attempt}"
