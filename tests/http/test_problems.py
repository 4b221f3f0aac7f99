"""Every error has one shape, and nothing internal leaves."""

import json
import logging

import pytest
from flask import abort, request
from redis.exceptions import ConnectionError as RedisConnectionError
from sqlalchemy import select, text
from werkzeug.exceptions import RequestedRangeNotSatisfiable, ServiceUnavailable

from sostrades_api import errors
from sostrades_api.errors import DomainError, FaultyItem, InvalidValuesError
from sostrades_api.http.problems import STATUSES, status_of
from sostrades_api.models import User, db

pytestmark = pytest.mark.database("sqlite")
FIELDS = {"type", "title", "status", "detail", "instance", "statusCode", "name", "description"}


@pytest.fixture
def headers(make_user, make_key, bearer):
    return bearer(make_key(make_user()))


@pytest.fixture
def answer_to(app, headers):
    """``answer_to(error)``: what a client gets when a view raises it."""

    def answer(error, *, path="/api/v0/test", **options):
        def view():
            raise error

        app.add_url_rule(path, endpoint=f"test-{len(app.view_functions)}", view_func=view)
        return app.test_client().get(path, headers={**headers, **options})

    return answer


def read_json():
    return request.get_json()


def domain_errors():
    found, waiting = [], [DomainError]
    while waiting:
        error = waiting.pop()
        found.append(error)
        waiting.extend(error.__subclasses__())
    return [error for error in found if error.__module__ == errors.__name__]


def make(error_class):
    if error_class is InvalidValuesError:
        return InvalidValuesError([FaultyItem("too large", variable_id="s.x")])
    return error_class()


def test_every_domain_error_is_in_the_table():
    assert set(domain_errors()) == set(STATUSES)


@pytest.mark.parametrize("error_class", domain_errors(), ids=lambda error: error.__name__)
def test_every_domain_error_becomes_a_problem_of_its_status(answer_to, error_class):
    response = answer_to(make(error_class))
    assert response.status_code == status_of(error_class)
    assert response.mimetype == "application/problem+json"
    body = response.json
    assert set(body) >= FIELDS
    assert body["status"] == body["statusCode"] == response.status_code
    assert body["title"] == body["name"]
    assert body["detail"] == body["description"]
    assert body["instance"] == "/api/v0/test"


def test_a_subclass_has_the_status_of_its_nearest_ancestor():
    class MoreSpecialError(errors.AlreadyRunningError):
        """Special."""

    assert status_of(MoreSpecialError) == 409


def test_every_faulty_value_is_listed(answer_to):
    items = [FaultyItem("too large", variable_id="s.x"), FaultyItem("no number", pointer="/1/newValue")]
    response = answer_to(InvalidValuesError(items))
    assert response.status_code == 422
    assert response.json["errors"] == [
        {"variableId": "s.x", "detail": "too large"},
        {"pointer": "/1/newValue", "detail": "no number"},
    ]


@pytest.mark.parametrize("code", [400, 403, 404, 405, 406, 409, 410, 413, 414, 415, 422, 429, 500, 501, 503])
def test_every_http_error_is_a_problem(answer_to, code):
    try:
        abort(code)
    except Exception as error:  # noqa: BLE001
        response = answer_to(error)
    assert response.status_code == code
    assert response.mimetype == "application/problem+json"
    assert set(response.json) >= FIELDS


def test_a_405_names_the_methods_that_are_allowed(client):
    response = client.post("/api/ping")
    assert response.status_code == 405
    assert set(response.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}
    assert response.json["status"] == 405


def test_headers_an_http_error_brings_are_kept(answer_to):
    assert answer_to(ServiceUnavailable(retry_after=17)).headers["Retry-After"] == "17"


def test_a_range_that_cannot_be_satisfied_says_what_can(answer_to):
    response = answer_to(RequestedRangeNotSatisfiable(length=10))
    assert response.headers["Content-Range"] == "bytes */10"


def test_a_fault_of_the_program_is_a_500_with_an_id_that_is_in_the_log(answer_to, caplog):
    secret = "SELECT secret FROM /etc/passwd"
    response = answer_to(RuntimeError(secret))
    assert response.status_code == 500
    assert response.json["error_id"] in caplog.text
    assert secret in caplog.text
    assert secret not in response.text
    assert "Traceback" not in response.text


@pytest.mark.parametrize("error", [RedisConnectionError("refused 10.0.0.1"), errors.UnavailableError()])
def test_an_outage_is_a_503_that_says_when_to_try_again(answer_to, error):
    response = answer_to(error)
    assert response.status_code == 503
    assert int(response.headers["Retry-After"]) > 0
    assert "10.0.0.1" not in response.text


