"""What every request shares: its number, its caller, its limits, its errors."""

from flask import Flask

from sostrades_api.http import authentication, problems, request_log
from sostrades_api.settings import Settings


def register(app: Flask, *, settings: Settings) -> None:
    """Put the parts around every request, in the order in which they act."""
    request_log.register(app, level=settings.log_level)
    problems.register(app)
    authentication.register(app)
