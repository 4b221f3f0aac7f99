"""How much a request may send: JSON less than files, both bounded."""

from flask import Flask, current_app, request

from sostrades_api.settings import Settings

MAX_FORM_PARTS = 10_000
_FORM_BUFFER = 1024 * 1024  # the form parser counts what it buffers of a file, too
JSON_LIMIT = "SOSTRADES_MAX_JSON_BYTES"


def register(app: Flask, *, settings: Settings) -> None:
    """Refuse larger bodies with 413, before reading them where their length is declared."""
    app.config.update(
        MAX_CONTENT_LENGTH=settings.max_body_bytes,
        MAX_FORM_MEMORY_SIZE=max(settings.max_json_bytes, _FORM_BUFFER),
        MAX_FORM_PARTS=MAX_FORM_PARTS,
    )
    app.config[JSON_LIMIT] = settings.max_json_bytes
    app.before_request(_limit_json)


def _limit_json() -> None:
    if request.is_json:
        request.max_content_length = current_app.config[JSON_LIMIT]
