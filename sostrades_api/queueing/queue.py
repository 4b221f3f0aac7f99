"""The queue as the services see it: it wakes workers up and carries live progress; the truth is elsewhere."""

import logging

from redis import Redis
from redis.exceptions import RedisError
from rq.exceptions import DuplicateJobError

from sostrades_api.queueing.connection import connect_web, connect_worker
from sostrades_api.queueing.jobs import EXECUTE, ExecutionJob, ExecutionRqQueue, job_id_of
from sostrades_api.queueing.progress import LiveProgress
from sostrades_api.settings import Settings

logger = logging.getLogger(__name__)

_LIVE_SECONDS = 60  # live progress outlives a short silence of its worker, not its execution
_STOP_SECONDS = 3600
_FAILED_JOB_SECONDS = 3600


class ExecutionQueue:
    """Enqueue, position and live progress. Without Redis each method says so instead of raising."""

    def __init__(self, redis: Redis, settings: Settings) -> None:
        self.redis = redis
        self.rq = ExecutionRqQueue(settings.queue_name, connection=redis)
        self._prefix = f"sostrades:{settings.queue_name}"

    @classmethod
    def for_web(cls, settings: Settings) -> "ExecutionQueue":
        """A queue that gives up within half a second."""
        return cls(connect_web(settings), settings)

    @classmethod
    def for_worker(cls, settings: Settings) -> "ExecutionQueue":
        """A queue that outlives a restart of Redis."""
        return cls(connect_worker(settings), settings)

    def enqueue(self, execution_id: int, *, attempt: int = 1) -> bool:
        """Wake a worker up; False when Redis does not answer (the sweeper will try again)."""
        try:
            self.rq.enqueue_call(
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

    def enqueue_again(self, execution_id: int, *, attempt: int) -> bool:
        """Enqueue unless it waits already; a job that a dead worker took is dropped first.

        A worker that is about to claim may then find a second job: its claim and the other's cannot both win.
        """
        job_id = job_id_of(execution_id, attempt=attempt)
        try:
            if self.redis.lpos(self.rq.key, job_id) is not None:
                return True
            self.redis.lrem(self.rq.intermediate_queue_key, 0, job_id)
            self.redis.delete(ExecutionJob.key_for(job_id))
        except RedisError:
            return False
        return self.enqueue(execution_id, attempt=attempt)

    def is_waiting(self, execution_id: int, *, attempt: int) -> bool:
        """Whether its job waits in Redis; False too when Redis does not answer."""
        return self.position(execution_id, attempt=attempt) is not None

    def position(self, execution_id: int, *, attempt: int = 1) -> int | None:
        """How many wait before it plus one; None when it does not wait or Redis does not answer."""
        try:
            index = self.redis.lpos(self.rq.key, job_id_of(execution_id, attempt=attempt))
        except RedisError:
            return None
        return index + 1 if isinstance(index, int) else None

    def publish(self, execution_id: int, progress: LiveProgress) -> bool:
        """Publish live progress, and learn in the same round trip whether somebody asked to stop."""
        try:
            with self.redis.pipeline(transaction=False) as pipeline:
                pipeline.set(self._live_key(execution_id), progress.to_json(), ex=_LIVE_SECONDS)
                pipeline.exists(self._stop_key(execution_id))
                return bool(pipeline.execute()[1])
        except RedisError:
            return False

    def live(self, execution_id: int) -> LiveProgress | None:
        """The latest live progress of any attempt; compare its token with the row's."""
        try:
            payload = self.redis.get(self._live_key(execution_id))
        except RedisError:
            return None
        return LiveProgress.from_json(payload) if isinstance(payload, bytes) else None

    def request_stop(self, execution_id: int) -> bool:
        """Hasten a stop that stands in the database already."""
        try:
            return bool(self.redis.set(self._stop_key(execution_id), b"1", ex=_STOP_SECONDS))
        except RedisError:
            return False

    def forget(self, execution_id: int) -> None:
        """Drop what Redis keeps of an execution that has ended."""
        try:
            self.redis.delete(self._live_key(execution_id), self._stop_key(execution_id))
        except RedisError:
            return

    def _live_key(self, execution_id: int) -> str:
        return f"{self._prefix}:live:{execution_id}"

    def _stop_key(self, execution_id: int) -> str:
        return f"{self._prefix}:stop:{execution_id}"
