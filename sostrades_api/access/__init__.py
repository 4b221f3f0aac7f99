"""Roles, permissions and pure predicates over them."""

from sostrades_api.access.actor import COMMAND_LINE, Actor, can
from sostrades_api.access.roles import HARMLESS, PERMISSIONS, READING, Permission, Role, highest_role

__all__ = [
    "COMMAND_LINE",
    "HARMLESS",
    "PERMISSIONS",
    "READING",
    "Actor",
    "Permission",
    "Role",
    "can",
    "highest_role",
]
