"""Whether the server answers."""

from flask import Response, json
from flask_openapi3 import APIBlueprint

from sostrades_api.api.v0.documentation import SERVICE

api = APIBlueprint("v0_ping", __name__, url_prefix="/api", abp_tags=[SERVICE])

_PONG = {
    "description": "The server answers",
    "content": {"application/json": {"schema": {"type": "string", "const": "pong"}}},
}


@api.get("/ping", responses={200: _PONG})
def ping() -> Response:
    """Say pong; needs no key."""
    return Response(json.dumps("pong"), mimetype="application/json")
