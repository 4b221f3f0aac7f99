"""Steering in a real browser: what a running execution tells by itself, and what one may do with it."""

import json
from contextlib import closing

import pytest
from playwright.sync_api import expect

from sostrades_api.platform import platform_of
from sostrades_api.queueing.connection import connect_web
from sostrades_api.queueing.events import Event, EventType, ExecutionEvents
from tests.browser.conftest import PHONE
from tests.support.live import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.slow]

ITERATION = "Number(/iteration (\\d+)/.exec(document.querySelector('[data-words]').textContent)[1])"


def badge_of(page):
    return page.locator("[data-badge]")


def press(page, name):
    page.get_by_role("button", name=name, exact=True).click()


def test_a_loop_is_followed_by_events_suspended_resumed_stopped_and_run_again_from_a_discipline(
    open_browser, site
):
    watch = open_browser()
    watch.sign_in()
    page = watch.page
    watch.open(f"/study-case/{site.studies['rounds']}")
    expect(page.locator("[data-residuals]")).to_be_hidden()
    press(page, "Run")
    chart = page.get_by_role("img", name="Residual by iteration, logarithmic. Approach, Return")
    expect(chart).to_be_visible(timeout=60_000)
    page.route("**/status", lambda route: route.abort())  # from now on only events tell
    before = page.evaluate(ITERATION)
    wait_until(lambda: page.evaluate(ITERATION) > before)
    page.unroute("**/status")
    press(page, "Suspend")
    expect(badge_of(page)).to_have_text("SUSPENDED", timeout=30_000)
    expect(page.get_by_text("goes on from the last finished discipline")).to_be_visible()
    expect(page.get_by_role("button", name="Run", exact=True)).to_be_hidden()
    expect(chart).to_be_visible()
    press(page, "Resume")
    expect(badge_of(page)).to_have_text("RUNNING", timeout=30_000)
    press(page, "Stop")
    expect(badge_of(page)).to_have_text("STOPPED", timeout=30_000)
    page.get_by_role("button", name="Run again from Return").click()
    expect(badge_of(page)).to_have_text("RUNNING", timeout=30_000)
    press(page, "Stop")
    expect(badge_of(page)).to_have_text("STOPPED", timeout=30_000)
    assert [fault for fault in watch.faults if "ERR_FAILED" not in fault] == []


def test_one_execution_is_followed_with_its_log_and_deleted_after_a_question(open_browser, site):
    watch = open_browser(PHONE, "dark")
    watch.sign_in()
    page = watch.page
    where = f"/study-case/{site.studies['rounds']}/executions"
    watch.open(where)
    press(page, "Run")
    expect(page.locator("table .badge", has_text="RUNNING")).to_be_visible(timeout=30_000)
    page.locator("table a").first.click()
    expect(page.locator("[data-log]")).to_contain_text("Approach: running", timeout=30_000)
    assert watch.overflow() <= 0
    press(page, "Stop")
    expect(page.locator("[data-log]")).to_contain_text("stopped on request", timeout=30_000)
    expect(page.locator("[data-part=history]")).to_contain_text("STOPPED")
    lines = page.locator("[data-log]").inner_text().splitlines()
    assert len(lines) == len(set(lines))
    number = page.locator("h2").first.inner_text()
    page.get_by_text("Delete…").click()
    assert watch.overflow() <= 0
    page.get_by_role("button", name="for good").click()
    expect(page.get_by_text(f"{number} is deleted.")).to_be_visible()
    assert watch.faults == []


# Answers to questions for the log come when a line has been told that they do not have.
HOLD_THE_LOG = """
    const fetchNow = window.fetch;
    window.fetch = async (address, options) => {
        const answer = await fetchNow(address, options);
        if (!String(address).endsWith("log.txt")) return answer;
        const text = await answer.text();
        while (!document.querySelector("[data-log]").textContent.includes("told meanwhile"))
            await new Promise((done) => setTimeout(done, 20));
        setTimeout(() => { document.body.dataset.answered = "yes"; }, 200);
        return new Response(text);
    };
"""


def test_a_line_told_while_the_log_was_asked_for_stays_there(open_browser, site):
    watch = open_browser()
    watch.sign_in()
    page = watch.page
    watch.open(f"/study-case/{site.studies['rounds']}/executions")
    press(page, "Run")
    expect(page.locator("table .badge", has_text="RUNNING")).to_be_visible(timeout=30_000)
    page.add_init_script(HOLD_THE_LOG)
    page.locator("table a").first.click()
    log = page.locator("[data-log]")
    number = int(page.locator("[data-execution]").get_attribute("data-execution"))
    line = {"index": 99, "at": "2026-01-02T09:05:00+00:00", "level": "INFO", "message": "told meanwhile"}
    told = [Event.make(EventType.LOG, {"attempt": 1, "lines": [line]})]
    settings = platform_of(site.app).settings
    with closing(connect_web(settings)) as redis:
        events = ExecutionEvents(redis, queue_name=settings.queue_name)

        def is_told():  # to whoever listens already
            return events.publish(number, told) and "told meanwhile" in log.inner_text()

        wait_until(is_told)
    page.locator("body[data-answered]").wait_for()
    expect(log).to_contain_text("Approach: running")
    expect(log).to_contain_text("told meanwhile")
    press(page, "Stop")
    expect(badge_of(page)).to_have_text("STOPPED", timeout=30_000)


@pytest.mark.parametrize("missing", ["refused", "unknown to the browser"])
def test_without_events_the_page_asks_as_it_did_before(open_browser, site, missing):
    watch = open_browser()
    asked = []
    if missing == "refused":
        watch.page.route("**/events", lambda route: (asked.append(1), route.fulfill(status=503)))
    else:
        watch.page.add_init_script("delete window.EventSource")
    watch.sign_in()
    watch.open(f"/study-case/{site.studies['failing']}")
    press(watch.page, "Run")
    expect(watch.page.locator("[data-error]")).to_contain_text("ValueError", timeout=60_000)
    expect(badge_of(watch.page)).to_have_text("FAILED")
    watch.open(f"/study-case/{site.studies['rounds']}")
    asked.clear()  # that run may have ended before the page could ask
    press(watch.page, "Run")
    expect(badge_of(watch.page)).to_have_text("RUNNING", timeout=30_000)
    press(watch.page, "Stop")
    expect(badge_of(watch.page)).to_have_text("STOPPED", timeout=30_000)
    assert len(asked) == (missing == "refused")
    assert [fault for fault in watch.faults if "503" not in fault] == []


def test_force_stop_is_offered_once_a_stop_was_asked_for(open_browser, site):
    watch = open_browser()
    watch.sign_in()
    page = watch.page

    def stopping(route):
        told = route.fetch().json()
        told |= {"shown": "STOPPING", "study_case_execution_status": "RUNNING", "actions": ["force"]}
        route.fulfill(body=json.dumps(told | {"note": "It stops soon."}), content_type="application/json")

    watch.open(f"/study-case/{site.studies['finished']}")
    expect(page.get_by_role("button", name="Force stop")).to_be_hidden()
    page.route("**/status", stopping)
    watch.open(f"/study-case/{site.studies['finished']}")
    expect(page.get_by_role("button", name="Force stop")).to_be_enabled()
    expect(page.get_by_role("button", name="Stop", exact=True)).to_be_hidden()
    expect(page.get_by_role("button", name="Run", exact=True)).to_be_disabled()
    expect(page.get_by_text("It stops soon.")).to_be_visible()
    assert watch.faults == []
