"""Webhooks: who wants to be told of executions, and what is still to be told to whom."""

import datetime as dt
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text, true
from sqlalchemy.orm import Mapped, mapped_column

from sostrades_api.models.base import Base, utc_now

URL_LENGTH = 2000


class Webhook(Base):
    """An address that is told of every change of state of the executions that its owner may see."""

    __tablename__ = "webhooks"
    __table_args__ = (
        CheckConstraint("(user_id IS NULL) <> (group_id IS NULL)", name="one_owner"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    url: Mapped[str] = mapped_column(String(URL_LENGTH))
    # Salts from which the secret is derived (`sostrades_api.access.webhook_secrets`), never the secret.
    secret: Mapped[str] = mapped_column(Text)
    states: Mapped[list[str]] = mapped_column(JSON)  # told of these; empty: of all
    study_case_id: Mapped[int | None] = mapped_column(
        ForeignKey("study_cases.id", ondelete="CASCADE"), index=True
    )  # None: of all study cases of the owner
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    group_id: Mapped[int | None] = mapped_column(ForeignKey("groups.id", ondelete="CASCADE"), index=True)
    created_by: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[dt.datetime] = mapped_column(default=utc_now)
    is_active: Mapped[bool] = mapped_column(default=True, server_default=true())
    disabled_reason: Mapped[str | None] = mapped_column(Text)


class WebhookDelivery(Base):
    """One message to one webhook, written with the state it tells of; no ``next_at``: it is settled."""

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        Index("ix_webhook_deliveries_due", "next_at", "id"),
        Index("ix_webhook_deliveries_webhook", "webhook_id", "id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    webhook_id: Mapped[int] = mapped_column(ForeignKey("webhooks.id", ondelete="CASCADE"))
    message_id: Mapped[str] = mapped_column(String(64))  # the same for every try: receivers drop repeats
    event_type: Mapped[str] = mapped_column(String(64))
    payload: Mapped[dict[str, Any]] = mapped_column(JSON)
    created_at: Mapped[dt.datetime] = mapped_column(default=utc_now)
    next_at: Mapped[
        dt.datetime | None
    ]  # of the next try, or the end of the lease of the one that is made now
    attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    delivered_at: Mapped[dt.datetime | None]
    failed_at: Mapped[dt.datetime | None]
    last_status: Mapped[int | None]
    last_error: Mapped[str | None] = mapped_column(Text)
