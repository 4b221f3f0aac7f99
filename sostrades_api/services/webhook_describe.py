"""Webhooks and deliveries as the API and the command line show them."""

from typing import Any

from sqlalchemy.orm import Session

from sostrades_api.models import Group, User, Webhook, WebhookDelivery
from sostrades_api.services.execution_summary import iso


def webhook_describe(session: Session, webhook: Webhook) -> dict[str, Any]:
    """All but the secret; times are ISO 8601, UTC."""
    user = session.get(User, webhook.user_id) if webhook.user_id is not None else None
    group = session.get(Group, webhook.group_id) if webhook.group_id is not None else None
    return {
        "webhook_id": webhook.id,
        "url": webhook.url,
        "user": user.username if user else None,
        "group": group.name if group else None,
        "study_case_id": webhook.study_case_id,
        "states": list(webhook.states),
        "is_active": webhook.is_active,
        "disabled_reason": webhook.disabled_reason,
        "created_by": webhook.created_by,
        "created_at": iso(webhook.created_at),
    }


def delivery_describe(delivery: WebhookDelivery) -> dict[str, Any]:
    """What was or is to be sent, and what became of it."""
    return {
        "delivery_id": delivery.id,
        "message_id": delivery.message_id,
        "type": delivery.event_type,
        "status": _status(delivery),
        "attempts": delivery.attempts,
        "created_at": iso(delivery.created_at),
        "next_at": iso(delivery.next_at),
        "delivered_at": iso(delivery.delivered_at),
        "failed_at": iso(delivery.failed_at),
        "last_status": delivery.last_status,
        "last_error": delivery.last_error,
        "payload": delivery.payload,
    }


def _status(delivery: WebhookDelivery) -> str:
    if delivery.next_at is not None:
        return "pending"
    return "delivered" if delivery.delivered_at is not None else "failed"
