"""Pages of executions: all of a study case, one of them, and steering without a script."""

import pytest

from sostrades_api.access import Role
from sostrades_api.models import Execution, ExecutionLog, ExecutionState
from sostrades_api.queueing.events import Event, EventType
from sostrades_api.services.execution_claim import execution_claim
from sostrades_api.streaming.responses import hub_of

pytestmark = pytest.mark.database("sqlite")
JSON = {"Accept": "application/json"}


@pytest.fixture
def number(session, study):
    """The one finished execution of the study case."""
    return session.query(Execution.id).scalar()


@pytest.fixture
def browser_of(new_pages, accounts, make_right, study):
    """``browser_of(role)``: a signed-in browser of a user with this role on the study case."""

    def make(role):
        user, browser = accounts.user(f"user-{role}"), new_pages()
        make_right(study, user, role)
        browser.resume(user)
        return browser

    return make


def text_of(response):
    return response.get_data(as_text=True)


def status_of(pages, study):
    return pages.get(f"/study-case/{study.id}/status", headers=JSON).json


def run(pages, study):
    return pages.post(f"/study-case/{study.id}/run", headers=JSON).json


def claim(session, number):
    execution_claim(session, execution_id=number, token="t", worker="a-worker", lease_seconds=60)
    session.rollback()


def test_all_executions_are_listed_a_page_at_a_time_and_lead_to_their_pages(
    pages, study, session, number, monkeypatch
):
    monkeypatch.setattr("sostrades_api.web.executions._ROWS", 1)
    later = run(pages, study)["execution_id"]
    where = f"/study-case/{study.id}/executions"
    text = text_of(pages.get(where))
    assert f'href="{where}/{later}"' in text
    assert f'href="{where}/{number}"' not in text
    cursor = text.split("cursor=")[1].split('"')[0]
    text = text_of(pages.get(f"{where}?cursor={cursor}"))
    assert f'href="{where}/{number}"' in text
    assert "Earlier</a>" not in text
    assert pages.get(f"{where}?cursor=nonsense").status_code == 422


def test_one_execution_shows_what_it_took_its_history_and_its_log(pages, study, session, number):
    session.add_all(
        ExecutionLog(execution_id=number, attempt=1, level=level, message=f"said as {level}")
        for level in ("INFO", "WARNING")
    )
    session.commit()
    where = f"/study-case/{study.id}/executions/{number}"
    text = text_of(pages.get(where))
    assert "Temperature</td>" in text
    assert ">RUNNING</span>" in text
    assert "said as INFO" in text
    assert "Delete execution" in text
    text = text_of(pages.get(f"{where}?level=WARNING"))
    assert "said as WARNING" in text
    assert "said as INFO" not in text
    kept = pages.get(f"{where}/log.txt?download=1&level=WARNING")
    assert "said as INFO" in text_of(kept)
    assert f'filename="execution_{number}.log"' in kept.headers["Content-Disposition"]


@pytest.mark.parametrize("part", ["", "/events", "/residuals", "/log.txt"])
def test_an_execution_of_another_study_case_is_not_found(pages, study, make_study, number, part):
    other = make_study(study.group, name="Another")
    assert pages.get(f"/study-case/{other.id}/executions/{number}{part}").status_code == 404
    assert pages.get(f"/study-case/{study.id}/executions/{number + 1}{part}").status_code == 404
    assert pages.get(f"/study-case/{study.id}/executions/{10**30}{part}").status_code == 404


@pytest.mark.parametrize("action", ["resubmit", "recompute", "delete"])
def test_an_execution_is_steered_under_its_own_study_case_and_with_the_token_only(
    pages, study, make_study, session, number, action
):
    other = make_study(study.group, name="Another")
    assert pages.post(f"/study-case/{other.id}/executions/{number}/{action}").status_code == 404
    pages.token = "forged"
    assert pages.post(f"/study-case/{study.id}/executions/{number}/{action}").status_code == 400
    assert session.query(Execution).count() == 1


def test_who_may_only_view_sees_states_and_is_offered_nothing(browser_of, study, number):
    browser = browser_of(Role.RESTRICTED_VIEWER)
    where = f"/study-case/{study.id}/executions/{number}"
    text = text_of(browser.get(where))
    assert "Temperature</td>" in text
    for hidden in ("data-log=", "History", "Traceback", "/resubmit", "/delete"):
        assert hidden not in text
    assert browser.get(f"{where}/log.txt").status_code == 403
    for action in ("resubmit", "recompute", "delete"):
        assert browser.post(f"{where}/{action}").status_code == 403


def test_a_traceback_is_for_contributors_and_deleting_for_managers(browser_of, study, session, number):
    session.get(Execution, number).traceback = "File 'model.py', line 1, in run"
    session.commit()
    where = f"/study-case/{study.id}/executions/{number}"
    commenter, contributor = (
        text_of(browser_of(role).get(where)) for role in (Role.COMMENTER, Role.CONTRIBUTOR)
    )
    assert "model.py" not in commenter
    assert "/resubmit" not in commenter
    assert "model.py" in contributor
    assert "/resubmit" in contributor
    assert "/delete" not in contributor


