"""The study case of a request, and the parts every view needs."""

from sqlalchemy.orm import Session

from sostrades_api.access import Permission
from sostrades_api.http.addresses import public_address
from sostrades_api.http.authentication import current_actor
from sostrades_api.models import Execution, StudyCase, db
from sostrades_api.services.execution_get import execution_get
from sostrades_api.services.study_case_get import study_case_get


def session() -> Session:
    """The session of this request."""
    return db.session()


def study_for(permission: Permission, study_case_id: int, *, deleted: bool | None = False) -> StudyCase:
    """The study case, if the caller may do that with it (404 or 403 otherwise)."""
    return study_case_get(
        session(), study_case_id, actor=current_actor(), permission=permission, deleted=deleted
    )


def execution_for(permission: Permission, execution_id: int) -> Execution:
    """The execution, if the caller may do that with its study case (404 or 403 otherwise)."""
    return execution_get(session(), execution_id, actor=current_actor(), permission=permission)


def study_url(study_case_id: int) -> str:
    """Where a browser sees a study case."""
    return public_address(f"/study-case/{study_case_id}")
