"""Blueprints of API v0: one prefix, one security scheme, no query parameter twice or read by nobody."""

from flask import request
from flask_openapi3 import APIBlueprint, Tag

from sostrades_api.api.v0.documentation import SECURITY
from sostrades_api.api.v0.requests import refuse_arguments, refuse_repeated_arguments

PREFIX = "/api/v0"


def blueprint(name: str, *, tag: Tag) -> APIBlueprint:
    """A blueprint of API v0."""
    api = APIBlueprint(f"v0_{name}", __name__, url_prefix=PREFIX, abp_tags=[tag], abp_security=SECURITY)
    api.before_request(_refuse_unknown_arguments)
    return api


# These views read their query by a model, which refuses unknown keys itself.
_WITH_QUERY = frozenset(
    {
        "v0_study_case.load",
        "v0_study_case.load_within",
        "v0_parameters.history",
        "v0_post_processing.charts",
        "v0_executions.find",
        "v0_executions.log",
        "v0_executions.log_tail",
        "v0_executions.discipline_log",
        "v0_executions.recompute",
        "v0_executions.stop",
        "v0_events.events",
        "v0_queue.autoscaling",
        "v0_webhooks.deliveries",
        "v0_webhooks.find",
    }
)


def _refuse_unknown_arguments() -> None:
    if request.args and request.endpoint not in _WITH_QUERY:
        refuse_arguments()
    refuse_repeated_arguments()
