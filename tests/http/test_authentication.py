"""Who may talk to the API at all."""

import pytest

PATH = "/api/v0/nothing-here"


def test_a_request_without_a_key_is_refused_and_told_how(client):
    response = client.get(PATH)
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == "Bearer"
    assert response.json["statusCode"] == 401


def test_a_valid_key_gets_through(client, make_user, make_key, bearer):
    key = make_key(make_user())
    assert client.get(PATH, headers=bearer(key)).status_code == 404


def test_a_group_key_gets_through(client, make_group, make_key, bearer):
    assert client.get(PATH, headers=bearer(make_key(make_group()))).status_code == 404


@pytest.mark.parametrize("scheme", ["bearer", "BEARER", "BeArEr"])
def test_the_scheme_is_case_insensitive(client, make_user, make_key, scheme):
    header = {"Authorization": f"{scheme} {make_key(make_user())}"}
    assert client.get(PATH, headers=header).status_code == 404
