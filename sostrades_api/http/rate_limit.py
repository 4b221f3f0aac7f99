"""How often one key may ask: counted in Redis for all web processes, in memory while Redis is away."""

import math
import time

from flask import Flask, g, request
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from redis import Redis

from sostrades_api.settings import Settings

LIMITED_PREFIX = "/api/"


def register(app: Flask, *, settings: Settings, redis: Redis) -> None:
    """Limit the requests under /api; ``settings.rate_limit`` counts all of a key's together."""
    limiter = Limiter(
        _caller,
        application_limits=[settings.rate_limit] if settings.rate_limit else [],
        application_limits_exempt_when=_is_free,
        storage_uri="redis://",
        storage_options={"connection_pool": redis.connection_pool},  # type: ignore[dict-item]
        in_memory_fallback_enabled=True,
        key_prefix="sostrades",
    )
    limiter.init_app(app)


def limiter_of(app: Flask) -> Limiter:
    """The limiter of this application, for pages with a limit of their own (signing in)."""
    return next(iter(app.extensions["limiter"]))


def seconds_to_wait(app: Flask) -> int:
    """When the caller who has been refused may ask again."""
    limit = limiter_of(app).current_limit
    return max(1, math.ceil(limit.reset_at - time.time())) if limit else 1


def _caller() -> str:
    actor = g.get("actor")
    return f"key:{actor.api_key_id}" if actor else f"address:{get_remote_address()}"


def _is_free() -> bool:
    return not request.path.startswith(LIMITED_PREFIX)
