"""What every request shares: its number, its caller, its limits, its errors."""

from flask import Flask
from redis import Redis

from sostrades_api.http import (
    authentication,
    body_limits,
    problems,
    rate_limit,
    request_log,
    request_trace,
)
from sostrades_api.settings import Settings


def register(app: Flask, *, settings: Settings, redis: Redis) -> None:
    """Put the parts around every request, in the order in which they act."""
    request_log.register(app, level=settings.log_level, log_format=settings.log_format)
    request_trace.register(app)
    problems.register(app)
    body_limits.register(app, settings=settings)
    authentication.register(app)
    rate_limit.register(app, settings=settings, redis=redis)
