"""The icon of the site."""

from flask import Blueprint, Response

pages = Blueprint("icons", __name__)

_ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">'
    '<g fill="#2a77cf" stroke="#2a77cf" stroke-width="2.4"><path d="M9 9.5 23 9.5 16 23.5Z" fill="none"/>'
    '<circle cx="9" cy="9.5" r="3.6"/><circle cx="23" cy="9.5" r="3.6"/><circle cx="16" cy="23" r="3.6"/>'
    "</g></svg>"
)


@pages.get("/favicon.ico")
@pages.get("/favicon.svg")
def favicon() -> Response:
    """Send the icon."""
    return Response(_ICON, mimetype="image/svg+xml", headers={"Cache-Control": "public, max-age=86400"})
