"""The queue: JSON jobs of an allow-list, one a attempt, and quiet answers when Redis is away."""

import json
import time
import zlib

import pytest
from rq.exceptions import DeserializationError
from rq.job import Job
from rq.serializers import JSONSerializer

from sostrades_api.queueing import ExecutionQueue, LiveProgress
from sostrades_api.queueing.jobs import EXECUTE, ExecutionJob, ForbiddenFunctionError, job_id_of
from sostrades_api.queueing.progress import encode_statuses
from sostrades_api.settings import Settings


@pytest.fixture
def queue(tmp_path, redis_url):
    queue = ExecutionQueue.for_web(Settings(data_dir=tmp_path, redis_url=redis_url))
    yield queue
    queue.redis.close()


@pytest.fixture
def dead_queue(tmp_path):
    return ExecutionQueue.for_web(Settings(data_dir=tmp_path, redis_url="redis://127.0.0.1:1/0"))


def test_a_job_carries_an_execution_id_as_json_and_nothing_else(queue):
    assert queue.enqueue(12)
    raw = zlib.decompress(queue.redis.hget("rq:job:execution-12-1", "data"))
    assert json.loads(raw) == [EXECUTE, None, [12], {}]
    job = ExecutionJob.fetch("execution-12-1", connection=queue.redis, serializer=JSONSerializer)
    assert job.execution_id == 12
    assert job.timeout == -1


def test_one_attempt_waits_once_and_the_next_has_a_job_of_its_own(queue):
    assert queue.enqueue(1)
    assert queue.enqueue(1)
    assert queue.enqueue_again(1, attempt=1)
    assert queue.enqueue(1, attempt=2)
    assert queue.redis.llen(queue.rq.key) == 2
    assert queue.is_waiting(1)
    assert queue.is_waiting(1, attempt=2)
    assert not queue.is_waiting(2)


def test_a_job_that_a_dead_worker_took_is_enqueued_again(queue):
    queue.enqueue(1)
    queue.redis.lmove(queue.rq.key, queue.rq.intermediate_queue_key)
    assert not queue.is_waiting(1, attempt=1)
    assert queue.enqueue_again(1, attempt=1)
    assert queue.is_waiting(1, attempt=1)
    assert queue.redis.llen(queue.rq.intermediate_queue_key) == 0


def test_a_job_that_nobody_began_is_dropped_at_the_second_look(queue):
    queue.enqueue(1)
    queue.redis.lmove(queue.rq.key, queue.rq.intermediate_queue_key)
    seen = queue.drop_abandoned(frozenset())
    assert seen == {"execution-1-1"}
    assert queue.redis.llen(queue.rq.intermediate_queue_key) == 1
    assert queue.drop_abandoned(seen) == frozenset()
    assert queue.redis.llen(queue.rq.intermediate_queue_key) == 0
    assert not queue.redis.exists("rq:job:execution-1-1")


@pytest.mark.parametrize("function", ["os.system", "builtins.eval", "sostrades_api.worker.run"])
def test_a_function_off_the_list_is_never_looked_up(queue, function):
    job = ExecutionJob.create(function, args=("true",), connection=queue.redis, serializer=JSONSerializer)
    with pytest.raises(ForbiddenFunctionError):
        _ = job.func
    with pytest.raises(ForbiddenFunctionError):
        job.perform()


def test_a_pickle_in_redis_is_not_read(queue):
    job = Job.create("time.time", connection=queue.redis, id=job_id_of(3, attempt=1))
    job.save()
    fetched = ExecutionJob.fetch(job.id, connection=queue.redis, serializer=JSONSerializer)
    with pytest.raises(DeserializationError):
        _ = fetched.func


def test_live_progress_comes_back_with_the_wish_to_stop(queue):
    live = LiveProgress("token", 2, 0.5, encode_statuses(["DONE", "RUNNING", "PENDING"]), "A, B", 3, 0.1)
    assert not queue.publish(5, live)
    assert queue.live(5) == live
    assert live.named(["a", "b", "c"]) == {"a": "DONE", "b": "RUNNING", "c": "PENDING"}
    assert 0 < queue.redis.ttl("sostrades:executions:live:5") <= 60
    assert queue.request_stop(5, attempt=2)
    assert queue.publish(5, live)
    queue.forget(5, attempt=2)
    assert 0 < queue.redis.ttl("sostrades:executions:live:5") <= 2
    assert not queue.publish(5, live)


def test_progress_that_was_seen_does_not_go_back_when_redis_loses_it(queue):
    live = LiveProgress("token", 2, 0.5, "DRP")
    queue.publish(5, live)
    assert queue.live(5) == live
    queue.redis.flushall()
    assert queue.live(5) == live
    assert queue.live(6) is None


def test_progress_of_another_release_is_no_progress(queue):
    queue.redis.set("sostrades:executions:live:5", b'{"format": 9}')
    assert queue.live(5) is None
    queue.redis.set("sostrades:executions:live:5", b"\x80pickle")
    assert queue.live(5) is None
    for field, odd in {"statuses": "DX", "progress": "half"}.items():
        told = {"token": "t", "attempt": 1, "progress": 0.5, "statuses": "DR", field: odd}
        queue.redis.set("sostrades:executions:live:5", json.dumps(told))
        assert queue.live(5) is None


def test_without_redis_every_answer_is_quick_and_none_raises(dead_queue):
    live = LiveProgress("token", 1, 0.5, "D")
    start = time.monotonic()
    assert not dead_queue.enqueue(1)
    assert not dead_queue.enqueue_again(1, attempt=1)
    assert not dead_queue.is_waiting(1)
    assert dead_queue.waiting() is None
    assert dead_queue.live(1) is None
    assert not dead_queue.publish(1, live)
    assert not dead_queue.request_stop(1, attempt=1)
    dead_queue.forget(1, attempt=1)
    assert time.monotonic() - start < 5