def test_running_again_leads_to_the_new_execution_and_a_refusal_is_said_on_the_page(pages, study, number):
    where = f"/study-case/{study.id}/executions"
    answer = pages.post(f"{where}/{number}/recompute", {"discipline": "Climate.Temperature"})
    made = status_of(pages, study)["execution_id"]
    assert answer.location == f"{where}/{made}"
    assert "from Climate.Temperature" in text_of(pages.get(answer.location))
    refused = pages.post(f"{where}/{number}/resubmit", follow_redirects=True)
    assert "already queued, running or suspended" in text_of(refused)
    assert pages.post(f"{where}/{number}/resubmit", headers=JSON).status_code == 409
    pages.post(f"/study-case/{study.id}/stop")
    unknown = pages.post(f"{where}/{number}/recompute", {"discipline": "Nothing"}, follow_redirects=True)
    assert "is no discipline of this execution" in text_of(unknown)


def test_an_execution_is_deleted_once_it_has_ended(pages, study, session):
    number = run(pages, study)["execution_id"]
    where = f"/study-case/{study.id}/executions"
    assert "stop it first" in text_of(pages.post(f"{where}/{number}/delete", follow_redirects=True))
    pages.post(f"/study-case/{study.id}/stop")
    assert f"Execution {number} is deleted" in text_of(
        pages.post(f"{where}/{number}/delete", follow_redirects=True)
    )
    assert pages.get(f"{where}/{number}").status_code == 404


def test_each_state_is_said_and_offers_what_makes_sense(pages, study, session):
    number = run(pages, study)["execution_id"]
    here = f"/study-case/{study.id}"
    seen = [status_of(pages, study)]
    pages.post(f"{here}/suspend")
    seen.append(status_of(pages, study))
    pages.post(f"{here}/resume")
    claim(session, number)
    seen.append(status_of(pages, study))
    pages.post(f"{here}/suspend")
    seen.append(status_of(pages, study))
    pages.post(f"{here}/stop")
    seen.append(status_of(pages, study))
    pages.post(f"{here}/stop", {"force": "1"})
    seen.append(status_of(pages, study))
    assert [(each["shown"], each["actions"]) for each in seen] == [
        ("PENDING", ["stop", "suspend"]),
        ("SUSPENDED", ["resume", "stop"]),
        ("RUNNING", ["stop", "suspend"]),
        ("SUSPENDING", ["stop"]),
        ("STOPPING", ["force"]),
        ("STOPPING", []),
    ]
    words = [each["note"] for each in seen]
    assert words[0] == "It is number 1 in the queue."
    assert "goes on from the last finished discipline" in words[1]
    assert words[2] == ""
    assert "will be suspended as soon as" in words[3]
    assert "stops as soon as" in words[4]
    assert "by force" in words[5]


def test_the_page_offers_without_a_script_what_the_state_allows(pages, study):
    run(pages, study)
    here = f"/study-case/{study.id}"
    pages.post(f"{here}/suspend")
    text = text_of(pages.get(here))
    offered = {
        name for name in ("run", "stop", "force", "suspend", "resume") if f'data-action="{name}">' in text
    }
    assert offered == {"resume", "stop"}
    assert "No worker is busy with it" in text
    assert 'data-status="SUSPENDED"' in text_of(pages.get("/study-cases"))
    assert text_of(pages.get("/study-cases?search=suspended")).count("<strong>Climate") == 1
    again = pages.post(f"{here}/run", follow_redirects=True)
    assert "already queued, running or suspended" in text_of(again)


@pytest.mark.parametrize("action", ["stop", "suspend", "resume"])
def test_what_makes_no_sense_now_is_refused_with_the_reason(pages, study, action):
    answer = pages.post(f"/study-case/{study.id}/{action}", headers=JSON)
    assert answer.status_code == 409
    assert "under way" in answer.json["detail"]
    page = pages.post(f"/study-case/{study.id}/{action}", follow_redirects=True)
    assert "under way" in text_of(page)


@pytest.mark.parametrize("action", ["suspend", "resume"])
def test_a_commenter_steers_nothing(browser_of, study, action):
    assert browser_of(Role.COMMENTER).post(f"/study-case/{study.id}/{action}").status_code == 403


def test_residuals_told_before_are_there_for_who_comes_later(app, pages, study, number):
    where = f"/study-case/{study.id}/executions/{number}/residuals"
    assert pages.get(where).json == []
    told = {"attempt": 1, "loop": "A, B", "iteration": 2, "residual": 0.5, "earlier": [[1, 1.0]]}
    hub_of(app).events.publish(
        number, [Event.make(EventType.ITERATION, told), Event.make(EventType.PROGRESS, {"progress": 0.5})]
    )
    (found,) = pages.get(where).json
    assert found.pop("id")
    assert found == told


def test_without_redis_there_are_no_residuals_and_no_error(
    make_app, settings, new_pages, pages, study, number
):
    app = make_app(settings.model_copy(update={"redis_url": "redis://127.0.0.1:1/0"}))
    cookie = pages.client.get_cookie("session").value
    client = app.test_client()
    client.set_cookie("session", cookie)
    assert client.get(f"/study-case/{study.id}/executions/{number}/residuals").json == []


def test_an_execution_that_runs_says_what_is_left_where_and_in_which_attempt(pages, study, session):
    number = run(pages, study)["execution_id"]
    claim(session, number)
    status = status_of(pages, study)
    assert (status["attempt"], status["worker"]) == (1, "a-worker")
    assert status["eta_seconds"] > 0
    assert session.get(Execution, number).state is ExecutionState.RUNNING
    assert "a-worker" in text_of(pages.get(f"/study-case/{study.id}/executions/{number}"))
