"""What the value store knows of a value: its digest, its codec, its size, its shape."""

import datetime as dt
from typing import Any

from sqlalchemy import JSON, BigInteger, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from sostrades_api.models.base import Base, utc_now


class StoredValue(Base):
    """An immutable value by digest. Small ones are kept in the row, larger ones in the blob store."""

    __tablename__ = "stored_values"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    codec: Mapped[str] = mapped_column(String(16))
    size: Mapped[int] = mapped_column(BigInteger)
    payload: Mapped[bytes | None] = mapped_column(LargeBinary)
    summary: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    created_at: Mapped[dt.datetime] = mapped_column(default=utc_now)
