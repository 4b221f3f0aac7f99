"""The pages of study cases: what they show, to whom, and what they refuse."""

import io
import re

import pytest

from sostrades_api.access import Role
from sostrades_api.models import Execution
from sostrades_api.web.headers import PAGE_POLICY

TABS = ("", "/charts", "/charts/all", "/charts/key", "/data", "/log", "/log.txt", "/status", "/report")


@pytest.fixture
def browser_with(new_pages, accounts, make_right, study):
    """``browser_with(role)``: a signed-in browser of a user with this role on the study case."""

    def make(role):
        user = accounts.user(f"user-{role}")
        if role is not None:
            make_right(study, user, role)
        browser = new_pages()
        browser.resume(user)
        return browser

    return make


def text_of(response):
    return response.get_data(as_text=True)


def test_the_list_shows_only_what_one_may_see(pages, study, make_study, make_group):
    make_study(make_group(), name="Hidden")
    text = text_of(pages.get("/study-cases"))
    assert "Climate" in text
    assert "Hidden" not in text
    assert "FINISHED" in text


def test_an_empty_list_says_what_to_do(pages):
    assert "flask create_study" in text_of(pages.get("/study-cases"))


def test_a_search_narrows_the_list_and_says_when_nothing_matches(pages, study):
    assert "Climate" in text_of(pages.get("/study-cases?search=clim+dice"))
    assert "Nothing matches" in text_of(pages.get("/study-cases?search=zzz"))


@pytest.mark.parametrize("tab", TABS)
def test_every_page_of_a_study_case_answers_its_manager(pages, study, tab):
    assert pages.get(f"/study-case/{study.id}{tab}").status_code == 200


@pytest.mark.parametrize("tab", TABS)
def test_a_study_case_one_may_not_see_does_not_exist(browser_with, study, tab):
    assert browser_with(None).get(f"/study-case/{study.id}{tab}").status_code == 404


@pytest.mark.parametrize(
    "tab", ["/data", "/log", "/log.txt", "/data/csv?variable=x", "/data/table?variable=x"]
)
def test_a_restricted_viewer_sees_no_value(browser_with, study, tab):
    assert browser_with(Role.RESTRICTED_VIEWER).get(f"/study-case/{study.id}{tab}").status_code == 403


def test_a_restricted_viewer_sees_status_and_charts_and_is_offered_nothing_else(browser_with, study):
    browser = browser_with(Role.RESTRICTED_VIEWER)
    text = text_of(browser.get(f"/study-case/{study.id}"))
    assert 'data-action="run"' not in text
    assert ">Data<" not in text
    assert "data-figure" in text_of(browser.get(f"/study-case/{study.id}/charts/all"))
    assert browser.post(f"/study-case/{study.id}/run").status_code == 403


def test_a_commenter_reads_but_changes_nothing(browser_with, study):
    browser = browser_with(Role.COMMENTER)
    assert "data-edit" not in text_of(browser.get(f"/study-case/{study.id}/data?node=Emissions"))
    answer = browser.post(f"/study-case/{study.id}/data", {"variable": "Climate.tolerance", "value": "1"})
    assert answer.status_code == 403
    assert browser.post(f"/study-case/{study.id}/run").status_code == 403


def test_run_requests_an_execution_and_a_second_one_is_refused(pages, study):
    answer = pages.post(f"/study-case/{study.id}/run", headers={"Accept": "application/json"})
    assert answer.json["study_case_execution_status"] == "PENDING"
    again = pages.post(f"/study-case/{study.id}/run", headers={"Accept": "application/json"})
    assert again.status_code == 409
    stopped = pages.post(f"/study-case/{study.id}/stop")
    assert stopped.location == f"/study-case/{study.id}"
    assert pages.get(f"/study-case/{study.id}/status").json["study_case_execution_status"] == "STOPPED"


@pytest.mark.parametrize("action", ["run", "stop", "data"])
def test_what_changes_something_needs_the_token(pages, study, session, action):
    pages.token = "forged"
    assert pages.post(f"/study-case/{study.id}/{action}").status_code == 400
    assert session.query(Execution).count() == 1


