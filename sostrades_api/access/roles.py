"""Roles on a study case, permissions, and the one table from the former to the latter. Pure."""

from collections.abc import Iterable
from enum import StrEnum


class Role(StrEnum):
    """What somebody is on a study case, from the least to the most."""

    RESTRICTED_VIEWER = "Restricted Viewer"  # sees that it runs, its charts and its report, no value
    COMMENTER = "Commenter"  # reads everything, changes nothing
    CONTRIBUTOR = "Contributor"  # works on it: updates, executes, copies
    MANAGER = "Manager"  # decides over it: rights, name, deletion

    @property
    def rank(self) -> int:
        """Position in the order above."""
        return list(Role).index(self)


class Permission(StrEnum):
    """What one may do with a study case."""

    VIEW = "view"  # status, charts, HTML report; load answers {}
    READ = "read"  # all values, downloads, logs, history
    UPDATE = "update"  # change parameters, revert a change
    EXECUTE = "execute"  # request an execution
    STOP = "stop"  # stop an execution
    TRACE = "trace"  # read the traceback of a failed execution
    COPY = "copy"  # copy the study case
    SHARE = "share"  # grant and revoke rights
    RENAME = "rename"  # change its name
    DELETE = "delete"  # delete and restore it


READING = frozenset({Permission.VIEW, Permission.READ})

HARMLESS = READING | {Permission.TRACE}  # what a read-only key may do, where the role allows it

_CONTRIBUTING = HARMLESS | {Permission.UPDATE, Permission.EXECUTE, Permission.STOP, Permission.COPY}

PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.RESTRICTED_VIEWER: frozenset({Permission.VIEW}),
    Role.COMMENTER: READING,
    Role.CONTRIBUTOR: _CONTRIBUTING,
    Role.MANAGER: _CONTRIBUTING | {Permission.SHARE, Permission.RENAME, Permission.DELETE},
}


def highest_role(roles: Iterable[Role]) -> Role | None:
    """The role that counts of all that somebody has; None when there is none."""
    return max(roles, key=lambda role: role.rank, default=None)
