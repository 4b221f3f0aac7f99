"""What can go wrong with a stored value."""

from sostrades_api.errors import DomainError, UnavailableError


class MissingValueError(DomainError):
    """A stored value is missing."""


class CorruptValueError(DomainError):
    """A stored value was damaged after it was written."""


class StoreUnavailableError(UnavailableError):
    """The value store does not answer, or takes nothing; try again shortly."""


class UnstorableValueError(DomainError):
    """This kind of value cannot be stored."""
