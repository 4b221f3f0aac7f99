"""Who works, and what is not worked on: workers and paused queues. Rows of workers are renewed or vanish."""

import datetime as dt

from sqlalchemy import JSON, String, Text, false
from sqlalchemy.orm import Mapped, mapped_column

from sostrades_api.models.base import Base, utc_now


class WorkerProcess(Base):
    """One worker; it writes its own row and believes what others write into ``held``."""

    __tablename__ = "workers"

    name: Mapped[str] = mapped_column(String(200), primary_key=True)
    host: Mapped[str] = mapped_column(String(200))
    pid: Mapped[int]
    profiles: Mapped[list[str]] = mapped_column(JSON)  # those whose executions it takes
    started_at: Mapped[dt.datetime] = mapped_column(default=utc_now)
    heartbeat_at: Mapped[dt.datetime] = mapped_column(default=utc_now, index=True)
    execution_id: Mapped[int | None]  # what it ran at its heartbeat; the executions have the truth
    held: Mapped[bool] = mapped_column(default=False, server_default=false())  # takes nothing new
    held_by: Mapped[str | None] = mapped_column(String(200))
    executed: Mapped[int] = mapped_column(default=0, server_default="0")  # attempts that it has run


class QueuePause(Base):
    """A worker profile whose executions wait until an administrator goes on; no row: they do not."""

    __tablename__ = "queue_pauses"

    worker_profile: Mapped[str] = mapped_column(String(64), primary_key=True)
    paused_at: Mapped[dt.datetime] = mapped_column(default=utc_now)
    paused_by: Mapped[str] = mapped_column(String(200))
    reason: Mapped[str | None] = mapped_column(Text)
