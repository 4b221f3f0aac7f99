"""POST /api/v0/study-case/<id>/parameters with JSON."""

import io

import pytest

PREFIX = "Study.Every.Type"


@pytest.fixture
def update(api, study):
    """``update(*items)``: the answer to these items."""

    def send(*items, **options):
        body = [
            item if isinstance(item, dict) else {"variableId": item[0], "newValue": item[1]} for item in items
        ]
        return api.post(f"/study-case/{study.id}/parameters", json=body, **options)

    return send


@pytest.fixture
def shown(api, study):
    """``shown(variable)``: its value as a load shows it, tables in full."""
    return lambda name: api.get(f"/study-case/{study.id}?io=all&tables=inline").json[name]["value"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("length", 2.5),
        ("length", 3),
        ("count", 7),
        ("mode", "fast"),
        ("note", "<b>é🌍\n\x00</b>"),
        ("flag", True),
        ("names", []),
        ("names", ["x", ""]),
        ("lengths", [1.5]),
        ("vector", [1.0, None, 3.0]),
        ("matrix", [[1.0, 2.0, 3.0]]),
        ("settings", {"a.b/c": 2.0}),
        ("records", [{"b": 1.0}]),
        ("table", {"columns": ["year", "value"], "data": [[2030, 5.0]]}),
        ("sparse", {"columns": ["name", "value"], "data": [["b", None]]}),
        ("sparse", {"columns": ["name", "value"], "data": []}),
        ("frames", {"only": {"columns": ["year", "value"], "data": [[1, 2.0]]}}),
        ("maybe", 4.0),
        ("maybe", None),
    ],
)
def test_a_value_of_every_type_is_stored_and_shown_again(update, shown, name, value):
    response = update((f"{PREFIX}.{name}", value))
    assert response.status_code == 200, response.text
    assert list(response.json) == [f"{PREFIX}.{name}"]
    assert shown(f"{PREFIX}.{name}") == value


def test_the_answer_shows_what_was_updated_like_a_load(update, api, study):
    answer = update((f"{PREFIX}.count", 9), ("Study.max_mda_iter", 33))
    loaded = api.get(f"/study-case/{study.id}").json
    assert answer.json == {name: loaded[name] for name in (f"{PREFIX}.count", "Study.max_mda_iter")}


def test_a_single_object_is_taken_like_a_list(api, study, shown):
    body = {"variableId": f"{PREFIX}.count", "unit": None, "newValue": 8}
    assert api.post(f"/study-case/{study.id}/parameters", json=body).status_code == 200
    assert shown(f"{PREFIX}.count") == 8


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("length", "2.5x", "not a number"),
        ("length", "", "not a number"),
        ("length", " 2.5", "not a number"),
        ("length", "nan", "not a number"),
        ("length", "1e999", "outside"),
        ("count", "2.5", "not a whole number"),
        ("lengths", ["2.5"], "element 0"),
        ("length", True, "not a number"),
        ("length", None, "value is needed"),
        ("length", 10.5, "outside [0, 10]"),
        ("length", -1, "outside [0, 10]"),
        ("length", [1.0], "not a number"),
        ("length", {"a": 1}, "not a number"),
        ("count", 2.5, "not a whole number"),
        ("count", True, "not a whole number"),
        ("count", 101, "outside"),
        ("mode", "medium", "not one of"),
        ("mode", 1, "not text"),
        ("flag", 1, "not true or false"),
        ("flag", "true", "not true or false"),
        ("names", "a", "not a list"),
        ("names", [1], "element 0"),
        ("lengths", [1.0, "x"], "element 1"),
        ("vector", "://ndarray", "an array in JSON"),
        ("vector", [[1, 2], [3]], "not of equal length"),
        ("vector", ["a"], "not an array of numbers"),
        ("settings", {"a": "x"}, "key 'a'"),
        ("settings", [1], "not a dict"),
        ("records", [{"a": "x"}], "element 0"),
        ("table", "://dataframe", "a table in JSON"),
        ("table", {"columns": ["year"], "data": [[1]]}, "missing columns: value"),
        ("table", {"columns": ["year", "value", "x"], "data": []}, "unknown columns: x"),
        ("table", {"columns": ["year", "value"], "data": [[1, 2.0], [3]]}, "row 2 of data"),
        ("table", {"columns": ["year", "year"], "data": []}, "twice"),
        ("table", {"columns": ["year", "value"], "data": [[1, 101.0]]}, "outside [0, 100]"),
        ("table", {"columns": ["year", "value"], "data": [[1.5, 1.0]]}, "not a whole number"),
        ("table", {"columns": ["year", "value"], "data": [[1, "x"]]}, "not a number"),
        ("table", {"columns": "year", "data": []}, "not a list of names"),
        ("table", {"columns": ["year", "value"], "data": 3}, "not a list of rows"),
        ("frames", {"first": 3}, "a table in JSON"),
        ("fixed", 8.0, "not editable"),
        ("unknown", 1, "no variable of this name"),
    ],
)
def test_a_wrong_value_is_422_says_why_and_stores_nothing(update, api, study, name, value, said):
    before = api.get(f"/study-case/{study.id}?io=all&tables=inline")
    response = update((f"{PREFIX}.count", 50), (f"{PREFIX}.{name}", value))
    assert response.status_code == 422, response.text
    assert response.mimetype == "application/problem+json"
    faults = [fault for fault in response.json["errors"] if fault["variableId"] == f"{PREFIX}.{name}"]
    assert said in " ".join(fault["detail"] for fault in faults)
    after = api.get(f"/study-case/{study.id}?io=all&tables=inline")
    assert (after.json, after.headers["ETag"]) == (before.json, before.headers["ETag"])