def test_the_api_needs_no_token_and_takes_no_cookie(pages, study, client, make_key, member, bearer):
    assert pages.client.get(f"/api/v0/study-case/{study.id}").status_code == 401
    answer = client.post(f"/api/v0/calculation/execute/{study.id}", headers=bearer(make_key(member)))
    assert answer.status_code == 200


def test_a_scalar_is_changed_with_its_type_and_history(pages, study):
    pages.get(f"/study-case/{study.id}/data")
    change = {"variable": "Climate.max_mda_iter", "value": " 42 ", "revision": str(study.revision)}
    answer = pages.post(f"/study-case/{study.id}/data", change, headers={"Accept": "application/json"})
    assert answer.json["variables"]["Climate.max_mda_iter"]["value"] == 42
    assert answer.json["revision"] == study.revision + 1
    assert 'value="42"' in text_of(pages.get(f"/study-case/{study.id}/data"))


@pytest.mark.parametrize("value", ["many", "0", "-3", "", "1.5", "nan"])
def test_a_wrong_scalar_is_refused_with_its_reason(pages, study, value):
    change = {"variable": "Climate.max_mda_iter", "value": value}
    answer = pages.post(f"/study-case/{study.id}/data", change, headers={"Accept": "application/json"})
    assert answer.status_code == 422
    assert answer.json["errors"][0]["variableId"] == "Climate.max_mda_iter"
    page = pages.post(f"/study-case/{study.id}/data", change, follow_redirects=True)
    assert "Climate.max_mda_iter:" in text_of(page)


def test_a_change_for_an_older_revision_is_refused(pages, study):
    change = {"variable": "Climate.max_mda_iter", "value": "7", "revision": "999"}
    answer = pages.post(f"/study-case/{study.id}/data", change, headers={"Accept": "application/json"})
    assert answer.status_code == 412


def test_a_table_is_shown_downloaded_changed_and_uploaded(pages, study):
    variable = "Climate.Emissions.own_land_emissions"
    where = f"/study-case/{study.id}/data"
    assert "It has no rows" in text_of(pages.get(f"{where}/table?variable={variable}"))
    file = (io.BytesIO(b"year,land\n2015,2.5\n"), "land.csv")
    answer = pages.post(where, {"variable": variable, "file": file, "node": "Emissions"})
    assert answer.location == f"{where}?node=Emissions"
    shown = text_of(pages.get(f"{where}/table?variable={variable}"))
    assert "<td>2015</td>" in shown
    assert "[GtCO2/year]" in shown
    assert pages.get(f"{where}/csv?variable={variable}").get_data() == b"year,land\n2015,2.5\n"


def test_a_long_table_comes_in_pages(pages, study):
    address = f"/study-case/{study.id}/data/table?variable=Climate.residuals_history&page=99"
    assert pages.get(address).status_code == 200


@pytest.mark.parametrize(
    "tab", ["data/csv?variable=nothing", "data/table?variable=Climate.nothing", "data/table"]
)
def test_an_unknown_variable_is_not_found(pages, study, tab):
    assert pages.get(f"/study-case/{study.id}/{tab}").status_code == 404


def test_a_search_finds_variables_at_every_node(pages, study):
    text = text_of(pages.get(f"/study-case/{study.id}/data?search=carbon+atmosphere"))
    assert "Climate.CarbonCycle.mat0" in text
    assert "max_mda_iter" not in text


def test_outputs_of_the_latest_execution_are_shown(pages, study):
    text = text_of(pages.get(f"/study-case/{study.id}/data?node=Emissions"))
    assert re.search(r"dataframe, 100 by \d", text)


def test_a_hostile_name_is_shown_and_not_obeyed(pages, study, session):
    study.name = '"><script>alert(1)</script>'
    session.commit()
    for tab in ("", "/data", "/charts/all", "/log"):
        assert "<script>alert(1)" not in text_of(pages.get(f"/study-case/{study.id}{tab}"))
    assert "<script>alert(1)" not in text_of(pages.get("/study-cases"))


def test_a_study_case_without_its_process_still_has_a_page(pages, member, make_study):
    study = make_study(member.groups[0], process_name="vanished")
    assert pages.get(f"/study-case/{study.id}").status_code == 200
    assert pages.get(f"/study-case/{study.id}/data").status_code == 409


