"""What machines ask to watch this one: is it alive, can it serve, what are its figures. No page, no key."""

from flask import Flask

from sostrades_api.probes import health


def register(app: Flask) -> None:
    """Add the probes to the application."""
    health.register(app)
