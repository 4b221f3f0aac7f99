"""Who acts, and the pure predicates over what they may do."""

from dataclasses import dataclass, field

from sostrades_api.access.roles import HARMLESS, PERMISSIONS, Permission, Role
from sostrades_api.errors import ForbiddenError


@dataclass(frozen=True, kw_only=True)
class Actor:
    """A user or a group acting through a key, a signed-in browser or the command line."""

    label: str  # what history and logs say: a user name, or "group:<name>"
    user_id: int | None = None
    group_ids: frozenset[int] = field(default_factory=frozenset)
    is_admin: bool = False
    read_only: bool = False
    api_key_id: int | None = None


COMMAND_LINE = Actor(label="command line", is_admin=True)


def can(actor: Actor, permission: Permission, *, role: Role | None) -> bool:
    """Whether this actor, having this role on a study case, may do that."""
    if actor.read_only and permission not in HARMLESS:
        return False
    return actor.is_admin or (role is not None and permission in PERMISSIONS[role])


def may_administer(actor: Actor) -> bool:
    """Whether this actor may change how the platform works: workers, queues, limits."""
    return actor.is_admin and not actor.read_only


def require_administrator(actor: Actor) -> None:
    """Refuse whoever may not.

    Raises:
        ForbiddenError: The actor is no administrator, or its key only reads.
    """
    if not may_administer(actor):
        detail = "Only administrators may do this, and not with a read-only key"
        raise ForbiddenError(detail)
