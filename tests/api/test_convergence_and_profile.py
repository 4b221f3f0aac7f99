"""What clients see of loops that did not converge, and where the time of an execution went."""

import pytest
from sqlalchemy import select

from sostrades_api.models import Execution
from sostrades_api.services.execution_claim import execution_claim
from sostrades_api.services.execution_end import AttemptEnd, AttemptKey, Failure
from sostrades_api.services.execution_fail import execution_fail
from sostrades_api.services.execution_request import execution_request
from tests.support.finished import execute, finished_study

pytestmark = pytest.mark.database("sqlite")

NAME = "Climate"
# Population stands before the loop and Welfare after it.
OUTSIDE, INSIDE, AFTER = "Economy.Population", "Climate.Temperature", "Economy.Welfare"


@pytest.fixture
def study(app, session, group):
    return finished_study(app, session, group=group, name=NAME)


@pytest.fixture
def unconverged(api, app, session, study):
    """Its latest execution gave up its loop after two iterations."""
    updates = [
        {"variableId": f"{NAME}.max_mda_iter", "newValue": 2},
        {"variableId": f"{NAME}.allow_unconverged", "newValue": True},
    ]
    assert api.post(f"/study-case/{study.id}/parameters", json=updates).status_code == 200
    execute(app, session, study)
    return study


def status_of(api, study):
    return api.get(f"/calculation/status/{study.id}").json


def test_a_converged_execution_marks_nothing(api, study):
    status = status_of(api, study)
    assert (status["converged"], status["unconverged"]) == (True, [])
    loaded = api.get(f"/study-case/{study.id}?io=all").json
    assert not [name for name, entry in loaded.items() if "converged" in entry]
    charts = api.get(f"/post-processing/{study.id}").json
    assert not [name for name, each in charts.items() if "converged" in each]
    assert "not converged" not in api.get(f"/post-processing/{study.id}/html").text.split("<script")[-4]


def test_the_status_names_the_disciplines_that_depend_on_an_unconverged_loop(api, unconverged):
    status = status_of(api, unconverged)
    assert status["converged"] is False
    assert {f"{NAME}.{INSIDE}", f"{NAME}.{AFTER}"} <= set(status["unconverged"])
    assert f"{NAME}.{OUTSIDE}" not in status["unconverged"]
    assert status["disciplines_status"][f"{NAME}.{INSIDE}"] == "DONE"


def test_loaded_results_say_that_they_are_not_converged(api, unconverged):
    loaded = api.get(f"/study-case/{unconverged.id}?io=all").json
    assert loaded[f"{NAME}.Climate.temperature_df"]["converged"] is False
    assert loaded[f"{NAME}.Economy.population_df"].get("converged") is None
    assert "converged" not in loaded[f"{NAME}.max_mda_iter"]
    assert "converged" not in loaded[f"{NAME}.residuals_history"]  # a true record of how it went


def test_a_download_says_so_in_its_name_and_a_header_and_reads_as_ever(api, unconverged):
    def download(name):
        body = {"parameter_key": f"{NAME}.{name}"}
        return api.post(f"/study-case/{unconverged.id}/parameter/download", json=body)

    affected, other = download("Climate.temperature_df"), download("Economy.population_df")
    assert affected.headers["X-Not-Converged"] == "true"
    name = 'filename="Climate.Climate.temperature_df.not-converged.csv"'
    assert name in affected.headers["Content-Disposition"]
    assert affected.text.startswith("year")
    assert "X-Not-Converged" not in other.headers
    assert "Economy.population_df.csv" in other.headers["Content-Disposition"]


def test_charts_of_affected_disciplines_and_their_figures_are_marked(api, unconverged):
    charts = api.get(f"/post-processing/{unconverged.id}").json
    affected = charts[f"{NAME}.{INSIDE}"]
    assert affected["converged"] is False
    for figure in affected["post_processings"]:
        assert figure["converged"] is False
        assert "not converged" in [each["text"] for each in figure["layout"]["annotations"]]
    assert "converged" not in charts[f"{NAME}.{OUTSIDE}"]


def test_the_report_warns_and_marks_each_chart_of_an_affected_discipline(api, unconverged):
    html = api.get(f"/post-processing/{unconverged.id}/html").text
    assert "These results are not converged" in html
    assert "depend on it" in html
    shown = html[: html.index('<script type="application/json"')]
    charts = api.get(f"/post-processing/{unconverged.id}").json
    figures = sum(len(each["post_processings"]) for each in charts.values() if each.get("converged") is False)
    assert shown.count('class="tag warn"') >= figures > 0


def test_what_was_executed_before_it_was_known_which_are_affected_is_marked_as_a_whole(
    api, session, unconverged
):
    execution = session.scalars(select(Execution).order_by(Execution.id.desc())).first()
    execution.unconverged = None
    session.commit()
    assert len(status_of(api, unconverged)["unconverged"]) == len(execution.disciplines)


def test_the_profile_tells_the_slowest_discipline_first(api, study):
    profile = api.get(f"/study-case/{study.id}/profile").json
    rows = profile["disciplines"]
    assert profile["status"] == "FINISHED"
    assert [row["seconds"] for row in rows] == sorted((row["seconds"] for row in rows), reverse=True)
    by_name = {row["discipline"]: row for row in rows}
    inside, outside = by_name[f"{NAME}.{INSIDE}"], by_name[f"{NAME}.{OUTSIDE}"]
    assert inside["calls"] == inside["iterations"] > 1
    assert (outside["calls"], outside["iterations"], outside["reused"]) == (1, None, False)
    assert sum(row["seconds"] for row in rows) == pytest.approx(profile["discipline_seconds"])
    assert 0.0 < profile["engine_share"] < 1.0
    assert profile["peak_memory_bytes"] >= profile["memory_at_start_bytes"] > 0


def test_a_failed_execution_keeps_the_profile_of_as_far_as_it_got(
    api, session, study, accounts, group, platform
):
    requested = execution_request(session, study, actor=accounts.actor(group), queue=platform.queue)
    key = AttemptKey(requested.id, "token")
    assert api.get(f"/study-case/{study.id}/profile").status_code == 409  # it has not ended
    execution_claim(session, execution_id=key.execution_id, token=key.token, worker="w", lease_seconds=60)
    profile = {
        "total_seconds": 2.0,
        "discipline_seconds": 1.0,
        "engine_share": 0.5,
        "saved_seconds": 0.0,
        "disciplines": ["A", "B"],
        "seconds": [1.0, 0.0],
        "calls": [1, 0],
        "iterations": [None, None],
        "reused": [False, False],
    }
    assert execution_fail(session, key, failure=Failure("no"), end=AttemptEnd(profile=profile))
    found = api.get(f"/study-case/{study.id}/profile").json
    assert (found["status"], found["execution_id"]) == ("FAILED", key.execution_id)
    assert found["disciplines"][0] == {
        "discipline": f"{NAME}.A",
        "seconds": 1.0,
        "share": 0.5,
        "calls": 1,
        "iterations": None,
        "reused": False,
    }
