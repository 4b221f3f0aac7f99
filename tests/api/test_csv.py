"""CSV files both ways: multipart updates and downloads."""

import json

import pytest
import requests

PREFIX = "Study.Every.Type"


@pytest.fixture
def upload(api, study):
    """``upload({variable: bytes}, parameters=None)``."""

    def send(files, parameters=None):
        parts = {name: ("file.csv", content) for name, content in files.items()}
        if parameters is not None:
            parts["parameters"] = (None, parameters, "application/json")
        return send_files(api, study, parts)

    return send


def send_files(api, study, files):
    """What ``requests.post(..., files=files)`` sends."""
    sent = requests.Request("POST", "http://host/", files=files).prepare()
    return api.post(
        f"/study-case/{study.id}/parameters", data=sent.body, content_type=sent.headers["Content-Type"]
    )


@pytest.fixture
def download(api, study):
    """``download(variable)``."""
    return lambda name: api.post(f"/study-case/{study.id}/parameter/download", json={"parameter_key": name})


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("length", b"value\n2.5\n"),
        ("count", b"value\n5\n"),
        ("mode", b"value\nfast\n"),
        ("names", b"value\nx\ny\n"),
        ("vector", b'value\n1.5\n""\n-inf\n'),
        ("matrix", b"0,1\n1.0,2.0\n3.0,4.5\n"),
        ("settings", b"variable,value\nk,1.0\nl,2.0\n"),
        ("records", b"b,a\n1.0,\n2.0,3.0\n"),
        ("frames", b"variable,year,value\none,1,2.0\ntwo,3,4.0\n"),
        ("table", b"year,value\n2020,0.1\n2025,1e-300\n"),
        ("sparse", b'name,value\n"a,b",\n"say ""x""",1.0\n=1+1,2.0\n'),
    ],
)
def test_a_csv_of_every_type_comes_back_exactly(upload, download, name, content):
    response = upload({f"{PREFIX}.{name}": content})
    assert response.status_code == 200, response.text
    file = download(f"{PREFIX}.{name}")
    assert file.status_code == 200
    first = file.data
    assert upload({f"{PREFIX}.{name}": first}).status_code == 200
    assert download(f"{PREFIX}.{name}").data == first


def test_a_download_is_what_was_uploaded(upload, download):
    content = b"year,value\n2020,0.1\n2025,99.99\n"
    upload({f"{PREFIX}.table": content})
    file = download(f"{PREFIX}.table")
    assert file.data.replace(b"\r\n", b"\n") == content
    assert file.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert file.headers["Content-Disposition"] == f'attachment; filename="{PREFIX}.table.csv"'


def test_several_files_and_json_come_in_one_request(upload, api, study):
    items = [{"variableId": f"{PREFIX}.length", "newValue": 2.0}]
    files = {f"{PREFIX}.table": b"year,value\n1,1\n", f"{PREFIX}.count": b"value\n9\n"}
    response = upload(files, parameters=json.dumps(items))
    assert response.status_code == 200, response.text
    assert set(response.json) == {f"{PREFIX}.length", f"{PREFIX}.table", f"{PREFIX}.count"}
    assert api.get(f"/study-case/{study.id}").json[f"{PREFIX}.length"]["value"] == 2.0


def test_a_fault_in_one_part_keeps_all_others_out(upload, api, study):
    before = api.get(f"/study-case/{study.id}").headers["ETag"]
    items = [{"variableId": f"{PREFIX}.length", "newValue": 2.0}]
    files = {f"{PREFIX}.table": b"year,value\n1,x\n", f"{PREFIX}.count": b"value\n9\n"}
    response = upload(files, parameters=json.dumps(items))
    assert response.status_code == 422
    assert [fault["variableId"] for fault in response.json["errors"]] == [f"{PREFIX}.table"]
    assert api.get(f"/study-case/{study.id}").headers["ETag"] == before


def test_a_file_may_also_be_a_plain_form_field(api, study):
    response = api.post(
        f"/study-case/{study.id}/parameters",
        data={f"{PREFIX}.count": "value\n9\n"},
        content_type="multipart/form-data",
    )
    assert response.status_code == 200
    assert response.json[f"{PREFIX}.count"]["value"] == 9


def test_a_byte_order_mark_is_taken(upload):
    assert upload({f"{PREFIX}.table": b"\xef\xbb\xbfyear,value\n1,1\n"}).status_code == 200


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"\n", "empty"),
        (b"year,value", None),
        (b"year,wrong\n1,1\n", "missing columns: value"),
        (b"year\n1\n", "value"),
        (b"year,value,more\n1,1,1\n", "more"),
        (b"year,value\n1\n", "row 1"),
        (b"year,value\n1,1\n1,2,3\n", "row 2"),
        (b"year,value\n1,a\n", "column 'value', row 1"),
        (b"year,value\n1.5,1\n", "column 'year', row 1"),
        (b"year,value\n,1\n", "column 'year', row 1"),
        (b'year,value\n1,"1\n', "quote"),
        (b"year,value\n1,101\n", "outside [0, 100]"),
        (b"year;value\n1;1\n", "separated by semicolons"),
        ("year,value\n1,é\n".encode("latin-1"), "UTF-8"),
        ("year,value\n1,1\n".encode("utf-16"), "UTF-16"),
        (b"\x00\x01\x02", "NUL"),
        (b"PK\x03\x04" + bytes(range(256)), "NUL"),
        (b"year,value\n__import__('os').system('id'),1\n", "not a whole number"),
    ],
)
def test_a_wrong_file_is_422_and_says_where(upload, api, study, content, said):
    before = api.get(f"/study-case/{study.id}").headers["ETag"]
    response = upload({f"{PREFIX}.table": content})
    if said is None:  # a header alone is a table without rows
        assert response.status_code == 200
        return
    assert response.status_code == 422, response.text
    assert response.json["errors"][0]["variableId"] == f"{PREFIX}.table"
    assert said in response.json["errors"][0]["detail"]
    assert api.get(f"/study-case/{study.id}").headers["ETag"] == before


