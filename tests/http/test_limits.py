"""How much and how often one may ask."""

import io

import pytest
from flask import request

pytestmark = pytest.mark.database("sqlite")


@pytest.fixture
def headers(make_user, make_key, bearer):
    return bearer(make_key(make_user()))


@pytest.fixture
def small(make_app, settings):
    """An application that accepts 100 kB, 500 bytes of JSON."""
    app = make_app(settings.model_copy(update={"max_body_bytes": 100_000, "max_json_bytes": 500}))

    def read():
        if request.is_json:
            return {"length": len(request.get_json())}
        return {"files": {name: len(file.read()) for name, file in request.files.items()}}

    app.add_url_rule("/api/v0/read", view_func=read, methods=["POST"])
    return app.test_client()


def test_json_within_its_limit_is_read(small, headers):
    assert small.post("/api/v0/read", json=["x" * 400], headers=headers).json == {"length": 1}


def test_larger_json_is_a_413(small, headers):
    response = small.post("/api/v0/read", json=["x" * 600], headers=headers)
    assert response.status_code == 413
    assert response.json["statusCode"] == 413


def test_larger_json_of_unknown_length_is_a_413(small, headers):
    stream = io.BytesIO(b'["' + b"x" * 600 + b'"]')
    response = small.post(
        "/api/v0/read",
        input_stream=stream,
        headers=headers,
        content_type="application/json",
        environ_overrides={"wsgi.input_terminated": True},
    )
    assert response.status_code == 413


@pytest.mark.parametrize("encoding", ["gzip", "deflate, gzip", "br"])
def test_a_packed_body_is_a_415_that_says_so(small, headers, encoding):
    body = {"data": b"\x1f\x8b\x08\x00", "content_type": "application/json"}
    response = small.post("/api/v0/read", headers={**headers, "Content-Encoding": encoding}, **body)
    assert response.status_code == 415
    assert "Content-Encoding" in response.json["detail"]
    plain = small.post("/api/v0/read", headers={**headers, "Content-Encoding": "identity"}, json=["x"])
    assert plain.json == {"length": 1}


def test_a_file_may_be_larger_than_json_up_to_the_limit_of_a_body(small, headers):
    accepted = small.post("/api/v0/read", data={"a": (io.BytesIO(b"x" * 50_000), "a.csv")}, headers=headers)
    assert accepted.json == {"files": {"a": 50_000}}
    refused = small.post("/api/v0/read", data={"a": (io.BytesIO(b"x" * 150_000), "a.csv")}, headers=headers)
    assert refused.status_code == 413


def limited(make_app, settings, **changes):
    return make_app(settings.model_copy(update={"rate_limit": "3 per minute", **changes})).test_client()


def test_one_key_too_often_is_a_429_that_says_when_to_try_again(make_app, settings, headers):
    client = limited(make_app, settings)
    answers = [client.get("/api/v0/study-case/1", headers=headers) for _ in range(5)]
    assert [answer.status_code for answer in answers] == [404, 404, 404, 429, 429]
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 61
    assert answers[-1].mimetype == "application/problem+json"
    assert answers[-1].json["statusCode"] == 429


def test_another_key_is_not_held_back(make_app, settings, headers, make_user, make_key, bearer):
    client = limited(make_app, settings)
    for _ in range(4):
        client.get("/api/v0/study-case/1", headers=headers)
    other = bearer(make_key(make_user()))
    assert client.get("/api/v0/study-case/1", headers=other).status_code == 404


def test_two_web_processes_count_together(make_app, settings, headers):
    one, other = limited(make_app, settings), limited(make_app, settings)
    answers = [client.get("/api/v0/study-case/1", headers=headers) for client in (one, other, one, other)]
    assert [answer.status_code for answer in answers] == [404, 404, 404, 429]


def test_without_redis_the_limit_goes_on_in_memory(make_app, settings, headers):
    client = limited(make_app, settings, redis_url="redis://127.0.0.1:1/0")
    answers = [client.get("/api/v0/study-case/1", headers=headers) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [404, 404, 404, 429]


def test_pages_are_not_limited_by_the_limit_of_keys(make_app, settings):
    client = limited(make_app, settings)
    assert [client.get("/no-such-page").status_code for _ in range(5)] == [404] * 5
