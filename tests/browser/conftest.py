"""A real Chromium on a live platform: worker, queue server, web server and database as users get them."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from sqlalchemy.orm import Session

from sostrades_api.access import COMMAND_LINE, Role
from sostrades_api.app import create_app
from sostrades_api.migration import migrate_database
from sostrades_api.models import Group, StudyCase, StudyCaseRight, User, db
from sostrades_api.platform import platform_of
from sostrades_api.services.api_key_create import api_key_create
from sostrades_api.services.passwords import hash_password
from sostrades_api.services.study_case_create import study_case_create
from sostrades_api.settings import Settings
from tests.conftest import dispose
from tests.support.finished import finished_study
from tests.support.fixtures import install_test_processes
from tests.support.live import LivePlatform

PASSWORD = "correct horse battery staple"
HOSTILE = "<img src=x onerror=alert(1)> \"quoted\" & 'long' name 🌍 " + "unbreakable" * 6
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_PATIENCE = 20_000  # milliseconds: on a busy machine a page may take seconds to draw what it was told
expect.set_options(timeout=_PATIENCE)
_SESSIONS: dict[tuple[str, str], list[Any]] = {}
DESKTOP, PHONE = (1280, 900), (390, 844)


@dataclass
class Site:
    """The platform's address, and what was put into it: studies by what they are for, a key, the report."""

    url: str
    app: Flask
    key: str
    studies: dict[str, int]
    report: Path


@dataclass
class Watched:
    """A page and everything that went wrong in it."""

    page: Page
    url: str
    faults: list[str] = field(default_factory=list)
    hosts: set[str] = field(default_factory=set)

    def open(self, path: str) -> None:
        self.page.goto(self.url + path)

    def sign_in(self, username: str = "alice") -> None:
        """Be signed in, at the study cases; after the first time with the cookies of then."""
        kept = _SESSIONS.get((self.url, username))
        if kept is not None:
            self.page.context.add_cookies(kept)
            self.open("/study-cases")
            return
        self.sign_in_by_password(username)
        _SESSIONS[self.url, username] = self.page.context.cookies()

    def sign_in_by_password(self, username: str = "alice") -> None:
        self.open("/sign-in")
        self.page.get_by_label("User name").fill(username)
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.get_by_role("button", name="Sign in", exact=True).click()
        self.page.wait_for_url("**/study-cases")

    def scroll_through(self) -> None:
        """Bring every chart into view, so that it is drawn.

        A headless Chromium may stop painting; frames it does not paint are not waited for, which nothing
        would end: scripts have no time-out.
        """
        self.page.evaluate(
            """async () => {
                const painted = (done) => requestAnimationFrame(() => requestAnimationFrame(done));
                const passed = (done) => setTimeout(done, 500);
                for (let y = 0; y < document.documentElement.scrollHeight; y += 400) {
                    window.scrollTo({top: y, behavior: 'instant'});
                    await Promise.race([new Promise(painted), new Promise(passed)]);
                }
            }"""
        )

    def overflow(self) -> int:
        """How many pixels the page is wider than the window."""
        return self.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One browser for all tests of this process; missing, they fail and are not skipped."""
    executable = next(filter(None, map(shutil.which, CHROMIUMS)), None)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A live platform with accounts and study cases."""
    folder = tmp_path_factory.mktemp("site")
    # A run that is asked to stop need not be waited for.
    settings = Settings(data_dir=folder / "instance", secret_key="x", rate_limit="", stop_grace_seconds=0.5)
    app = create_app(settings)
    migrate_database(app)
    with LivePlatform(settings, test_processes=True) as platform:
        platform.start_web()
        # Only while filling: other tests of this process count on the shipped processes alone.
        with pytest.MonkeyPatch.context() as patch, app.app_context(), Session(db.engine) as session:
            install_test_processes(patch)
            key, studies = _fill(app, session)
        # Not before: a worker would run the execution that is finished by hand.
        platform.start_workers()
        yield Site(platform.url, app, key, studies, folder / "report.html")
    dispose(app)


def _fill(app: Flask, session: Session) -> tuple[str, dict[str, int]]:
    alice = User(username="alice", password_hash=hash_password(PASSWORD))
    viewer = User(username="viewer", password_hash=hash_password(PASSWORD))
    team = Group(name="team", members=[alice])
    session.add_all([alice, viewer, team])
    session.commit()
    finished = finished_study(app, session, group=team, name="Climate policy")
    session.add(StudyCaseRight(study_case_id=finished.id, user_id=viewer.id, role=Role.RESTRICTED_VIEWER))
    session.commit()
    studies = {"finished": finished.id}
    for purpose, process, name in (
        ("new", "dice2016r", "A first run"),
        ("slow", "test_slow", "A slow run"),
        ("failing", "test_failing", "A run that fails"),
        ("rounds", "test_rounds", "Slow rounds"),
        ("hostile", "dice2016r", HOSTILE),
        ("endless", "sellar", "x" * 200),
        ("editable", "dice2016r", "To be changed"),
    ):
        studies[purpose] = _create(app, session, team, process, name).id
    return api_key_create(session, owner=team, name="browser").secret, studies


def _create(app: Flask, session: Session, group: Group, process: str, name: str) -> StudyCase:
    return study_case_create(
        session,
        actor=COMMAND_LINE,
        process_name=process,
        name=name,
        group=group,
        values=platform_of(app).values,
    )


@contextmanager
def watched(context: BrowserContext, url: str) -> Iterator[Watched]:
    """A page that notes console errors, exceptions, policy violations and the hosts it asks."""
    page = context.new_page()
    watch = Watched(page, url)
    page.on("console", lambda said: _note(watch, said.type, said.text))
    page.on("pageerror", lambda error: watch.faults.append(f"exception: {error}"))
    page.on("request", lambda request: watch.hosts.add(urlsplit(request.url).netloc))
    page.set_default_timeout(_PATIENCE)
    yield watch
    context.close()


def _note(watch: Watched, kind: str, text: str) -> None:
    if kind in {"error", "warning"}:
        watch.faults.append(f"{kind}: {text}")


@pytest.fixture
def open_browser(chromium: Browser, site: Site) -> Iterator[Callable[..., Watched]]:
    """``open_browser(size=DESKTOP, theme="light", offline=False)``: a fresh, watched page."""
    opened: list[tuple[contextmanager, BrowserContext]] = []

    def make(size: tuple[int, int] = DESKTOP, theme: str = "light", **options: object) -> Watched:
        context = chromium.new_context(
            viewport={"width": size[0], "height": size[1]}, color_scheme=theme, **options
        )
        manager = watched(context, site.url)
        opened.append((manager, context))
        return manager.__enter__()

    yield make
    for manager, _ in opened:
        manager.__exit__(None, None, None)


@pytest.fixture
def report_file(site: Site, open_browser: Callable[..., Watched]) -> Path:
    """The report of the finished study case on disk, as somebody would keep it."""
    if not site.report.exists():
        watch = open_browser()
        watch.sign_in()
        answer = watch.page.request.get(f"{site.url}/study-case/{site.studies['finished']}/report")
        site.report.write_bytes(answer.body())
    return site.report
