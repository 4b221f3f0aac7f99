"""Where a loop starts is listed with the inputs and may be given; what it ends with is an output."""

import pytest

from tests.support.finished import execute


@pytest.fixture
def sellar(new_study):
    """A study case of the Sellar problem with every default."""
    return new_study("Loop", process_name="sellar", reference="")


def test_what_a_loop_starts_from_is_listed_and_may_be_given(api, sellar, app, session):
    listed = api.get(f"/study-case/{sellar.id}").json
    name = next(name for name, shown in listed.items() if shown["io"] == "out")
    assert listed[name]["editable"]
    answer = api.post(f"/study-case/{sellar.id}/parameters", json={"variableId": name, "newValue": 2.5})
    assert answer.status_code == 200, answer.text
    assert answer.json[name]["value"] == 2.5
    assert api.get(f"/study-case/{sellar.id}").json[name]["value"] == 2.5
    result = api.get(f"/study-case/{sellar.id}?io=out").json[name]
    assert (result["value"], result["editable"]) == (None, False)
    execute(app, session, sellar)
    assert api.get(f"/study-case/{sellar.id}?io=out").json[name]["value"] not in {None, 2.5}
    assert api.get(f"/study-case/{sellar.id}").json[name]["value"] == 2.5