def test_an_unknown_variable_as_a_part_is_422(upload):
    response = upload({"Study.nope": b"value\n1\n", "parameter": b"value\n1\n"})
    assert response.status_code == 422
    assert {fault["variableId"] for fault in response.json["errors"]} == {"Study.nope", "parameter"}


def test_the_same_part_twice_is_422(api, study):
    part = f'--b\r\nContent-Disposition: form-data; name="{PREFIX}.count"; filename="f"\r\n\r\nvalue\n5\n\r\n'
    response = api.post(
        f"/study-case/{study.id}/parameters",
        data=(part * 2 + "--b--\r\n").encode(),
        content_type="multipart/form-data; boundary=b",
    )
    assert response.status_code == 422
    assert "more than once" in response.json["errors"][0]["detail"]


@pytest.mark.parametrize(
    ("content_type", "data"),
    [
        ("multipart/form-data", b"x"),
        ("multipart/form-data; boundary=b", b""),
        ("multipart/form-data; boundary=b", b"garbage"),
        ("multipart/form-data; boundary=b", b"--b--\r\n"),
        (
            "multipart/form-data; boundary=b",
            b'--b\r\nContent-Disposition: form-data; name="parameters"\r\n\r\n{',
        ),
        ("multipart/form-data; boundary=b", b"--b\r\nno headers\r\n"),
    ],
)
def test_a_broken_multipart_body_is_400(api, study, content_type, data):
    response = api.post(f"/study-case/{study.id}/parameters", data=data, content_type=content_type)
    assert response.status_code == 400, response.text


@pytest.mark.parametrize("name", ['say "x"', "a/b", "<b>", "🌍", "v1.2", "back\\slash", "per%cent", "a%22b"])
def test_names_of_any_text_work_in_parts_and_file_names(api, new_study, name):
    study = new_study(name)
    variable = f"{name}.Every.Type.count"
    files = {variable: ("f.csv", b"value\n9\n")}
    response = send_files(api, study, files)
    assert response.status_code == 200, response.text
    file = api.post(f"/study-case/{study.id}/parameter/download", json={"parameter_key": variable})
    assert file.data.replace(b"\r\n", b"\n") == b"value\n9\n"
    disposition = file.headers["Content-Disposition"]
    quoted = disposition.split('"')[1]
    assert not set(quoted) & set('/\\:*?"<>|%')
    assert disposition.isascii()


def test_a_file_over_the_limit_is_413(make_app, settings, api_with, study):
    api = api_with(make_app(settings.model_copy(update={"max_body_bytes": 10_000})))
    response = send_files(api, study, {f"{PREFIX}.table": ("f.csv", b"year,value\n" + b"1,1\n" * 10_000)})
    assert response.status_code == 413
    assert response.mimetype == "application/problem+json"


@pytest.mark.database("sqlite")  # such a value lies in a file, whatever the database
def test_a_file_of_100_megabytes_is_read_within_the_limit_or_refused_over_it(upload, api, study):
    table = b"year,value\n" + b"2020,99.99999999999999\n" * (100 * 1024 * 1024 // 23)
    response = upload({f"{PREFIX}.table": table})
    assert response.status_code == 200, response.text
    assert response.json[f"{PREFIX}.table"]["shape"] == [100 * 1024 * 1024 // 23, 2]
    too_large = upload({f"{PREFIX}.table": table + b"2020,99.99999999999999\n" * (29 * 1024 * 1024 // 23)})
    assert too_large.status_code == 413


@pytest.mark.parametrize(
    "key", ["Study.nope", "nope", "", "Study", "Study.", "Other.needed", "../../etc/passwd", "a\x00b"]
)
def test_an_unknown_parameter_is_404(download, key):
    response = download(key)
    assert response.status_code == 404
    assert response.mimetype == "application/problem+json"


@pytest.mark.parametrize("body", [{}, [], 3, {"parameter_key": 3}, {"parameter_key": "Study.needed", "x": 1}])
def test_a_download_body_of_another_form_is_422(api, study, body):
    assert api.post(f"/study-case/{study.id}/parameter/download", json=body).status_code == 422


def test_an_output_before_any_execution_is_409(download):
    response = download("Study.double")
    assert response.status_code == 409
    assert "no execution" in response.json["detail"]


def test_what_is_not_editable_can_be_downloaded(download):
    assert download(f"{PREFIX}.fixed").data.split() == [b"value", b"7.0"]


def test_a_download_of_infinities_and_nan_is_exact(download):
    assert download(f"{PREFIX}.vector").data.split() == [b"value", b"1.0", b'""', b"inf"]
