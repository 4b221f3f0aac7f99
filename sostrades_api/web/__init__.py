"""Browser pages: sign in, study cases, one of them with status, data, charts and log, and processes."""

from flask import Flask

from sostrades_api.web import (
    assets,
    data,
    executions,
    headers,
    icons,
    processes,
    queue,
    sign_in,
    signed_in,
    studies,
    study,
    texts,
)


def register(app: Flask) -> None:
    """Add the pages to the application."""
    headers.register(app)
    signed_in.register(app)
    texts.register(app)
    for part in (assets, icons, sign_in, studies, study, executions, data, processes, queue):
        app.register_blueprint(part.pages)
    sign_in.throttle(app)
