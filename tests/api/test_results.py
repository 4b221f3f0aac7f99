"""Results through the API: executed by a live worker, read by load and download."""

import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sostrades_api.disciplines import dice2016r
from sostrades_api.services.study_case_create import study_case_create
from tests.support.live import LivePlatform, wait_until

REFERENCE = "data/reference_base.csv"
# Column of the published run -> variable and column of the study case.
PUBLISHED = {
    "gross_output_trillion_usd": ("Economy.gross_output_df", "gross_output"),
    "total_emissions_gtco2_per_year": ("Emissions.emissions_df", "total"),
    "atmospheric_temperature_degc": ("Climate.temperature_df", "atmosphere"),
    "atmospheric_carbon_gtc": ("Climate.carbon_df", "atmosphere"),
}


@pytest.fixture
def worker(settings):
    with LivePlatform(settings) as live:
        live.start_workers()
        yield live


@pytest.fixture
def create(session, accounts, group, platform):
    """``create(process, name)``: the id of a study case of the process's first reference."""

    def make(process_name, name):
        study = study_case_create(
            session,
            actor=accounts.actor(group),
            process_name=process_name,
            name=name,
            group=group,
            values=platform.values,
        )
        identifier = study.id
        session.rollback()
        return identifier

    return make


def execute(api, study_id):
    """Execute and wait; the last status."""
    assert api.post(f"/calculation/execute/{study_id}").status_code == 200

    def ended():
        status = api.get(f"/calculation/status/{study_id}").json
        return status if status["study_case_execution_status"] not in {"PENDING", "RUNNING"} else None

    return wait_until(ended, seconds=60)


def table(api, study_id, variable):
    """A downloaded table, as pandas reads it."""
    file = api.post(f"/study-case/{study_id}/parameter/download", json={"parameter_key": variable})
    assert file.status_code == 200, file.text
    return pd.read_csv(io.BytesIO(file.data))


@pytest.mark.slow
def test_outputs_are_those_of_the_latest_finished_execution(api, create, worker):
    study_id = create("sellar", "S")
    before = api.get(f"/study-case/{study_id}?io=out")
    assert before.json["S.y_1"]["value"] is None
    assert execute(api, study_id)["study_case_execution_status"] == "FINISHED"
    after = api.get(f"/study-case/{study_id}?io=out", headers={"If-None-Match": before.headers["ETag"]})
    assert after.status_code == 200
    first = after.json["S.y_1"]["value"]
    assert isinstance(first, float)
    downloaded = table(api, study_id, "S.y_1")
    assert downloaded["value"].tolist() == [first]

    api.post(f"/study-case/{study_id}/parameters", json={"variableId": "S.x", "newValue": 2.0})
    assert api.get(f"/study-case/{study_id}?io=all").json["S.x"]["value"] == 2.0
    assert api.get(f"/study-case/{study_id}?io=out").json["S.y_1"]["value"] == first
    assert execute(api, study_id)["study_case_execution_status"] == "FINISHED"
    assert api.get(f"/study-case/{study_id}?io=out").json["S.y_1"]["value"] != first

    shown = api.get(f"/post-processing/{study_id}").json
    assert any(discipline["post_processings"] for discipline in shown.values())
    (discipline, charts), *_ = ((name, found) for name, found in shown.items() if found["filters"])
    assert discipline.startswith("S.")
    assert {"data", "layout"} <= set(charts["post_processings"][0])


@pytest.mark.slow
def test_the_published_climate_economy_numbers_hold_in_downloads(api, create, worker):
    study_id = create("dice2016r", "DICE")
    status = execute(api, study_id)
    assert status["study_case_execution_status"] == "FINISHED", status
    text = (Path(dice2016r.__file__).parent / REFERENCE).read_bytes()
    reference = pd.read_csv(io.BytesIO(text))
    for published, (variable, column) in PUBLISHED.items():
        computed = table(api, study_id, f"DICE.{variable}")
        assert computed["year"].tolist() == reference["year"].tolist()
        np.testing.assert_allclose(computed[column], reference[published], rtol=1e-9, atol=0)


@pytest.mark.parametrize(
    ("filters", "status"),
    [("{", 422), ("[]", 422), ('{"a": 1}', 422), ('{"a": {"b": ["c"]}}', 200), ("{}", 200)],
)
def test_filters_are_json_of_one_form(api, study, filters, status):
    response = api.get(f"/post-processing/{study.id}", query_string={"filters": filters})
    assert response.status_code == status


def test_without_a_finished_execution_there_are_no_charts_and_a_report_that_says_so(api, study):
    assert api.get(f"/post-processing/{study.id}").json == {}
    page = api.get(f"/post-processing/{study.id}/html")
    assert page.mimetype == "text/html"
    assert "default-src" in page.headers["Content-Security-Policy"]


def test_a_second_execution_is_409_and_the_first_stays(api, study):
    first = api.post(f"/calculation/execute/{study.id}").json
    assert first["study_case_execution_status"] == "PENDING"
    second = api.post(f"/calculation/execute/{study.id}")
    assert second.status_code == 409
    assert api.get(f"/calculation/status/{study.id}").json["execution_id"] == first["execution_id"]
    assert api.send("DELETE", f"/study-case/{study.id}").status_code == 409
    stopped = api.post(f"/calculation/stop/{study.id}")
    assert stopped.json["study_case_execution_status"] == "STOPPED"
    assert api.send("DELETE", f"/study-case/{study.id}").status_code == 204


def test_what_lacks_a_value_cannot_be_executed_and_is_named(api, new_study):
    study = new_study(reference="")
    response = api.post(f"/calculation/execute/{study.id}")
    assert response.status_code == 422
    assert response.json["errors"][0]["variableId"] == "Study.needed"


def test_logs_are_text_even_before_any_execution(api, study):
    response = api.get(f"/study-case/{study.id}/logs")
    assert (response.status_code, response.headers["Content-Type"]) == (200, "text/plain; charset=utf-8")


def test_everything_but_execution_works_without_redis(make_app, settings, api_with, study):
    api = api_with(make_app(settings.model_copy(update={"redis_url": "redis://127.0.0.1:1"})))
    assert "Study.needed" in api.get(f"/study-case/{study.id}").json
    body = {"variableId": "Study.needed", "newValue": 8}
    assert api.post(f"/study-case/{study.id}/parameters", json=body).status_code == 200
    executed = api.post(f"/calculation/execute/{study.id}")
    assert executed.json["study_case_execution_status"] == "PENDING"
    assert api.get(f"/calculation/status/{study.id}").json["study_case_execution_status"] == "PENDING"
