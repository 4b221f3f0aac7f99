"""Who sends this request: ``Authorization: Bearer <api key>`` (RFC 6750, RFC 9110)."""

from flask import Flask, g, request

from sostrades_api.access import Actor
from sostrades_api.errors import AuthenticationError
from sostrades_api.models import db
from sostrades_api.services.api_key_authenticate import api_key_authenticate

PROTECTED_PREFIX = "/api/"
PUBLIC_PATHS = frozenset({"/api/ping"})


def register(app: Flask) -> None:
    """Ask for a key on everything under /api; what is public is listed, all else is not."""
    app.before_request(_authenticate)


def current_actor() -> Actor:
    """Who sends the running request.

    Raises:
        AuthenticationError: Nobody has been authenticated.
    """
    actor: Actor | None = g.get("actor")
    if actor is None:
        raise AuthenticationError
    return actor


def bearer_key(header: str | None) -> str:
    """The key out of an ``Authorization`` header; the scheme's name is case-insensitive.

    Raises:
        AuthenticationError: The header is missing or of another form.
    """
    scheme, _, credentials = (header or "").strip().partition(" ")
    key = credentials.strip()
    if scheme.lower() != "bearer" or not key or len(key.split()) != 1:
        detail = "Send the header 'Authorization: Bearer <api_key>'"
        raise AuthenticationError(detail)
    return key


def _authenticate() -> None:
    g.pop("actor", None)
    if request.path.startswith(PROTECTED_PREFIX) and request.path not in PUBLIC_PATHS:
        g.actor = api_key_authenticate(db.session(), key=bearer_key(request.headers.get("Authorization")))