def test_every_faulty_item_is_named(update):
    response = update((f"{PREFIX}.length", 99), (f"{PREFIX}.count", 5), ("Study.nope", 1), ("Other.x", 1))
    assert response.status_code == 422
    assert [fault["variableId"] for fault in response.json["errors"]] == [
        f"{PREFIX}.length",
        "Study.nope",
        "Other.x",
    ]


def test_an_output_cannot_be_updated(update):
    response = update(("Study.double", 1.0))
    assert response.status_code == 422
    assert "computed by 'Every.Type'" in response.json["errors"][0]["detail"]


def test_a_variable_named_twice_is_refused(update, shown):
    response = update((f"{PREFIX}.count", 5), (f"{PREFIX}.count", 6))
    assert response.status_code == 422
    assert "more than once" in response.json["errors"][0]["detail"]
    assert shown(f"{PREFIX}.count") == 3


@pytest.mark.parametrize(
    ("name", "text", "number"), [("length", "2.5", 2.5), ("length", "3", 3.0), ("count", "7", 7)]
)
def test_a_number_that_comes_as_text_is_taken_and_the_answer_says_so(update, name, text, number):
    answer = update({"variableId": f"{PREFIX}.{name}", "unit": None, "newValue": text})
    assert answer.status_code == 200, answer.text
    assert answer.json[f"{PREFIX}.{name}"]["value"] == number
    assert answer.json[f"{PREFIX}.{name}"]["converted_from"] == {"unit": None, "value": text}


@pytest.mark.parametrize("unit", ["m", None, "", " m "])
def test_the_declared_unit_or_none_changes_nothing(update, unit):
    answer = update({"variableId": f"{PREFIX}.length", "unit": unit, "newValue": 2.0})
    assert answer.status_code == 200
    assert answer.json[f"{PREFIX}.length"]["value"] == 2.0
    assert "converted_from" not in answer.json[f"{PREFIX}.length"]


@pytest.mark.parametrize(
    ("name", "unit", "given", "stored"),
    [
        ("length", "cm", 250, 2.5),
        ("length", "km", 0.007, 7.0),
        ("lengths", "km", [1, 2.5], [1000.0, 2500.0]),
        ("vector", "g", [1000.0, None], [1.0, None]),
    ],
)
def test_a_compatible_unit_is_converted_and_the_answer_says_so(update, shown, name, unit, given, stored):
    answer = update({"variableId": f"{PREFIX}.{name}", "unit": unit, "newValue": given})
    assert answer.status_code == 200, answer.text
    variable = answer.json[f"{PREFIX}.{name}"]
    assert variable["converted_from"]["unit"] == unit
    assert variable["unit"] != unit
    assert shown(f"{PREFIX}.{name}") == pytest.approx(stored)


@pytest.mark.parametrize(
    ("name", "unit", "value"),
    [
        ("length", "kg", 1.0),
        ("length", "furlongzz", 1.0),
        ("count", "m", 1),
        ("mode", "m", "fast"),
        ("table", "m", {"columns": ["year", "value"], "data": []}),
        ("length", "km", 1.0),
    ],
)
def test_a_unit_that_does_not_fit_or_converts_out_of_range_is_422(update, shown, name, unit, value):
    before = shown(f"{PREFIX}.{name}")
    response = update({"variableId": f"{PREFIX}.{name}", "unit": unit, "newValue": value})
    assert response.status_code == 422, response.text
    assert shown(f"{PREFIX}.{name}") == before


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"nothing",
        b"[NaN]",
        b'{"variableId": "a", "newValue": NaN}',
        b"\xff\xfe",
        b'"\\ud800"',
        b"[1,]",
        b'[{"variableId": "Study.needed", "newValue": 1, "newValue": 2}]',
        b'[{"variableId": "Study.Every.Type.numbers", "newValue": {"a": 1, "a": 2}}]',
    ],
)
def test_malformed_json_is_400(api, study, body):
    response = api.post(f"/study-case/{study.id}/parameters", data=body, content_type="application/json")
    assert response.status_code == 400, response.text
    assert response.mimetype == "application/problem+json"


def test_bottomless_json_is_400(api, study):
    for depth in (100, 5000, 200_000):
        body = b"[" * depth + b"]" * depth
        response = api.post(f"/study-case/{study.id}/parameters", data=body, content_type="application/json")
        assert response.status_code == 400


