"""A study case: a process filled with data, with rights, parameters and their history."""

import datetime as dt

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from sostrades_api.engine.naming import LONGEST_NAME
from sostrades_api.models.account import Group
from sostrades_api.models.base import Base, utc_now

NAME_LENGTH = 200
VARIABLE_NAME_LENGTH = LONGEST_NAME


class StudyCase(Base):
    """A filled-in process. ``revision`` grows by one with every change a client can see."""

    __tablename__ = "study_cases"
    __table_args__ = ({"sqlite_autoincrement": True},)  # an id is never given twice

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(NAME_LENGTH))
    process_name: Mapped[str] = mapped_column(String(200))
    reference_name: Mapped[str | None] = mapped_column(String(200))
    group_id: Mapped[int] = mapped_column(ForeignKey("groups.id"), index=True)
    copied_from_id: Mapped[int | None] = mapped_column(ForeignKey("study_cases.id", ondelete="SET NULL"))
    revision: Mapped[int] = mapped_column(default=1)
    created_by: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[dt.datetime] = mapped_column(default=utc_now)
    updated_at: Mapped[dt.datetime] = mapped_column(default=utc_now)
    deleted_at: Mapped[dt.datetime | None]

    group: Mapped[Group] = relationship()


class StudyCaseRight(Base):
    """A role on a study case given to one user or one group, beside the owning group."""

    __tablename__ = "study_case_rights"
    __table_args__ = (
        CheckConstraint("(user_id IS NULL) <> (group_id IS NULL)", name="one_holder"),
        UniqueConstraint("study_case_id", "user_id", name="uq_study_case_rights_user"),
        UniqueConstraint("study_case_id", "group_id", name="uq_study_case_rights_group"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    study_case_id: Mapped[int] = mapped_column(ForeignKey("study_cases.id", ondelete="CASCADE"))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    group_id: Mapped[int | None] = mapped_column(ForeignKey("groups.id", ondelete="CASCADE"), index=True)
    role: Mapped[str] = mapped_column(String(32))


class StudyParameter(Base):
    """The value a study case gives to a variable; a variable without a row has its default.

    ``name`` is relative to the study: renaming or copying a study touches no row.
    """

    __tablename__ = "study_parameters"

    study_case_id: Mapped[int] = mapped_column(
        ForeignKey("study_cases.id", ondelete="CASCADE"), primary_key=True
    )
    name: Mapped[str] = mapped_column(String(VARIABLE_NAME_LENGTH), primary_key=True)
    digest: Mapped[str] = mapped_column(ForeignKey("stored_values.digest"), index=True)


class ParameterChange(Base):
    """Append-only history: one row a variable a change; a null digest is the default."""

    __tablename__ = "parameter_changes"
    __table_args__ = (Index("ix_parameter_changes_study_revision", "study_case_id", "revision"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    study_case_id: Mapped[int] = mapped_column(ForeignKey("study_cases.id", ondelete="CASCADE"))
    revision: Mapped[int]
    name: Mapped[str] = mapped_column(String(VARIABLE_NAME_LENGTH))
    old_digest: Mapped[str | None] = mapped_column(ForeignKey("stored_values.digest"), index=True)
    new_digest: Mapped[str | None] = mapped_column(ForeignKey("stored_values.digest"), index=True)
    actor: Mapped[str] = mapped_column(String(200))
    at: Mapped[dt.datetime] = mapped_column(default=utc_now)
    note: Mapped[str | None] = mapped_column(Text)
