"""The only place where the parts meet."""

from flask import Flask
from flask_migrate import Migrate
from flask_openapi3 import Info, OpenAPI
from sqlalchemy import Engine
from sqlalchemy.orm import sessionmaker
from werkzeug.middleware.proxy_fix import ProxyFix

from sostrades_api import cli, probes, web
from sostrades_api import http as http_layer
from sostrades_api.api import v0
from sostrades_api.http.json_provider import StrictJSONProvider
from sostrades_api.http.secret_key import secret_key
from sostrades_api.migration import MIGRATIONS_DIR
from sostrades_api.models import db
from sostrades_api.models.engine import configure_engine, engine_options
from sostrades_api.platform import EXTENSION, Platform
from sostrades_api.queueing import ExecutionQueue
from sostrades_api.queueing.events import ExecutionEvents
from sostrades_api.services.execution_announce import announce_with
from sostrades_api.services.study_case_loader import StudyLoader
from sostrades_api.settings import PROJECT_DIR, Settings, read_settings
from sostrades_api.storage import ValueStore
from sostrades_api.storage.blob_cache import BlobCache
from sostrades_api.streaming import responses
from sostrades_api.streaming.hub import Hub


def create_app(settings: Settings | None = None) -> OpenAPI:
    """An application with these settings; with those of the environment when there are none."""
    settings = settings or read_settings()
    app = OpenAPI(
        "sostrades_api",
        info=Info(title="SoSTrades API", version="0"),
        security_schemes={"api_key": {"type": "http", "scheme": "bearer"}},
        doc_prefix="/docs",
        instance_path=str(settings.data_dir.resolve()),
        template_folder=str(PROJECT_DIR / "templates"),
        static_folder=None,  # the pages serve their own, by digest
    )
    _configure(app, settings)
    engine = _init_database(app, settings)
    platform = _platform(settings, engine=engine)
    app.extensions[EXTENSION] = platform
    responses.register(app, hub=Hub(engine, queue=platform.queue, settings=settings))
    http_layer.register(app, settings=settings, redis=platform.queue.redis)
    for part in (v0, web, probes, cli):
        part.register(app)
    return app


def _configure(app: Flask, settings: Settings) -> None:
    app.json = StrictJSONProvider(app)
    app.url_map.merge_slashes = False  # an address with // is unknown; a redirect would answer HTML
    if proxies := settings.trusted_proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=proxies, x_host=proxies)
    app.config.update(
        SECRET_KEY=secret_key(settings.secret_key, data_dir=settings.data_dir),
        SQLALCHEMY_DATABASE_URI=settings.resolved_database_url,
        SQLALCHEMY_ENGINE_OPTIONS=engine_options(settings.resolved_database_url),
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.secure_cookies,
        REMEMBER_COOKIE_HTTPONLY=True,
        REMEMBER_COOKIE_SAMESITE="Lax",
        REMEMBER_COOKIE_SECURE=settings.secure_cookies,
    )


def _init_database(app: Flask, settings: Settings) -> Engine:
    # Password hashes and every study's data are in there: nobody else's business.
    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    db.init_app(app)
    Migrate(app, db, directory=str(MIGRATIONS_DIR), render_as_batch=True, compare_type=True)
    with app.app_context():
        engine = db.engine
    configure_engine(engine)
    return engine


def _platform(settings: Settings, *, engine: Engine) -> Platform:
    cache = BlobCache(settings.data_dir / "blobs", max_bytes=settings.blob_cache_bytes)
    values = ValueStore(settings.resolved_value_store_url, blob_cache=cache)
    queue = ExecutionQueue.for_web(settings)
    announce_with(engine, events=ExecutionEvents(queue.redis, queue_name=settings.queue_name))
    loader = StudyLoader(sessionmaker(engine), values=values, shared=queue.redis)
    return Platform(settings=settings, values=values, queue=queue, loader=loader)
