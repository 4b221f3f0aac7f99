"""GET /api/v0/study-case/<id> and /<id>/<timeout>."""

import json
import threading
import time

import pytest

from sostrades_api.access import Role
from sostrades_api.processes import catalogue
from sostrades_api.services import study_case_loader


def load(api, study, query=""):
    response = api.get(f"/study-case/{study.id}{query}")
    assert response.status_code == 200, response.text
    return response.json


def test_a_load_shows_every_editable_input_by_its_full_name(api, study):
    loaded = load(api, study)
    shown = loaded["Study.Every.Type.length"]
    promised = {key: shown[key] for key in ("var_name", "type", "unit", "value", "visibility", "optional")}
    assert promised == {
        "var_name": "length",
        "type": "float",
        "unit": "m",
        "value": 1.0,
        "visibility": "Local",
        "optional": False,
    }
    assert shown["range"] == [0, 10]
    assert loaded["Study.needed"]["value"] == 4.0
    assert loaded["Study.needed"]["visibility"] == "Shared"
    assert loaded["Study.max_mda_iter"]["numerical"] is True
    assert loaded["Study.cache_type"]["unit"] is None
    assert "Study.Every.Type.fixed" not in loaded
    assert "Study.double" not in loaded


def test_a_query_parameter_that_is_given_twice_is_refused(api, study):
    response = api.get(f"/study-case/{study.id}?io=in&io=out")
    assert response.status_code == 422
    assert response.json["errors"] == [{"pointer": "/io", "detail": "is given more than once"}]


def test_tables_are_placeholders_with_shape_and_columns(api, study):
    loaded = load(api, study)
    table, matrix = loaded["Study.Every.Type.table"], loaded["Study.Every.Type.matrix"]
    assert (table["value"], table["shape"], table["columns"]) == ("://dataframe", [2, 2], ["year", "value"])
    assert (matrix["value"], matrix["shape"], matrix["columns"]) == ("://ndarray", [2, 2], None)
    frames = loaded["Study.Every.Type.frames"]
    assert frames["value"] == {"first": "://dataframe", "second": "://dataframe"}
    assert frames["shape"] == {"first": [2, 2], "second": [2, 2]}
    assert frames["columns"] == {"first": ["year", "value"], "second": ["year", "value"]}
    assert frames["subtype_descriptor"] == {"dict": "dataframe"}


def test_stored_tables_are_shown_like_those_of_defaults(api, study):
    before = load(api, study)["Study.Every.Type.frames"]
    frame = {"columns": ["year", "value"], "data": [[2020, 1.0], [2025, 2.0]]}
    body = {"variableId": "Study.Every.Type.frames", "newValue": {"first": frame, "second": frame}}
    assert api.post(f"/study-case/{study.id}/parameters", json=body).status_code == 200
    assert load(api, study)["Study.Every.Type.frames"] == before


def test_tables_can_be_put_in(api, study):
    loaded = load(api, study, "?tables=inline")
    assert loaded["Study.Every.Type.table"]["value"] == {
        "columns": ["year", "value"],
        "data": [[2020, 1.5], [2025, 2.5]],
    }
    assert loaded["Study.Every.Type.matrix"]["value"] == [[1.0, 2.0], [3.0, 4.0]]


def test_nan_and_infinity_are_null_and_never_bare_tokens(api, study):
    response = api.get(f"/study-case/{study.id}?tables=inline")
    strict = json.loads(response.text, parse_constant=pytest.fail)
    assert strict["Study.Every.Type.vector"]["value"] == [1.0, None, None]


def test_every_variable_or_only_outputs_can_be_listed(api, study):
    assert load(api, study, "?io=in") == load(api, study)
    outputs = load(api, study, "?io=out")
    assert set(outputs) == {"Study.double", "Study.Every.Type.double_table", "Study.residuals_history"}
    assert outputs["Study.double"]["value"] is None
    everything = load(api, study, "?io=all")
    assert set(everything) == {*load(api, study), *outputs, "Study.Every.Type.fixed"}


def test_a_prefix_narrows_to_a_subtree_and_never_cuts_a_name(api, study):
    below = load(api, study, "?prefix=Study.Every.Type")
    assert below
    assert all(name.startswith("Study.Every.Type.") for name in below)
    assert set(load(api, study, "?prefix=Study.Every.Type.length")) == {"Study.Every.Type.length"}
    assert load(api, study, "?prefix=Study.Every.Ty") == {}
    assert load(api, study, "?prefix=Study") == load(api, study)


