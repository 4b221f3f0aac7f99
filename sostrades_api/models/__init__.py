"""SQLAlchemy tables, one aggregate a file."""

from sostrades_api.models.account import ApiKey, Group, GroupMember, User
from sostrades_api.models.base import MAX_ID, Base, db, utc_now
from sostrades_api.models.computed_result import ComputedOutput, ComputedResult
from sostrades_api.models.execution import (
    ACTIVE_STATES,
    DEFAULT_PRIORITY,
    FINAL_STATES,
    HELD_STATES,
    MAX_PRIORITY,
    STANDARD_PROFILE,
    TRANSITIONS,
    Execution,
    ExecutionLog,
    ExecutionState,
    ExecutionTransition,
    ExecutionValue,
)
from sostrades_api.models.idempotent_request import IdempotentRequest
from sostrades_api.models.stored_value import StoredValue
from sostrades_api.models.study_case import ParameterChange, StudyCase, StudyCaseRight, StudyParameter
from sostrades_api.models.webhook import Webhook, WebhookDelivery
from sostrades_api.models.worker import QueuePause, WorkerProcess

__all__ = [
    "ACTIVE_STATES",
    "DEFAULT_PRIORITY",
    "FINAL_STATES",
    "HELD_STATES",
    "MAX_ID",
    "MAX_PRIORITY",
    "STANDARD_PROFILE",
    "TRANSITIONS",
    "ApiKey",
    "Base",
    "ComputedOutput",
    "ComputedResult",
    "Execution",
    "ExecutionLog",
    "ExecutionState",
    "ExecutionTransition",
    "ExecutionValue",
    "Group",
    "GroupMember",
    "IdempotentRequest",
    "ParameterChange",
    "QueuePause",
    "StoredValue",
    "StudyCase",
    "StudyCaseRight",
    "StudyParameter",
    "User",
    "Webhook",
    "WebhookDelivery",
    "WorkerProcess",
    "db",
    "utc_now",
]
