"""Charts and the HTML report of a study case."""

from typing import Any

import orjson
from flask import Response
from pydantic import TypeAdapter, ValidationError

from sostrades_api.access import Permission
from sostrades_api.api.v0 import documentation as doc
from sostrades_api.api.v0.access import session, study_for
from sostrades_api.api.v0.blueprint import blueprint
from sostrades_api.api.v0.requests import validation_problem
from sostrades_api.api.v0.schemas import Charts, ChartsQuery, StudyPath
from sostrades_api.errors import FaultyItem, InvalidValuesError
from sostrades_api.http.addresses import documentation_address
from sostrades_api.http.attachments import disposition
from sostrades_api.http.authentication import current_actor
from sostrades_api.platform import current_platform
from sostrades_api.services.post_processing_read import post_processing_read
from sostrades_api.services.report_render import report_render

api = blueprint("post_processing", tag=doc.CHARTS)

_Filters = dict[str, dict[str, list[str]]]
_FILTERS = TypeAdapter(_Filters)
_OPTIONS = orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS


@api.get(
    "/post-processing/<whole:study_id>", responses={200: doc.json_answer(Charts), **doc.problems(404, 409)}
)
def charts(path: StudyPath, query: ChartsQuery) -> Response:
    """Read the charts of the latest finished execution as Plotly figures; {} before there is one."""
    study = study_for(Permission.VIEW, path.study_id)
    found: dict[str, Any] = post_processing_read(
        session(), study, values=current_platform().values, filters=_filters(query.filters)
    )
    return Response(orjson.dumps(found, option=_OPTIONS, default=str), mimetype="application/json")


@api.get(
    "/post-processing/<whole:study_id>/html",
    responses={
        200: doc.text_answer("text/html", "A page that needs no network"),
        **doc.problems(404, 409),
    },
)
def report(path: StudyPath) -> Response:
    """Read the charts of the latest finished execution as one self-contained HTML page."""
    study = study_for(Permission.VIEW, path.study_id)
    page = report_render(
        session(),
        study,
        actor=current_actor(),
        values=current_platform().values,
        documentation_url=documentation_address(study.process_name),
    )
    response = Response(page.html, content_type="text/html; charset=utf-8")
    response.headers["Content-Disposition"] = disposition(page.file_name, kind="inline")
    response.headers["Content-Security-Policy"] = page.content_security_policy
    return response


def _filters(text: str | None) -> _Filters | None:
    if text is None:
        return None
    try:
        return _FILTERS.validate_python(orjson.loads(text))
    except orjson.JSONDecodeError as error:
        raise InvalidValuesError([FaultyItem(f"not JSON: {error}", pointer="/filters")]) from error
    except ValidationError as error:
        validation_problem(error)
