"""Study cases and processes as lists; new study cases."""

from flask import Response, jsonify

from sostrades_api.access import Actor
from sostrades_api.api.v0 import documentation as doc
from sostrades_api.api.v0.access import session
from sostrades_api.api.v0.blueprint import blueprint
from sostrades_api.api.v0.requests import body_as
from sostrades_api.api.v0.schemas import CreateBody, CreatedStudy, ListedProcesses, ListedStudies
from sostrades_api.api.v0.study_case import created, presented
from sostrades_api.errors import FaultyItem, InvalidValuesError
from sostrades_api.http.addresses import documentation_address
from sostrades_api.http.authentication import current_actor
from sostrades_api.models import Group
from sostrades_api.platform import current_platform
from sostrades_api.processes import catalogue
from sostrades_api.services.execution_status import NOT_EXECUTED, STUDY_STATUS
from sostrades_api.services.group_get import group_get
from sostrades_api.services.study_case_create import study_case_create
from sostrades_api.services.study_case_find import FoundStudyCase, study_case_find

api = blueprint("studies", tag=doc.STUDIES)


@api.get("/study-cases", responses={200: doc.json_answer(ListedStudies), **doc.problems()})
def find() -> Response:
    """List the study cases the caller may see."""
    return jsonify([_listed(found) for found in study_case_find(session(), actor=current_actor())])


@api.post(
    "/study-cases",
    responses={
        201: doc.json_answer(CreatedStudy, headers=doc.LOCATION),
        **doc.problems(400, 403, 404, 409, 413, 415),
    },
    openapi_extensions=doc.json_body(CreateBody),
)
def create() -> tuple[Response, int, dict[str, str]]:
    """Create a study case of an installed process."""
    body, actor = body_as(CreateBody), current_actor()
    study = study_case_create(
        session(),
        actor=actor,
        process_name=body.process,
        name=body.name,
        group=_group(body.group, actor),
        values=current_platform().values,
        reference=body.reference,
    )
    return created(study)


@api.get("/processes", responses={200: doc.json_answer(ListedProcesses), **doc.problems()})
def processes() -> Response:
    """List the installed processes, with their references and where their documentation is."""
    return jsonify([_process(name) for name in catalogue.names()])


def _group(name: str | None, actor: Actor) -> Group:
    if name is not None:
        if "\x00" in name:
            raise InvalidValuesError([FaultyItem("a group's name has no NUL", pointer="/group")])
        return group_get(session(), name=name)
    if len(actor.group_ids) != 1:
        msg = f"name the owning group: the caller is in {len(actor.group_ids)} groups"
        raise InvalidValuesError([FaultyItem(msg, pointer="/group")])
    return session().get_one(Group, next(iter(actor.group_ids)))


def _listed(found: FoundStudyCase) -> dict[str, object]:
    study = found.study
    return presented(study) | {
        "process": study.process_name,
        "group": study.group.name,
        "role": found.role,
        "status": STUDY_STATUS[found.state] if found.state else NOT_EXECUTED,
        "revision": study.revision,
        "updated_at": study.updated_at.isoformat(),
    }


def _process(name: str) -> dict[str, object]:
    process = catalogue.get(name)
    return {
        "name": process.name,
        "label": process.label,
        "description": process.description,
        "documentation_url": documentation_address(process.name),
        "references": [
            {"name": reference.name, "label": reference.label, "description": reference.description}
            for reference in process.references
        ],
    }
