"""Pages in a real browser: signing in, watching a run, reading and changing data."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import DESKTOP, PHONE

pytestmark = [pytest.mark.browser, pytest.mark.slow]

# The finished study case was made first, and so was its execution.
FINISHED_PAGES = (
    "",
    "/charts",
    "/data",
    "/data?node=Emissions",
    "/log",
    "/executions",
    "/executions/1",
)


def test_signing_in_by_password_leads_to_the_study_cases_and_out_again(open_browser):
    watch = open_browser()
    watch.sign_in_by_password()
    expect(watch.page.get_by_role("heading", name="Study cases")).to_be_visible()
    watch.page.get_by_role("button", name="Sign out").click()
    expect(watch.page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert watch.faults == []


def test_signing_in_by_key_leads_back_to_the_page_one_wanted(open_browser, site):
    watch = open_browser()
    watch.open(f"/study-case/{site.studies['finished']}")
    watch.page.get_by_text("Sign in with an API key").click()
    watch.page.get_by_label("API key").fill(site.key)
    watch.page.get_by_role("button", name="Sign in with this key").click()
    expect(watch.page.get_by_role("heading", name="Climate policy")).to_be_visible()
    assert watch.faults == []


def test_a_run_reaches_finished_and_draws_its_charts_without_reloading(open_browser, site):
    watch = open_browser()
    watch.sign_in()
    watch.open(f"/study-case/{site.studies['new']}")
    page = watch.page
    page.evaluate("window.sameDocument = true")
    expect(page.get_by_text("No results yet")).to_be_visible()
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.locator("[data-badge]")).to_have_text("FINISHED", timeout=60_000)
    for badge in page.locator("[data-discipline-status]").all():
        expect(badge).to_have_text("DONE")
    page.locator(".chart .scatterlayer path").first.wait_for(state="attached")
    expect(page.get_by_role("button", name="Run", exact=True)).to_be_enabled()
    assert page.evaluate("window.sameDocument")
    assert watch.faults == []


def test_a_running_study_shows_progress_and_can_be_stopped(open_browser, site):
    watch = open_browser()
    watch.sign_in()
    page = watch.page
    watch.open(f"/study-case/{site.studies['slow']}/data")
    page.get_by_label("A slow run.seconds").fill("600")
    page.get_by_role("button", name="Save").locator("visible=true").click()
    expect(page.get_by_text("Saved")).to_be_visible()
    watch.open(f"/study-case/{site.studies['slow']}")
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.locator("[data-badge]")).to_have_text("RUNNING", timeout=60_000)
    expect(page.get_by_role("progressbar")).to_be_visible()
    expect(page.get_by_role("button", name="Run", exact=True)).to_be_disabled()
    expect(page.locator("[data-discipline-status]", has_text="RUNNING")).to_be_visible(timeout=60_000)
    page.get_by_role("button", name="Stop", exact=True).click()
    expect(page.locator("[data-badge]")).to_have_text("STOPPED", timeout=60_000)
    expect(page.get_by_role("button", name="Run", exact=True)).to_be_enabled()
    assert watch.faults == []


def test_a_failing_run_says_why_without_a_traceback(open_browser, site):
    watch = open_browser()
    watch.sign_in()
    page = watch.page
    watch.open(f"/study-case/{site.studies['failing']}")
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.locator("[data-badge]")).to_have_text("FAILED", timeout=60_000)
    expect(page.locator("[data-error]")).to_contain_text("ValueError")
    assert "Traceback" not in page.content()
    assert "/srv/secret" not in page.content()


def test_a_value_is_changed_in_place_and_a_wrong_one_is_refused_with_its_reason(open_browser, site):
    watch = open_browser()
    watch.sign_in()
    page = watch.page
    watch.open(f"/study-case/{site.studies['editable']}/data")
    page.locator("details.numerical").evaluate("each => each.open = true")
    form = page.locator("form.edit", has=page.locator("[aria-label='To be changed.max_mda_iter']"))
    form.locator("[name=value]").fill("0")
    form.get_by_role("button").click()
    expect(form.get_by_role("alert")).to_be_visible()
    form.locator("[name=value]").fill("77")
    form.get_by_role("button").click()
    expect(form.get_by_text("Saved")).to_be_visible()
    page.reload()
    expect(form.locator("[name=value]")).to_have_value("77")


def test_a_table_opens_in_place_with_its_units(open_browser, site):
    watch = open_browser()
    watch.sign_in()
    watch.open(f"/study-case/{site.studies['finished']}/data?node=Emissions")
    row = watch.page.locator("tr", has=watch.page.get_by_text("emissions_df", exact=True))
    row.locator("summary").click()
    expect(row.locator("table th").first).to_contain_text("year")
    expect(row.locator("table")).to_contain_text("GtCO2/year")
    assert watch.faults == []


def test_a_restricted_viewer_sees_charts_and_no_data(open_browser, site):
    watch = open_browser()
    watch.sign_in("viewer")
    watch.open(f"/study-case/{site.studies['finished']}")
    expect(watch.page.get_by_role("link", name="Charts", exact=True)).to_be_visible()
    expect(watch.page.get_by_role("link", name="Data", exact=True)).to_have_count(0)
    expect(watch.page.get_by_role("button", name="Run", exact=True)).to_have_count(0)
    watch.page.locator(".chart .scatterlayer path").first.wait_for(state="attached")
    assert watch.faults == []


@pytest.mark.parametrize(("size", "theme"), [(DESKTOP, "light"), (PHONE, "dark")])
def test_no_page_overflows_complains_or_asks_another_host(open_browser, site, size, theme):
    watch = open_browser(size, theme)
    watch.open("/sign-in")
    assert watch.overflow() <= 0
    watch.sign_in()
    paths = ["/study-cases", "/queue", f"/study-case/{site.studies['hostile']}"]
    paths += [f"/study-case/{site.studies['finished']}{tab}" for tab in FINISHED_PAGES]
    for path in paths:
        watch.open(path)
        watch.page.wait_for_load_state("networkidle")
        watch.scroll_through()
        assert watch.overflow() <= 0, path
        hidden_tabs = (
            "(tabs => tabs ? tabs.scrollWidth - tabs.clientWidth : 0)(document.querySelector('.tabs'))"
        )
        assert watch.page.evaluate(hidden_tabs) <= 0, path
    assert watch.faults == []
    assert watch.hosts == {site.url.removeprefix("http://")}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_theme_follows_the_system_until_the_reader_chooses(open_browser, site, theme):
    watch = open_browser(theme=theme)
    watch.open("/sign-in")
    background = "getComputedStyle(document.body).backgroundColor"
    before = watch.page.evaluate(background)
    watch.page.get_by_role("button", name="Dark theme").click()
    after = watch.page.evaluate(background)
    assert before != after
    watch.page.reload()
    assert watch.page.evaluate(background) == after


def test_everything_on_a_study_page_is_reachable_by_keyboard(open_browser, site):
    watch = open_browser()
    watch.sign_in()
    watch.open(f"/study-case/{site.studies['finished']}")
    watch.page.locator(".chart .legend button").first.wait_for()
    reached = set()
    for _ in range(60):
        watch.page.keyboard.press("Tab")
        name = watch.page.evaluate(
            "(document.activeElement.getAttribute('aria-label') || document.activeElement.textContent).trim()"
        )
        reached.add(name)
    assert {"Skip to the content", "Sign out", "Run", "Data", "Charts", "Log", "Report"} <= reached
    assert any(name.startswith("Numbers:") for name in reached)


def test_the_pages_work_without_scripts(open_browser, site):
    watch = open_browser(java_script_enabled=False)
    watch.sign_in()
    watch.open(f"/study-case/{site.studies['finished']}")
    expect(watch.page.locator("[data-badge]")).to_have_text("FINISHED")
    watch.open(f"/study-case/{site.studies['editable']}/data")
    watch.page.locator("details.numerical").evaluate("each => each.open = true")
    form = watch.page.locator("form.edit", has=watch.page.locator("[aria-label='To be changed.tolerance']"))
    form.locator("[name=value]").fill("many")
    form.get_by_role("button").click()
    expect(watch.page.locator(".notice.bad").first).to_contain_text("To be changed.tolerance")


@pytest.mark.parametrize("size", [DESKTOP, PHONE])
def test_one_endless_name_leaves_every_column_of_the_list_readable(open_browser, site, size):
    watch = open_browser(size=size)
    watch.sign_in()
    row = watch.page.locator("tr", has=watch.page.get_by_text("x" * 200))
    table = row.locator("xpath=ancestor::table")
    widths = "each => each.scrollWidth - each.parentElement.clientWidth"
    assert table.evaluate(widths) <= 0
    status = row.locator(".badge")
    expect(status).to_be_in_viewport()
    assert status.bounding_box()["width"] > 50
    assert row.locator("td[data-label=Group]").bounding_box()["width"] > 80
    assert watch.overflow() <= 0
    assert watch.faults == []
