"""Rows of computed results, locked in one order by all who change or delete them."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from sostrades_api.models import ComputedResult
from sostrades_api.services.among import among


def lock_results(session: Session, addresses: Sequence[str]) -> None:
    """Wait until nobody else changes these rows; two who lock them by turns would wait for each other."""
    some = among(session, ComputedResult.address, sorted(addresses))
    session.execute(
        select(ComputedResult.address).where(some).order_by(ComputedResult.address).with_for_update()
    )
