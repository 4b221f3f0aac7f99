"""The report as a file on somebody's disk, with the network off."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import DESKTOP, PHONE

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def open_report(open_browser, report_file):
    def make(size=DESKTOP, theme="light", **options):
        watch = open_browser(size, theme, offline=True, **options)
        watch.page.goto(report_file.as_uri())
        return watch

    return make


@pytest.mark.parametrize(
    ("size", "theme"), [(DESKTOP, "light"), (DESKTOP, "dark"), (PHONE, "light"), (PHONE, "dark")]
)
def test_every_chart_is_drawn_from_disk_without_network_or_complaint(open_report, size, theme):
    watch = open_report(size, theme)
    watch.scroll_through()
    page = watch.page
    page.wait_for_function("!document.querySelector('.chart:not([hidden]) .pending')")
    drawings = page.locator(".chart:not([hidden]) .plot")
    assert drawings.count() > 10
    for drawing in drawings.all():
        assert drawing.locator(".scatterlayer path, .barlayer path").count() > 0
    assert watch.faults == []
    assert watch.overflow() <= 0
    assert watch.hosts <= {""}


def test_charts_are_drawn_only_when_they_come_into_view(open_report):
    watch = open_report()
    watch.page.locator(".main-svg").first.wait_for(state="attached")
    assert watch.page.locator(".pending").count() > 10


def test_there_is_no_button_that_sends_data_to_a_cloud(open_report):
    watch = open_report()
    watch.page.locator(".modebar").first.wait_for(state="attached")
    assert watch.page.locator("[data-title*='cloud' i], [data-title*='Share' i]").count() == 0


def test_a_filter_works_in_the_file(open_report):
    watch = open_report()
    part = watch.page.locator("[data-discipline]").nth(2)
    part.scroll_into_view_if_needed()
    shown = part.locator(".chart:not([hidden])")
    before = shown.count()
    part.locator(".filters summary").click()
    part.locator(".filters input[type=checkbox]").first.uncheck()
    expect(shown).to_have_count(before - 1)
    part.locator(".filters select").select_option(index=2)
    expect(shown).to_have_count(before - 1)
    part.locator(".plot .scatterlayer path, .plot .barlayer path").first.wait_for(state="attached")
    assert watch.faults == []


def test_a_series_is_hidden_by_its_button_in_the_legend(open_report):
    watch = open_report()
    chart = watch.page.locator(".chart", has=watch.page.locator(".legend")).first
    lines = chart.locator(".scatterlayer .trace")
    lines.first.wait_for(state="attached")
    before = lines.count()
    button = chart.locator(".legend button").first
    button.focus()
    watch.page.keyboard.press("Enter")
    expect(button).to_have_attribute("aria-pressed", "false")
    expect(lines).to_have_count(before - 1)


def test_numbers_of_a_chart_are_a_table_and_a_csv_file(open_report):
    watch = open_report()
    chart = watch.page.locator(".chart", has=watch.page.locator(".chart-tools")).first
    chart.get_by_role("button", name=re.compile("^Numbers:")).click()
    expect(chart.locator("table thead th").first).to_have_text("Year")
    assert chart.locator("table tbody tr").count() > 50
    with watch.page.expect_download() as download:
        chart.get_by_role("button", name=re.compile("^CSV:")).click()
    text = download.value.path().read_text("utf-8-sig")
    assert text.startswith("Year,")
    assert download.value.suggested_filename.endswith(".csv")
    assert watch.faults == []


def test_a_chart_is_kept_as_a_picture(open_report):
    watch = open_report()
    chart = watch.page.locator(".chart", has=watch.page.locator(".chart-tools")).first
    with watch.page.expect_download() as download:
        chart.get_by_role("button", name=re.compile("^PNG:")).click()
    assert download.value.path().read_bytes().startswith(b"\x89PNG")
    assert watch.faults == []


def test_printing_draws_everything_first_on_white(open_report, tmp_path):
    watch = open_report(theme="dark")
    assert watch.page.locator(".chart:not([hidden]) .pending").count() > 5
    pdf = watch.page.pdf(path=str(tmp_path / "report.pdf"), print_background=True)
    assert pdf.startswith(b"%PDF")
    assert watch.page.locator(".chart:not([hidden]) .pending").count() == 0
    watch.page.emulate_media(media="print")
    assert watch.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert watch.faults == []


def test_the_theme_changes_the_charts_too(open_report):
    watch = open_report()
    text = watch.page.locator(".plot .xtick text").first
    text.wait_for(state="attached")
    before = text.evaluate("each => getComputedStyle(each).fill")
    watch.page.get_by_role("button", name="Dark theme").click()
    expect(watch.page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(text).not_to_have_css("fill", before)


def test_the_report_is_read_without_a_mouse(open_report):
    watch = open_report()
    watch.page.keyboard.press("Tab")
    assert watch.page.evaluate("document.activeElement.textContent") == "Skip to the content"
    watch.page.keyboard.press("Enter")
    assert watch.page.evaluate("document.activeElement.id") == "content"
    levels = watch.page.evaluate(
        "[...document.querySelectorAll('h1,h2,h3,h4')].map(each => Number(each.tagName[1]))"
    )
    assert levels[0] == 1
    assert levels.count(1) == 1
    named = watch.page.evaluate(
        "[...document.querySelectorAll('.plot[role=group]')].every(each => each.getAttribute('aria-label'))"
    )
    assert named
