"""Workers, queue, pauses and limits from the command line."""

import pytest

from sostrades_api.models import Group, QueuePause, WorkerProcess
from sostrades_api.settings import WorkerProfile

pytestmark = pytest.mark.database("sqlite")


@pytest.fixture
def settings(settings):
    profiles = {"standard": WorkerProfile(), "large": WorkerProfile(cpu=4)}
    return settings.model_copy(update={"worker_profiles": profiles})


@pytest.fixture
def worker(session):
    session.add(WorkerProcess(name="node3-17", host="node3", pid=17, profiles=["standard", "large"]))
    session.commit()
    return "node3-17"


def test_workers_are_listed_held_and_released(flask, worker):
    assert flask.json("workers")[0]["state"] == "idle"
    table = flask.ok("workers").splitlines()
    assert table[1].split()[:3] == [worker, "idle", "-"]
    assert "takes nothing new" in flask("hold_worker", worker).stderr
    assert flask.json("hold_worker", worker)["held_by"] == "command line"
    assert flask.json("workers")[0]["state"] == "held"
    assert flask.json("release_worker", worker)["state"] == "idle"
    assert flask.error("hold_worker", "nobody") == "There is no worker named 'nobody'"


def test_without_workers_the_list_says_how_to_start_some(flask):
    assert flask("workers").stderr.strip() == "There are no workers; start some with: flask worker"
    assert flask.json("workers") == []


def test_the_queue_is_shown_paused_and_resumed(flask, session, worker):
    header, standard, large = flask.ok("queue").splitlines()
    assert header.split()[:4] == ["profile", "waiting", "running", "suspended"]
    assert standard.split()[:4] == ["standard", "0", "0", "0"]
    assert large.split()[-1] == "no"
    said = flask("pause_queue", "--profile", "large", "--reason", "new\n disks ").stderr
    assert said.strip() == "Worker profile 'large' is paused"
    assert flask.ok("queue").splitlines()[2].endswith("new disks")
    assert flask.json("queue")["profiles"][1]["pause"]["paused_by"] == "command line"
    assert flask("pause_queue").stderr.strip() == "All worker profiles are paused"
    assert session.query(QueuePause).count() == 2
    assert (
        flask("resume_queue", "--profile", "large").stderr.strip() == "Worker profile 'large' is not paused"
    )
    flask.ok("resume_queue")
    session.rollback()
    assert session.query(QueuePause).count() == 0
    message = "there is no worker profile 'huge'; there are: large, standard"
    assert flask.error("pause_queue", "--profile", "huge") == message
    assert flask.error("resume_queue", "--profile", "huge") == message


def test_a_group_gets_a_limit_and_loses_it(flask, session, make_group):
    make_group("team")
    assert flask.json("set_group_limit", "team", "3") == {"group": "team", "max_running": 3}
    assert flask.json("list_groups")[0]["max_running"] == 3
    assert flask.json("queue")["groups"] == [{"group": "team", "waiting": 0, "running": 0, "max_running": 3}]
    assert "any number may run" in flask("set_group_limit", "team", "none").stderr
    session.rollback()
    assert session.query(Group).one().max_running is None
    assert flask.error("set_group_limit", "nobody", "3") == "There is no group named 'nobody'"


@pytest.mark.parametrize("limit", ["0", "many", "2.5", "٣", "99999999999", "9" * 5000])
def test_a_limit_that_is_none_is_refused(flask, make_group, limit):
    make_group("team")
    assert "is no limit: give a whole number of at least 1, or 'none'" in flask.error(
        "set_group_limit", "team", limit
    )


def test_a_worker_of_an_unknown_profile_does_not_start(flask):
    assert flask.error("worker", "--profile", "huge") == (
        "There is no worker profile 'huge'; the settings have: large, standard"
    )
