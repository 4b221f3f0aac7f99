"""Who asks, when reverse proxies stand between."""

import pytest
from flask import request

pytestmark = pytest.mark.database("sqlite")

FORWARDED = {
    "X-Forwarded-For": "203.0.113.7",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": "studies.example",
}


def seen_by(app):
    @app.get("/seen")
    def seen():
        return {"address": request.remote_addr, "url": request.url_root}

    return app.test_client().get("/seen", headers=FORWARDED).json


def test_a_client_cannot_pretend_to_be_a_proxy(make_app, settings):
    assert seen_by(make_app(settings)) == {"address": "127.0.0.1", "url": "http://localhost/"}


def test_a_trusted_proxy_says_who_asks_and_how(make_app, settings):
    trusting = make_app(settings.model_copy(update={"trusted_proxies": 1}))
    assert seen_by(trusting) == {"address": "203.0.113.7", "url": "https://studies.example/"}
