"""The RQ job of this platform: JSON, and only functions on an allow-list.

RQ imports and calls whatever dotted name stands in Redis; with the list, write access to Redis is not
the right to run code.
"""

from collections.abc import Callable
from typing import Any

from rq import Queue
from rq.job import Job
from rq.serializers import JSONSerializer

EXECUTE = "sostrades_api.worker.run.execute"
ALLOWED_FUNCTIONS = frozenset({EXECUTE})


class ForbiddenFunctionError(Exception):
    """A job names a function that is not on the allow-list."""


class ExecutionJob(Job):
    """A job that carries an execution's id and nothing else."""

    @property
    def func(self) -> Callable[..., Any] | None:
        """The function, when it is an allowed one and nothing is bound to it."""
        if self.func_name not in ALLOWED_FUNCTIONS or self.instance is not None:
            raise ForbiddenFunctionError(str(self.func_name))
        return super().func

    @property
    def execution_id(self) -> int:
        """The only argument of every job."""
        (execution_id,) = self.args
        return int(execution_id)


class ExecutionRqQueue(Queue):
    """An RQ queue that never reads or writes a pickle."""

    job_class = ExecutionJob

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["serializer"] = JSONSerializer
        kwargs["job_class"] = ExecutionJob
        super().__init__(*args, **kwargs)


def job_id_of(execution_id: int, *, attempt: int) -> str:
    """The job that starts this attempt; a new attempt needs a new job, whatever became of the old one."""
    return f"execution-{execution_id}-{attempt}"
