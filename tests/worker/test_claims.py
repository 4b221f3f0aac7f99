"""What a worker has claimed is always in somebody's hands."""

from contextlib import suppress

import pytest
from rq.exceptions import StopRequested
from rq.serializers import JSONSerializer
from rq.worker import WorkerStatus

from sostrades_api.queueing.jobs import ExecutionJob, job_id_of
from sostrades_api.services.execution_request import execution_request
from sostrades_api.worker import execution_worker
from sostrades_api.worker.execution_worker import ExecutionWorker
from sostrades_api.worker.runtime import Runtime

pytestmark = pytest.mark.database("sqlite")


def test_a_shutdown_at_the_moment_of_a_claim_loses_nothing(
    app, platform, session, make_case, actor, monkeypatch
):
    queue = platform.queue
    number = execution_request(session, make_case("test_chain"), actor=actor, queue=queue).id
    session.rollback()
    job_id = job_id_of(number, attempt=1)
    job = ExecutionJob.fetch(job_id, connection=queue.redis, serializer=JSONSerializer)
    worker = ExecutionWorker(Runtime(app, queue), name="w", connection=queue.redis)
    claim_next, run = execution_worker.execution_claim_next, []

    def claim_and_be_told_to_end(*args, **options):
        claimed = claim_next(*args, **options)
        worker._shutdown()  # as the handler of SIGTERM does, wherever the worker is
        return claimed

    monkeypatch.setattr(execution_worker, "execution_claim_next", claim_and_be_told_to_end)
    monkeypatch.setattr(worker, "_run", run.append)  # runs it, or gives it back when its grace is over
    worker.execute_job(job, queue.rq)
    assert [attempt.execution_id for attempt in run] == [number]
    assert worker.get_state() == WorkerStatus.IDLE


def test_a_shutdown_that_was_told_while_a_connection_was_closed_is_not_forgotten(app, platform, monkeypatch):
    worker = ExecutionWorker(Runtime(app, platform.queue), name="w", connection=platform.queue.redis)
    worker.set_state(WorkerStatus.IDLE)

    def close_and_be_told_to_end():
        with suppress(Exception):  # as SQLAlchemy does, which logs it
            worker._shutdown()

    def listen(*_args, **_options):
        pytest.fail("it listens for the next job")

    monkeypatch.setattr(worker, "_fork_standby", close_and_be_told_to_end)
    monkeypatch.setattr(worker.queue_class, "dequeue_any", listen)
    with pytest.raises(StopRequested):
        worker.dequeue_job_and_maintain_ttl(1)
