"""What disciplines and loops made of their inputs, by address; shared by all study cases."""

import datetime as dt

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from sostrades_api.models.base import Base, utc_now

LABEL_LENGTH = 200
PRIVATE = "run:"  # addresses of what one execution keeps for itself begin so; its number follows


class ComputedResult(Base):
    """A result by the address of all that decides it. It is never changed, only forgotten.

    Checkpoints of executions that may be interrupted are among them, under addresses that nobody else has.
    """

    __tablename__ = "computed_results"
    __table_args__ = (Index("ix_computed_results_last_used_at", "last_used_at"),)

    address: Mapped[str] = mapped_column(String(64), primary_key=True)
    label: Mapped[str] = mapped_column(String(LABEL_LENGTH))  # classes that made it, for people
    seconds: Mapped[float]  # that it took
    created_at: Mapped[dt.datetime] = mapped_column(default=utc_now)
    last_used_at: Mapped[dt.datetime] = mapped_column(default=utc_now)  # to the hour


class ComputedOutput(Base):
    """A value of a result; ``place`` counts from 0 in the engine's order."""

    __tablename__ = "computed_outputs"

    address: Mapped[str] = mapped_column(
        ForeignKey("computed_results.address", ondelete="CASCADE"), primary_key=True
    )
    place: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    digest: Mapped[str] = mapped_column(ForeignKey("stored_values.digest"), index=True)
