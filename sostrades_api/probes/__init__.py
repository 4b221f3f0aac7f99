"""What machines ask to watch this one: is it alive, can it serve, what are its figures. No page, no key."""

from flask import Flask

from sostrades_api.models import db
from sostrades_api.platform import platform_of
from sostrades_api.probes import health, metrics


def register(app: Flask) -> None:
    """Add the probes to the application."""
    with app.app_context():
        engine = db.engine
    health.register(app, engine=engine)
    metrics.register(app, settings=platform_of(app).settings, engine=engine)
