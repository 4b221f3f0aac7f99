"""The page of workers and queue: what readers see, what administrators may press."""

import datetime as dt

import pytest

from sostrades_api.models import Execution, ExecutionState, QueuePause, WorkerProcess, utc_now
from sostrades_api.web.texts import lasting

pytestmark = pytest.mark.database("sqlite")


@pytest.fixture
def admin(new_pages, accounts):
    browser = new_pages()
    browser.resume(accounts.user("root", is_admin=True))
    return browser


@pytest.fixture
def add_worker(session):
    def add(name, *, silent=0.0, **columns):
        heartbeat = utc_now() - dt.timedelta(seconds=silent)
        values = {"host": "node3", "pid": 17, "profiles": ["standard"], "heartbeat_at": heartbeat}
        session.add(WorkerProcess(name=name, **values | columns))
        session.commit()

    return add


@pytest.fixture
def add_running(session):
    def add(study, worker):
        execution = Execution(
            study_case_id=study.id,
            study_revision=1,
            process_name="sellar",
            group_id=study.group_id,
            requested_by="test",
            state=ExecutionState.RUNNING,
            worker_name=worker,
        )
        session.add(execution)
        session.commit()
        return execution.id

    return add


def test_a_reader_sees_states_and_counts_and_no_names_and_no_buttons(
    pages, member, accounts, make_study, add_worker, add_running
):
    add_worker("node3-1")
    add_worker("node3-2")
    add_worker("node3-3", held=True, held_by="root", silent=30.0)
    own, foreign = make_study(member.groups[0]), make_study(accounts.group("strangers"))
    mine, theirs = add_running(own, "node3-1"), add_running(foreign, "node3-2")
    text = pages.get("/queue").text
    assert f'<a href="/study-case/{own.id}">execution {mine}</a>' in text
    assert f"execution {theirs}" in text
    assert f"/study-case/{foreign.id}" not in text
    for state in ("busy", "lost"):
        assert f'data-status="{state}"' in text
    for word in ("node3", "strangers", "Hold", "Resume", "Release", '<form method="post" action="/queue'):
        assert word not in text
    assert pages.get("/study-cases").text.count('href="/queue"') == 1


def test_an_administrator_holds_and_releases_a_worker(admin, session, add_worker):
    add_worker("node3-1")
    page = admin.get("/queue")
    assert 'action="/workers/node3-1/hold"' in page.text
    assert admin.post("/workers/node3-1/hold").headers["Location"] == "/queue"
    shown = admin.get("/queue").text
    assert "by root" in shown
    assert 'action="/workers/node3-1/release"' in shown
    admin.post("/workers/node3-1/release")
    session.rollback()
    assert session.get(WorkerProcess, "node3-1").held is False
    admin.post("/workers/nobody/hold")
    assert "There is no worker named &#39;nobody&#39;" in admin.get("/queue").text


def test_an_administrator_pauses_with_a_reason_that_readers_see_and_resumes(admin, pages, session):
    admin.get("/queue")
    admin.post("/queue/pause", {"worker_profile": "standard", "reason": " <new> disks "})
    assert "by root: &lt;new&gt; disks" in admin.get("/queue").text
    seen = pages.get("/queue/now").text
    assert ": &lt;new&gt; disks" in seen
    assert "root" not in seen
    admin.post("/queue/resume", {"worker_profile": "standard"})
    assert session.query(QueuePause).count() == 0
    admin.post("/queue/pause", {"worker_profile": "", "reason": ""})
    session.rollback()
    assert session.get(QueuePause, "standard").reason is None
    admin.post("/queue/pause", {"worker_profile": "huge"})
    assert "there is no worker profile &#39;huge&#39;" in admin.get("/queue").text


def test_a_reader_and_a_form_without_a_token_change_nothing(pages, admin, session, add_worker):
    add_worker("node3-1")
    pages.get("/study-cases")
    for path in ("/queue/pause", "/queue/resume", "/workers/node3-1/hold", "/workers/node3-1/release"):
        pages.post(path)
        assert "Only administrators may do this" in pages.get("/queue").text
        assert admin.post(path, {"csrf_token": ""}).status_code == 400
    session.rollback()
    assert session.get(WorkerProcess, "node3-1").held is False
    assert session.query(QueuePause).count() == 0


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "0 s"),
        (0.25, "250 ms"),
        (90.0, "90 s"),
        (150.0, "2.5 min"),
        (3600.0, "60 min"),
        (9000.0, "2.5 h"),
    ],
)
def test_waiting_times_have_few_digits(seconds, text):
    assert lasting(seconds).replace("\N{NARROW NO-BREAK SPACE}", " ") == text
