"""Addresses that an answer gives to others: those readers use, not those this process listens on."""

from urllib.parse import quote

from flask import request

from sostrades_api.platform import current_platform
from sostrades_api.processes import catalogue


def public_address(path: str) -> str:
    """The path under ``PUBLIC_URL``; under the address of the request when that is not configured."""
    base = current_platform().settings.public_url or request.host_url
    return f"{base.rstrip('/')}{path}"


def documentation_address(process_name: str) -> str | None:
    """Where a browser reads about a process; None when it brings no documentation or is not installed."""
    try:
        process = catalogue.get(process_name)
    except catalogue.UnknownProcess:
        return None
    return public_address(f"/processes/{quote(process.name)}") if process.documentation else None
