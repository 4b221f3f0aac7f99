"""What a browser may do with our answers: nothing but what the pages need, and no request to another host."""

from flask import Flask, Response, request

_EMPTY_STYLE = "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='"
# Plotly makes one style element, empty but for rules it inserts, and style attributes.
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; "
    f"style-src-elem 'self' {_EMPTY_STYLE}; style-src-attr 'unsafe-inline'; "
    "img-src 'self' data: blob:; connect-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'"
)
# The bundled OpenAPI page configures itself in an inline script.
DOCS_POLICY = (
    "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; font-src 'self' data:; connect-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'"
)
DATA_POLICY = "default-src 'none'; frame-ancestors 'none'"
_DOCS_PREFIX = "/docs"


def register(app: Flask) -> None:
    """Add the headers to every answer."""
    app.after_request(_secure)


def _secure(response: Response) -> Response:
    headers = response.headers
    headers.setdefault("Content-Security-Policy", _policy(response))
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Referrer-Policy", "no-referrer")
    headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
    return response


def _policy(response: Response) -> str:
    if response.mimetype != "text/html":
        return DATA_POLICY
    return DOCS_POLICY if request.path.startswith(_DOCS_PREFIX) else PAGE_POLICY
