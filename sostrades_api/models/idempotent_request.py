"""What was made for a request that may come again: the second time it is answered, not done."""

import datetime as dt

from sqlalchemy import String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from sostrades_api.models.base import Base, utc_now

KEY_LENGTH = 255


class IdempotentRequest(Base):
    """One ``Idempotency-Key`` of one caller; kept for a day."""

    __tablename__ = "idempotent_requests"
    __table_args__ = (UniqueConstraint("caller", "key", name="uq_idempotent_requests_caller_key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    caller: Mapped[str] = mapped_column(String(200))
    key: Mapped[str] = mapped_column(String(KEY_LENGTH))
    fingerprint: Mapped[str] = mapped_column(String(64))  # of what was asked; another request is refused
    execution_id: Mapped[int]
    created_at: Mapped[dt.datetime] = mapped_column(default=utc_now, index=True)
