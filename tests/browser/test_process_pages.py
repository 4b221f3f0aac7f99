"""What a process computes, read in a real browser."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import DESKTOP, PHONE

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PAGES = ("/processes", "/processes/dice2016r", "/processes/sellar", "/processes/ssbj")


def test_a_study_leads_to_the_documentation_of_its_process_and_on_to_the_others(open_browser, site):
    watch = open_browser()
    watch.sign_in()
    page = watch.page
    watch.open(f"/study-case/{site.studies['finished']}")
    page.get_by_role("link", name="dice2016r").click()
    expect(page.get_by_role("heading", name="DICE-2016R", level=1)).to_be_visible()
    expect(page.get_by_role("heading", name="Economy.Damages")).to_be_visible()
    expect(page.get_by_text("high_climate_sensitivity").first).to_be_visible()
    page.get_by_role("link", name="Processes").click()
    expect(page.get_by_role("link", name="Supersonic business jet")).to_be_visible()
    assert watch.faults == []
    assert len(watch.hosts) == 1


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_page_of_a_process_is_wider_than_the_window(open_browser, size, theme):
    watch = open_browser(size=size, theme=theme)
    watch.sign_in()
    for path in PAGES:
        watch.open(path)
        assert watch.overflow() <= 0, path
    assert watch.faults == []
