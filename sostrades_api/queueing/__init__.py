"""Waking workers up and live progress, over Redis. The database is the truth; all of this may be lost."""

from sostrades_api.queueing.progress import LiveProgress
from sostrades_api.queueing.queue import ExecutionQueue

__all__ = ["ExecutionQueue", "LiveProgress"]
