"""Domain errors: every failure that a caller can cause or must know of.

Each class's docstring is its title; ``detail`` says what to do. ``sostrades_api.http.problems`` has the one
table from these classes to HTTP statuses. Nothing here knows HTTP.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class FaultyItem:
    """One faulty item of a request: the variable (or JSON pointer) and what is wrong with it."""

    detail: str
    variable_id: str | None = None
    pointer: str | None = None


class DomainError(Exception):
    """Something went wrong."""

    def __init__(self, detail: str | None = None) -> None:
        super().__init__(detail or self.title())
        self.detail = detail or self.title()

    @classmethod
    def title(cls) -> str:
        """First line of the docstring."""
        return (cls.__doc__ or cls.__name__).strip().splitlines()[0]


class NotFoundError(DomainError):
    """There is no such thing, or you may not see it."""


class ForbiddenError(DomainError):
    """You may not do this."""


class AuthenticationError(DomainError):
    """A valid API key is needed."""


class ConflictError(DomainError):
    """Its state does not allow this now."""


class AlreadyRunningError(ConflictError):
    """An execution of this study case is already queued, running or suspended."""


class StudyNotLoadableError(ConflictError):
    """The study case cannot be loaded."""


class NoResultError(ConflictError):
    """The study case has no finished execution yet."""


class RevisionConflictError(ConflictError):
    """Somebody else changed the study case meanwhile."""


class PreconditionFailedError(DomainError):
    """The study case's revision is not the one the request was made for."""


class MalformedError(DomainError):
    """The request cannot be read."""


class InvalidValuesError(DomainError):
    """Some values are wrong."""

    def __init__(self, items: Sequence[FaultyItem], detail: str | None = None) -> None:
        super().__init__(detail or (items[0].detail if len(items) == 1 else f"{len(items)} values are wrong"))
        self.items = tuple(items)


class OutOfRangeError(DomainError):
    """The range asked for lies outside of what there is."""


class TooLargeError(DomainError):
    """The request is larger than this server accepts."""


class UnavailableError(DomainError):
    """A part of the platform does not answer; try again shortly."""
