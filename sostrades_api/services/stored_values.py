"""The values that a study case has stored, read as they are asked for."""

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from sostrades_api.models import StudyParameter
from sostrades_api.storage import ValueStore


class StoredValues(Mapping[str, Any]):
    """Values by name relative to the study; nothing is read before the first one is asked for.

    Args:
        session: Read from.
        study_case_id: One that the caller may read.
        values: The value store; None if no value will be asked for.
        digests: What the study case's parameters point to; None reads it.
    """

    def __init__(
        self,
        session: Session,
        study_case_id: int,
        *,
        values: ValueStore | None,
        digests: Mapping[str, str] | None = None,
    ) -> None:
        self._session, self._study_case_id, self._values = session, study_case_id, values
        self._read: dict[str, Any] = {}
        if digests is not None:
            self.__dict__["digests"] = digests

    @cached_property
    def digests(self) -> Mapping[str, str]:
        """What the parameters pointed to when the first one was asked for."""
        query = select(StudyParameter.name, StudyParameter.digest).where(
            StudyParameter.study_case_id == self._study_case_id
        )
        return dict(self._session.execute(query).all())

    def __getitem__(self, name: str) -> Any:
        if name not in self._read:
            digest = self.digests[name]
            if self._values is None:
                msg = f"{name!r} decides the structure of the study case, and no value store was given"
                raise TypeError(msg)
            self._read[name] = self._values.get(self._session, digest)
        return self._read[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.digests)

    def __len__(self) -> int:
        return len(self.digests)
