"""Blueprints of API v0: one prefix, one security scheme, and no query parameter that nobody reads."""

from flask import request
from flask_openapi3 import APIBlueprint, Tag

from sostrades_api.api.v0.documentation import SECURITY
from sostrades_api.api.v0.requests import refuse_unknown_arguments
from sostrades_api.api.v0.schemas import ChartsQuery, HistoryQuery, LoadQuery

PREFIX = "/api/v0"


def blueprint(name: str, *, tag: Tag) -> APIBlueprint:
    """A blueprint of API v0."""
    api = APIBlueprint(name, __name__, url_prefix=PREFIX, abp_tags=[tag], abp_security=SECURITY)
    api.before_request(_refuse_unknown_arguments)
    return api


# A view that takes a query reads it by one of these models, which refuse unknown keys themselves.
_WITH_QUERY = {
    "study_case.load": LoadQuery,
    "study_case.load_within": LoadQuery,
    "parameters.history": HistoryQuery,
    "post_processing.charts": ChartsQuery,
}


def _refuse_unknown_arguments() -> None:
    if request.args and request.endpoint not in _WITH_QUERY:
        refuse_unknown_arguments(frozenset())
