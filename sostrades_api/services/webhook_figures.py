"""Figures of webhooks."""

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from sostrades_api.models import WebhookDelivery

_LOOKED_AT = 10_000


@dataclass(frozen=True)
class DeliveryFigures:
    """Numbers of deliveries."""

    pending: int  # to be tried, or tried again
    failed: int  # given up, among the newest


def delivery_figures(session: Session) -> DeliveryFigures:
    """Count what is due, which an index has, and the given up among the newest 10,000."""
    due = select(func.count()).select_from(WebhookDelivery).where(WebhookDelivery.next_at.is_not(None))
    newest = (
        select(WebhookDelivery.failed_at).order_by(WebhookDelivery.id.desc()).limit(_LOOKED_AT).subquery()
    )
    return DeliveryFigures(
        pending=session.scalar(due) or 0, failed=session.scalar(select(func.count(newest.c.failed_at))) or 0
    )
