"""API v0: one blueprint a noun. A view parses, calls one service, and presents."""

from flask_openapi3 import OpenAPI

from sostrades_api.api.v0 import (
    calculation,
    documentation,
    events,
    parameters,
    ping,
    post_processing,
    queue,
    steering,
    steering_many,
    studies,
    study_case,
    webhooks,
    workers,
)
from sostrades_api.api.v0.converters import UnboundedIntegerConverter
from sostrades_api.api.v0.requests import validation_problem

BLUEPRINTS = (
    studies.api,
    study_case.api,
    parameters.api,
    calculation.api,
    steering.api,  # of executions, with what is in that module
    steering_many.api,
    events.api,
    post_processing.api,
    workers.api,
    queue.api,
    webhooks.api,
    ping.api,
)


def register(app: OpenAPI) -> None:
    """Add every route of API v0 to the application."""
    app.url_map.converters["whole"] = UnboundedIntegerConverter
    app.validation_error_callback = validation_problem
    for blueprint in BLUEPRINTS:
        app.register_api(blueprint)
    documentation.publish(app)
    app.add_url_rule("/openapi.json", "openapi_json", lambda: app.api_doc)
