"""What was refused is said on the page that one comes back to; scripts get it as a problem."""

from collections.abc import Iterator
from contextlib import contextmanager

from flask import flash

from sostrades_api.errors import ConflictError, DomainError, InvalidValuesError
from sostrades_api.http.problems import wants_page


@contextmanager
def told() -> Iterator[None]:
    """Say on the next page what the state or the values did not allow; for scripts it is raised."""
    try:
        yield
    except (ConflictError, InvalidValuesError) as error:
        if not wants_page():
            raise
        flash(reasons(error), "bad")


def reasons(error: DomainError) -> str:
    """Why, in one text."""
    if isinstance(error, InvalidValuesError):
        return "; ".join(item.detail for item in error.items)
    return error.detail
