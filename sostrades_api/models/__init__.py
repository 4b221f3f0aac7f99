"""SQLAlchemy tables, one aggregate a file."""

from sostrades_api.models.account import ApiKey, Group, GroupMember, User
from sostrades_api.models.base import MAX_ID, Base, db, utc_now
from sostrades_api.models.computed_result import ComputedOutput, ComputedResult
from sostrades_api.models.execution import (
    ACTIVE_STATES,
    TRANSITIONS,
    Execution,
    ExecutionLog,
    ExecutionState,
    ExecutionTransition,
    ExecutionValue,
)
from sostrades_api.models.stored_value import StoredValue
from sostrades_api.models.study_case import ParameterChange, StudyCase, StudyCaseRight, StudyParameter

__all__ = [
    "ACTIVE_STATES",
    "MAX_ID",
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
    "ParameterChange",
    "StoredValue",
    "StudyCase",
    "StudyCaseRight",
    "StudyParameter",
    "User",
    "db",
    "utc_now",
]
