"""The profile of an execution and the marks of what is not converged, on pages; pages of errors."""

import pytest

from sostrades_api.access import Role
from sostrades_api.models import Execution
from sostrades_api.web.texts import duration, megabytes, percent

pytestmark = pytest.mark.database("sqlite")


def text_of(response):
    return response.get_data(as_text=True)


@pytest.fixture
def unconverged(session, study):
    """The execution of the study case, as if its loop had not converged."""
    execution = session.query(Execution).one()
    execution.converged = False
    execution.unconverged = {
        "loops": [],
        "disciplines": ["Climate.Temperature"],
        "variables": ["Climate.temperature_df"],
    }
    session.commit()
    return execution


def test_the_overview_asks_for_the_profile_which_shows_every_discipline(pages, study):
    address = f"/study-case/{study.id}/profile"
    assert f'data-profile-slot="{address}"' in text_of(pages.get(f"/study-case/{study.id}"))
    text = text_of(pages.get(address))
    assert "Where the time went" in text
    assert text.count('<svg class="bar"') == 9


def test_a_discipline_that_was_known_is_shown_as_re_used(session, pages, study):
    execution = session.query(Execution).one()
    profile = execution.profile
    execution.profile = {**profile, "reused": [True] * 9, "calls": [0] * 9, "saved_seconds": 12.0}
    session.commit()
    text = text_of(pages.get(f"/study-case/{study.id}/profile"))
    assert text.count(">re-used<") == 9
    assert "Saved by known results" in text
    assert "9 of 9 disciplines" in text
    assert "Engine alone" not in text


def test_without_a_profile_there_is_nothing_to_show(session, pages, study):
    session.query(Execution).one().profile = None
    session.commit()
    assert text_of(pages.get(f"/study-case/{study.id}/profile")).strip() == ""


def test_who_may_not_read_the_log_is_not_offered_the_profile(new_pages, accounts, make_right, study):
    viewer, browser = accounts.user("viewer"), new_pages()
    make_right(study, viewer, Role.RESTRICTED_VIEWER)
    browser.resume(viewer)
    assert "data-profile-slot" not in text_of(browser.get(f"/study-case/{study.id}"))
    assert browser.get(f"/study-case/{study.id}/profile").status_code == 403


def test_disciplines_and_variables_that_are_not_converged_are_marked(pages, study, unconverged):
    overview = text_of(pages.get(f"/study-case/{study.id}"))
    marks = overview.count("data-unconverged=")
    hidden = overview.count('title="Depends on a loop that did not converge" hidden')
    assert (marks, hidden) == (9, 8)
    assert 'data-converged="false"' in overview
    data = text_of(pages.get(f"/study-case/{study.id}/data?node=Climate"))
    assert data.count(">not converged</span>") == 1
    charts = text_of(pages.get(f"/study-case/{study.id}/charts/all"))
    assert "These results are not converged" in charts
    assert 'data-converged="false"' in text_of(pages.get("/study-cases"))


def test_a_page_of_an_error_keeps_who_is_signed_in(pages, new_pages):
    assert "Sign out" in text_of(pages.get("/study-case/999999"))
    assert "Sign out" in text_of(pages.get("/no-such-page"))
    assert "Sign out" not in text_of(new_pages().get("/no-such-page"))


def test_times_shares_and_sizes_have_three_digits():
    def plain(text):
        return text.replace("\N{NARROW NO-BREAK SPACE}", " ")

    shown = [plain(duration(seconds)) for seconds in (0.0, 1.234e-6, 0.0123456, 0.5, 1.0, 99.96, 1234.5)]
    assert shown == ["0 µs", "1.23 µs", "12.3 ms", "500 ms", "1 s", "100 s", "1,234 s"]
    assert [plain(percent(share)) for share in (0.0, 1e-5, 0.1234, 1.0)] == [
        "0.0 %",
        "< 0.1 %",
        "12.3 %",
        "100.0 %",
    ]
    assert [plain(megabytes(size)) for size in (12_345_678, 2_500_000_000)] == ["12 MB", "2.50 GB"]