@pytest.mark.parametrize("path", ["/sign-in", "/study-cases", "/nothing-here", "/study-case/1"])
def test_every_page_has_its_policy_and_headers(pages, path):
    headers = pages.get(path).headers
    assert headers["Content-Security-Policy"] == PAGE_POLICY
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert "'unsafe-inline'" not in PAGE_POLICY.split("script-src")[1].split(";")[0]


def test_a_report_is_served_with_its_own_policy(pages, study):
    answer = pages.get(f"/study-case/{study.id}/report?download=1")
    assert "sha256-" in answer.headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Content-Disposition"] == 'attachment; filename="Climate.html"'


def test_private_pages_are_not_kept_by_caches(pages, study):
    assert pages.get(f"/study-case/{study.id}").headers["Cache-Control"] == "no-store"


def test_assets_are_kept_for_ever_under_their_digest(pages):
    for address in re.findall(r'(?:src|href)="(/assets/[^"]+)"', text_of(pages.get("/study-cases"))):
        answer = pages.client.get(address, headers={"Accept-Encoding": "gzip"})
        assert answer.status_code == 200
        assert answer.content_encoding == "gzip"
        assert "immutable" in answer.headers["Cache-Control"]
        assert pages.client.get(address.replace("/assets/", "/assets/0")).status_code == 404
    assert pages.client.get("/favicon.ico").mimetype == "image/svg+xml"


def test_errors_are_pages_for_browsers_and_problems_for_scripts(pages):
    assert "There is no such thing" in text_of(pages.get("/study-case/999"))
    answer = pages.get("/study-case/999/status", headers={"Accept": "application/json"})
    assert answer.mimetype == "application/problem+json"


def test_a_page_script_that_is_not_signed_in_gets_401(new_pages):
    answer = new_pages().get("/study-case/1/status", headers={"Accept": "application/json"})
    assert answer.status_code == 401


def test_numerical_parameters_stand_in_a_group_after_the_inputs(pages, make_study, study):
    sellar = make_study(study.group, name="Sellar", process_name="sellar")
    text = text_of(pages.get(f"/study-case/{sellar.id}/data"))
    assert text.index('id="z_1"') < text.index("Numerical parameters") < text.index('id="tolerance"')
    assert '<details class="numerical">' in text


def test_a_changed_value_is_marked_until_it_is_the_default_again(pages, make_study, study):
    sellar = make_study(study.group, name="Sellar", process_name="sellar")

    def mark_of_tolerance():
        text = text_of(pages.get(f"/study-case/{sellar.id}/data"))
        row = text[text.index('id="tolerance"') :]
        return re.search(r"<span[^>]* data-changed[^>]*>", row)[0]

    before = text_of(pages.get(f"/study-case/{sellar.id}/data?search=tolerance"))
    default = re.search(r'name="value" value="([^"]+)" aria-label="Sellar.tolerance"', before)[1]
    assert " hidden" in mark_of_tolerance()
    for value, is_hidden in (("0.001", False), (default, True)):
        pages.post(f"/study-case/{sellar.id}/data", {"variable": "Sellar.tolerance", "value": value})
        assert (" hidden" in mark_of_tolerance()) is is_hidden
        assert (">1 changed<" in text_of(pages.get(f"/study-case/{sellar.id}/data"))) is not is_hidden


def test_the_first_data_page_leads_to_the_nodes_with_inputs(pages, make_study, study):
    sellar = make_study(study.group, name="Sellar", process_name="sellar")
    assert "Inputs are also at" not in text_of(pages.get(f"/study-case/{sellar.id}/data"))
    text = text_of(pages.get(f"/study-case/{study.id}/data"))
    assert "Inputs are also at" in text
    assert f'href="/study-case/{study.id}/data?node=Climate.CarbonCycle">Climate.CarbonCycle</a>' in text
    assert '<details class="numerical">' in text


def test_ranges_are_written_as_their_type_is(pages, study):
    text = text_of(pages.get(f"/study-case/{study.id}/data"))
    assert "between 1 and 1\u202f000\u202f000" in text
    assert "between 0.01 and 1.99" in text
    assert "between 0 and ∞<" in text
