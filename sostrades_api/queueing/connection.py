"""How this platform talks to Redis: quickly giving up in the web, less so in a worker."""

from typing import Any

from redis import Connection, ConnectionPool, Redis
from redis.backoff import ExponentialWithJitterBackoff, NoBackoff
from redis.retry import Retry

from sostrades_api.queueing.embedded_state import EmbeddedState, read_state
from sostrades_api.settings import Settings

_WEB_TIMEOUT = 0.5  # seconds; a page must not wait for a dead Redis
_WEB_OPTIONS: dict[str, Any] = {"socket_timeout": _WEB_TIMEOUT, "socket_connect_timeout": _WEB_TIMEOUT}
_WORKER_OPTIONS: dict[str, Any] = {"socket_connect_timeout": 5, "socket_keepalive": True}
_WORKER_RETRIES = 3  # within a second; then the worker says to the database that it lives, and asks again


class EmbeddedConnection(Connection):
    """A connection to the embedded server, wherever it listens now (it may have been started again)."""

    def __init__(self, *, settings: Settings, **kwargs: Any) -> None:
        self._settings = settings
        super().__init__(host="127.0.0.1", **kwargs)

    def _connect(self) -> Any:
        state: EmbeddedState | None = read_state(self._settings)
        if state is None:
            msg = "the embedded server is not running"
            raise ConnectionRefusedError(msg)
        self.port = state.port
        self.password = state.password
        return super()._connect()


def connect_web(settings: Settings) -> Redis:
    """A client for requests: half a second at most, one more try on a connection that has gone stale."""
    return _connect(settings, retry=Retry(NoBackoff(), 1), **_WEB_OPTIONS)


def connect_listener(settings: Settings) -> Redis:
    """A client that waits for messages, and finds out by itself that the other side is no more."""
    return _connect(settings, retry=Retry(NoBackoff(), 0), health_check_interval=5, **_WEB_OPTIONS)


def connect_worker(settings: Settings) -> Redis:
    """A client for workers, which may wait for an answer: RQ sets its timeout."""
    retry = Retry(ExponentialWithJitterBackoff(base=0.1, cap=1), _WORKER_RETRIES)
    return _connect(settings, retry=retry, **_WORKER_OPTIONS)


def _connect(settings: Settings, **options: Any) -> Redis:
    if settings.redis_url:
        return Redis.from_url(settings.redis_url, **options)
    pool = ConnectionPool(connection_class=EmbeddedConnection, settings=settings, **options)
    return Redis.from_pool(pool)
