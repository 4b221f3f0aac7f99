"""Limit how many executions of a group run at a time."""

from sqlalchemy.orm import Session

from sostrades_api.access import Actor
from sostrades_api.access.actor import require_administrator
from sostrades_api.errors import FaultyItem, InvalidValuesError
from sostrades_api.models import MAX_ID, Group
from sostrades_api.services.unit_of_work import unit_of_work


def group_set_limit(session: Session, group: Group, *, actor: Actor, max_running: int | None) -> None:
    """At most so many at a time; None: as many as there are workers. What runs already goes on.

    Raises:
        ForbiddenError: The actor is no administrator.
        InvalidValuesError: The limit is below 1.
    """
    require_administrator(actor)
    if max_running is not None and not 1 <= max_running <= MAX_ID:
        fault = f"The limit is a whole number of at least 1, not {max_running}"
        raise InvalidValuesError([FaultyItem(fault, pointer="/max_running")])
    with unit_of_work(session):
        group.max_running = max_running