@pytest.mark.parametrize(
    "name", ["a/b", 'say "x"', "<b>bold</b>", "🌍 climate", "v1.2.3", "..", "a%22b", "Étude"]
)
def test_names_of_any_text_are_part_of_full_names(api, new_study, name):
    study = new_study(name)
    assert f"{name}.Every.Type.length" in load(api, study)


@pytest.mark.parametrize("query", ["io=inn", "tables=all", "prefx=Study", "io=", "unknown=1"])
def test_a_wrong_query_is_422_and_names_the_parameter(api, study, query):
    response = api.get(f"/study-case/{study.id}?{query}")
    assert response.status_code == 422
    assert response.mimetype == "application/problem+json"
    assert query.partition("=")[0] in response.json["errors"][0]["pointer"]


def test_a_restricted_viewer_sees_nothing_of_the_values(api_as, study):
    assert load(api_as(Role.RESTRICTED_VIEWER), study) == {}
    assert load(api_as(Role.COMMENTER), study) != {}


def test_the_entity_tag_is_answered_by_304_until_something_changes(api, study):
    path = f"/study-case/{study.id}"
    etag = api.get(path).headers["ETag"]
    again = api.get(path, headers={"If-None-Match": etag})
    assert (again.status_code, again.data) == (304, b"")
    change = {"variableId": "Study.Every.Type.count", "newValue": 4}
    updated = api.post(f"{path}/parameters", json=change)
    changed = api.get(path, headers={"If-None-Match": etag})
    assert changed.status_code == 200
    assert changed.headers["ETag"] == updated.headers["ETag"] != etag
    assert changed.json["Study.Every.Type.count"]["value"] == 4


def test_a_study_whose_process_is_gone_is_409_at_once(api, make_study, group):
    study = make_study(group, process_name="gone")
    started = time.monotonic()
    for timeout in ("", "/0", "/30"):
        response = api.get(f"/study-case/{study.id}{timeout}")
        assert response.status_code == 409
        assert "gone" in response.json["detail"]
    assert time.monotonic() - started < 10


def test_a_load_that_is_not_ready_answers_nothing_and_is_ready_at_the_next_call(api, study, monkeypatch):
    gate = threading.Event()
    real = study_case_loader.study_case_load

    def slow(*args, **options):
        gate.wait(20)
        return real(*args, **options)

    monkeypatch.setattr(study_case_loader, "study_case_load", slow)
    first = api.get(f"/study-case/{study.id}/0")
    assert (first.status_code, first.json) == (200, {})
    assert "ETag" not in first.headers
    gate.set()
    assert "Study.needed" in api.get(f"/study-case/{study.id}/20").json
    assert "Study.needed" in api.get(f"/study-case/{study.id}/0").json


def test_what_another_web_process_loaded_is_ready_too(api, api_with, make_app, settings, study, monkeypatch):
    assert "Study.needed" in load(api, study)
    other = api_with(make_app(settings))
    monkeypatch.setattr(study_case_loader, "study_case_load", lambda *_, **__: pytest.fail("loaded again"))
    assert "Study.needed" in load(other, study)


def test_a_failed_load_is_told_and_tried_again(api, study, monkeypatch):
    real = study_case_loader.study_case_load
    fail = [True]

    def once(*args, **options):
        if fail.pop() if fail else False:
            catalogue.get("gone")
        return real(*args, **options)

    monkeypatch.setattr(study_case_loader, "study_case_load", once)
    assert api.get(f"/study-case/{study.id}").status_code == 404
    assert "Study.needed" in load(api, study)


@pytest.mark.parametrize("timeout", ["0", "1", "999999999", "9" * 5000])
def test_any_timeout_is_taken(api, study, timeout):
    load(api, study)
    assert "Study.needed" in load(api, study, f"/{timeout}")


@pytest.mark.parametrize("path", ["-1", "1.5", "abc", "1/-1", "1/x", "", "٣"])
def test_what_is_no_identifier_is_404(api, study, path):
    response = api.get(f"/study-case/{path}")
    assert response.status_code == 404
    assert response.json["statusCode"] == 404


@pytest.mark.parametrize("study_id", ["0", "999999", str(2**31), str(2**63), "9" * 5000])
def test_an_unknown_identifier_of_any_size_is_404(api, study, study_id):
    assert api.get(f"/study-case/{study_id}").status_code == 404
