"""Study cases and the rights on them."""

import itertools
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from sostrades_api.access import Role
from sostrades_api.models import Group, StudyCase, StudyCaseRight, User


@dataclass
class StudyFactory:
    """Makes committed rows in the session's database."""

    session: Session
    _numbers: itertools.count = field(default_factory=lambda: itertools.count(1))

    def study(
        self, group: Group, *, process_name: str = "sellar", name: str | None = None, **columns
    ) -> StudyCase:
        """A study case without parameters of its own: every variable has its default."""
        columns.setdefault("created_by", "test")
        name = name or f"study-{next(self._numbers)}"
        study = StudyCase(name=name, process_name=process_name, group_id=group.id, **columns)
        self.session.add(study)
        self.session.commit()
        return study

    def right(self, study: StudyCase, holder: User | Group, role: Role) -> StudyCaseRight:
        """A right of a user or a group on a study case."""
        owner = {"user_id": holder.id} if isinstance(holder, User) else {"group_id": holder.id}
        right = StudyCaseRight(study_case_id=study.id, role=role, **owner)
        self.session.add(right)
        self.session.commit()
        return right