@pytest.mark.database("sqlite", "postgresql")
def test_a_database_without_tables_says_how_to_make_them(app, client, headers):
    with app.app_context(), db.engine.begin() as connection:
        cascade = "" if db.engine.dialect.name == "sqlite" else " CASCADE"
        connection.execute(text(f"DROP TABLE api_keys{cascade}"))
    response = client.get("/api/v0/study-case/1", headers=headers)
    assert response.status_code == 503
    assert "flask db upgrade" in response.json["detail"]
    assert "api_keys" not in response.text


def test_a_database_that_does_not_answer_is_a_503(make_app, settings, bearer, tmp_path):
    nowhere = f"postgresql+psycopg://nobody@/none?host={tmp_path}"
    app = make_app(settings.model_copy(update={"database_url": nowhere}))
    key = "sos_" + "x" * 49
    assert app.test_client().get("/api/v0/study-case/1", headers=bearer(key)).status_code == 401
    from sostrades_api.access.api_keys import generate_key

    response = app.test_client().get("/api/v0/study-case/1", headers=bearer(generate_key()))
    assert response.status_code == 503
    assert "Retry-After" in response.headers
    assert str(tmp_path) not in response.text


@pytest.mark.database("postgresql")
@pytest.mark.parametrize("value", ["a\0b", 2**80], ids=["nul", "large"])
def test_a_value_the_database_cannot_hold_is_a_400_not_a_500(app, headers, value):
    column = User.username if isinstance(value, str) else User.id
    app.add_url_rule(
        "/api/v0/test", view_func=lambda: str(db.session.scalar(select(User).where(column == value)))
    )
    response = app.test_client().get("/api/v0/test", headers=headers)
    assert response.status_code == 400
    assert "users" not in response.text


def test_the_instance_is_a_valid_uri_reference(answer_to):
    response = answer_to(errors.NotFoundError(), path='/api/v0/"ä b')
    assert response.json["instance"] == "/api/v0/%22%C3%A4%20b"


def test_a_redirect_is_not_an_error(app):
    app.add_url_rule("/folder/", endpoint="folder", view_func=lambda: "x")
    response = app.test_client().get("/folder")
    assert response.status_code == 308
    assert response.headers["Location"].endswith("/folder/")


def test_a_browser_gets_a_page_and_a_script_gets_json(answer_to, app):
    page = answer_to(errors.NotFoundError(), path="/page", Accept="text/html,application/xhtml+xml,*/*;q=0.8")
    script = app.test_client().get("/page", headers={"Accept": "*/*"})
    assert script.mimetype == "application/problem+json"
    assert page.status_code == script.status_code == 404
    if app.jinja_env.list_templates(filter_func=lambda name: name == "error.html"):
        assert page.mimetype == "text/html"


def test_under_api_even_a_browser_gets_json(answer_to):
    response = answer_to(errors.NotFoundError(), Accept="text/html")
    assert response.mimetype == "application/problem+json"


@pytest.mark.parametrize(
    "body",
    [b"{", b"", b"\xff\xfe", b"[1, NaN]", b"[Infinity]", b"[" * 100_000, b'{"a":' * 2_000, b"{} {}"],
    ids=["open", "empty", "latin", "nan", "infinity", "brackets", "braces", "two"],
)
def test_json_that_cannot_be_read_is_a_400(app, headers, body):
    app.add_url_rule("/api/v0/json", view_func=read_json, methods=["POST"])
    response = app.test_client().post(
        "/api/v0/json", data=body, headers=headers, content_type="application/json"
    )
    assert response.status_code == 400
    assert response.mimetype == "application/problem+json"


def test_json_nested_deeper_than_a_reader_survives_is_a_400(app, headers):
    app.add_url_rule("/api/v0/json", view_func=read_json, methods=["POST"])
    client = app.test_client()

    def status(depth):
        body = json.loads("[" * depth + "]" * depth)
        return client.post("/api/v0/json", json=body, headers=headers).status_code

    assert status(60) == 200
    assert status(70) == 400


def test_a_body_of_another_type_than_json_is_a_415(app, headers):
    app.add_url_rule("/api/v0/json", view_func=read_json, methods=["POST"])
    response = app.test_client().post("/api/v0/json", data="x=1", headers=headers)
    assert response.status_code == 415
    assert response.mimetype == "application/problem+json"


def test_nan_and_infinity_are_written_as_null(app):
    app.add_url_rule("/numbers", view_func=lambda: [float("nan"), float("inf"), 1.5, 2**70])
    assert app.test_client().get("/numbers").data == b"[null,null,1.5,1180591620717411303424]"


def test_an_expected_error_is_not_logged_as_an_error(answer_to, caplog):
    answer_to(errors.NotFoundError())
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


def test_an_address_with_doubled_slashes_is_a_problem_and_no_redirect(app):
    answer = app.test_client().get("/api//v0/study-cases")
    assert (answer.status_code, answer.mimetype) == (401, "application/problem+json")  # no key