@pytest.mark.parametrize(
    "body",
    [
        [],
        3,
        "text",
        [3],
        [[]],
        {},
        [{}],
        [{"variableId": "x"}],
        [{"newValue": 1}],
        [{"variableId": 3, "newValue": 1}],
        [{"variableId": None, "newValue": 1}],
        [{"variableId": "Study.needed", "newValue": 1, "unit": 3}],
        [{"variableId": "Study.needed", "newValue": 1, "extra": 3}],
        [{"variableId": "", "newValue": 1}],
        [{"variableId": "Study", "newValue": 1}],
        [{"variableId": "Study.", "newValue": 1}],
        [{"variableId": "needed", "newValue": 1}],
        [{"variableId": "study.needed", "newValue": 1}],
        [{"variableId": "Study.needed\x00", "newValue": 1}],
    ],
)
def test_json_of_another_form_is_422(api, study, body):
    response = api.post(f"/study-case/{study.id}/parameters", json=body)
    assert response.status_code == 422, response.text
    assert response.json["errors"]


def test_what_is_wrong_with_json_is_said_in_words_of_json(api, study):
    response = api.post(f"/study-case/{study.id}/parameters", json=[3, {"variableId": 3}])
    said = {error["pointer"]: error["detail"] for error in response.json["errors"]}
    assert said == {
        "/0": "must be a JSON object",
        "/1/variableId": "must be text",
        "/1/newValue": "is missing",
    }


@pytest.mark.parametrize(
    "content_type", [None, "text/plain", "text/csv", "application/x-www-form-urlencoded"]
)
def test_another_content_type_is_415(api, study, content_type):
    response = api.post(f"/study-case/{study.id}/parameters", data=b"[]", content_type=content_type)
    assert response.status_code == 415


def test_a_number_too_large_for_64_bits_is_no_server_error(update):
    response = update((f"{PREFIX}.note", "ok"), (f"{PREFIX}.count", 10**30))
    assert response.status_code == 422


def test_if_match_of_the_present_revision_is_honoured(update, api, study):
    etag = api.get(f"/study-case/{study.id}").headers["ETag"]
    updated = update((f"{PREFIX}.count", 5), headers={"If-Match": etag})
    assert updated.status_code == 200
    stale = update((f"{PREFIX}.count", 6), headers={"If-Match": etag})
    assert stale.status_code == 412
    assert update((f"{PREFIX}.count", 6), headers={"If-Match": updated.headers["ETag"]}).status_code == 200
    assert update((f"{PREFIX}.count", 7), headers={"If-Match": "*"}).status_code == 200


@pytest.mark.parametrize("header", ['"nonsense"', "W/{etag}", '"r0"', '"r99999999999999999999"'])
def test_if_match_of_anything_else_is_412(update, api, study, header):
    etag = api.get(f"/study-case/{study.id}").headers["ETag"]
    response = update((f"{PREFIX}.count", 5), headers={"If-Match": header.format(etag=etag)})
    assert response.status_code == 412


def test_an_update_that_changes_nothing_keeps_the_revision(update):
    first = update((f"{PREFIX}.count", 5))
    again = update((f"{PREFIX}.count", 5))
    assert again.headers["ETag"] == first.headers["ETag"]


def test_ten_thousand_items_are_taken_in_one_request(update):
    response = update(*[(f"Study.x{number}", 1) for number in range(10_000)])
    assert response.status_code == 422
    assert len(response.json["errors"]) == 10_000


def test_a_body_over_the_limit_is_413(make_app, settings, api_with, study):
    api = api_with(make_app(settings.model_copy(update={"max_json_bytes": 1000})))
    item = {"variableId": f"{PREFIX}.note", "newValue": "x" * 2000}
    response = api.post(f"/study-case/{study.id}/parameters", json=item)
    assert response.status_code == 413
    assert response.mimetype == "application/problem+json"


@pytest.mark.parametrize("as_file", [False, True])
def test_json_in_a_part_is_limited_like_json_in_a_body(make_app, settings, api_with, study, as_file):
    api = api_with(make_app(settings.model_copy(update={"max_json_bytes": 1000})))
    item = b'{"variableId": "Study.Every.Type.count", "newValue": 5}'
    for padding, status in ((900, 200), (2000, 413)):
        content = item + b" " * padding
        part = (io.BytesIO(content), "parameters.json") if as_file else content.decode()
        response = api.post(
            f"/study-case/{study.id}/parameters",
            data={"parameters": part},
            content_type="multipart/form-data",
        )
        assert response.status_code == status, response.text


def test_a_chunked_body_over_the_limit_is_413_and_is_not_cut(make_app, settings, api_with, study):
    api = api_with(make_app(settings.model_copy(update={"max_json_bytes": 1000})))
    item = b'{"variableId": "Study.Every.Type.count", "newValue": 5}'
    for padding, status in ((900, 200), (2000, 413)):
        response = api.post(
            f"/study-case/{study.id}/parameters",
            input_stream=io.BytesIO(item + b" " * padding),
            content_type="application/json",
            environ_overrides={"wsgi.input_terminated": True},
        )
        assert response.status_code == status, response.text
