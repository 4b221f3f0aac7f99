"""The published description, and that the server keeps to it whatever is sent."""

import re
from pathlib import Path

import pytest
import schemathesis
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from sqlalchemy import make_url

from sostrades_api.models import StudyCase

DOCS = Path(__file__).parents[2] / "docs" / "api.md"
EXAMPLES = {"postgresql": 15, "sqlite": 10}  # the stricter one refuses what the other takes
CHECKS = [
    schemathesis.checks.not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
PROBLEM = "application/problem+json"


def operations(spec):
    for path, item in spec["paths"].items():
        for method, operation in item.items():
            yield f"{method.upper()} {path}", operation


def routes(app):
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith("/api/"):
            path = re.sub(r"<(?:[^<:]+:)?([^>]+)>", r"{\1}", rule.rule)
            for method in sorted(rule.methods - {"HEAD", "OPTIONS"}):
                yield f"{method} {path}"


def test_every_route_is_described_with_its_problems_security_and_tags(app):
    described = dict(operations(app.test_client().get("/openapi.json").json))
    assert sorted(described) == sorted(routes(app))
    for name, operation in described.items():
        assert operation["summary"], name
        assert operation["tags"], name
        if name == "GET /api/ping":
            continue
        assert operation["security"] == [{"api_key": []}], name
        answers = operation["responses"]
        assert {"401", "422", "429", "500", "503"} < set(answers), name
        assert any(status in answers for status in ("200", "201", "202", "204")), name
        for status, answer in answers.items():
            if int(status) >= 400:
                assert list(answer["content"]) == [PROBLEM], name
        if "{study_id}" in name:
            assert "404" in answers, name


def test_every_reference_in_the_description_leads_somewhere(app):
    text = app.test_client().get("/openapi.json").text
    components = app.test_client().get("/openapi.json").json["components"]["schemas"]
    for name in re.findall(r'"\$ref":"#/components/schemas/([^"]+)"', text.replace('": "', '":"')):
        assert name in components


def test_every_route_is_in_the_handbook(app):
    handbook = DOCS.read_text()
    missing = [name for name in routes(app) if f"`{name}`" not in handbook]
    assert missing == []


def test_the_page_that_shows_the_description_asks_no_other_host(app):
    page = app.test_client().get("/docs/swagger")
    assert page.status_code == 200
    assert not re.findall(r'(?:src|href)="(?:https?:)?//', page.text)


@pytest.mark.slow
def test_the_server_answers_anything_as_described(make_app, settings, api, study: StudyCase):
    schema = schemathesis.openapi.from_wsgi("/openapi.json", make_app(settings))
    names, database = [], make_url(settings.resolved_database_url).get_backend_name()
    for result in schema.get_all_operations():
        operation = result.ok()
        names.append(operation.label)
        api.post(f"/study-case/{study.id}/restore")  # what came before may have deleted it
        headers = {"Authorization": f"Bearer {api.key}"}
        send_anything(operation, study_id=study.id, headers=headers, examples=EXAMPLES[database])
    assert len(names) == len(set(names)) > 15


def send_anything(operation: APIOperation, *, study_id: int, headers: dict[str, str], examples: int) -> None:
    """Send what fits the description and what does not, half of it to a study case that exists."""
    both = [operation.as_strategy(generation_mode=mode) for mode in GenerationMode]

    @hypothesis_settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=st.one_of(both), is_real=st.booleans())
    def send(case: schemathesis.Case, *, is_real: bool) -> None:
        if is_real and "study_id" in (case.path_parameters or {}):
            case.path_parameters["study_id"] = study_id
        case.call_and_validate(headers=headers, checks=CHECKS)

    send()
