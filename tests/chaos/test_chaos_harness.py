"""The harness of accidents: its plan, what it takes for a contradiction; and a short storm."""

import itertools
import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.chaos.plan import MEANING, WEIGHTS, accidents
from benchmarks.chaos.reading import Reading

ROOT = Path(__file__).resolve().parents[2]
STARTED = "2026-01-01T00:00:00+00:00"
NOT_YET = {
    "study_case_id": 1,
    "requested_at": STARTED,
    "origin_id": None,
    "study_revision": 3,
    "state": "QUEUED",
    "attempt": 0,
    "progress": 0.0,
    "started_at": None,
    "ended_at": None,
    "disciplines": [{"discipline": "A", "status": "PENDING"}],
}
RUNNING = {**NOT_YET, "state": "RUNNING", "attempt": 1, "progress": 0.5, "started_at": STARTED}
DONE = [{"discipline": "A", "status": "DONE"}]
FINISHED = {**RUNNING, "state": "FINISHED", "progress": 1.0, "ended_at": STARTED, "disciplines": DONE}


def test_the_same_seed_gives_the_same_plan_and_another_one_another():
    def first(seed):
        return list(itertools.islice(accidents(seed, kinds=list(WEIGHTS), pause=1.0), 50))

    assert first(7) == first(7)
    assert first(7) != first(8)
    assert {accident.kind for seed in range(20) for accident in first(seed)} == set(MEANING)
    assert all(before.at < after.at for before, after in itertools.pairwise(first(7)))


def test_what_cannot_happen_here_is_not_planned():
    planned = itertools.islice(accidents(1, kinds=["horse", "flush"], pause=1.0), 100)
    assert {accident.kind for accident in planned} == {"horse", "flush"}


def test_reads_of_an_orderly_life_contradict_nothing():
    reading = Reading(5)
    lost = {**NOT_YET, "attempt": 1}
    second = {**RUNNING, "attempt": 2, "progress": 0.1}
    for seen in (NOT_YET, RUNNING, {**RUNNING, "progress": 0.7}, lost, second, FINISHED | {"attempt": 2}):
        assert reading.see(seen) == []


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (FINISHED, RUNNING, "FINISHED became RUNNING"),
        (FINISHED, FINISHED | {"attempt": 2}, "changed after its end"),
        (RUNNING | {"attempt": 2}, RUNNING, "attempt 2 became 1"),
        (RUNNING, RUNNING | {"progress": 0.25}, "progress 0.5 became 0.25"),
        (RUNNING, FINISHED | {"disciplines": NOT_YET["disciplines"]}, "FINISHED with {'A': 'PENDING'}"),
        (RUNNING, FINISHED | {"progress": 0.5}, "FINISHED with progress 0.5"),
        (RUNNING, RUNNING | {"study_revision": 4}, "study_revision was 3, is 4"),
        (NOT_YET, NOT_YET | {"ended_at": STARTED}, "QUEUED with ended_at"),
        (NOT_YET, RUNNING | {"attempt": 0}, "RUNNING in attempt 0"),
    ],
)
def test_contradictions_are_seen(before, after, said):
    reading = Reading(5)
    reading.see(before)
    faults = reading.see(after)
    assert any(said in fault for fault in faults), faults


def test_what_was_stopped_or_suspended_does_not_run_by_itself():
    stopped, suspended = Reading(5), Reading(6)
    stopped.told_to_stop = True
    assert "after its stop was accepted" in stopped.see(RUNNING)[0]
    assert suspended.see({**NOT_YET, "state": "SUSPENDED"}) == []
    assert "nobody has resumed it" in suspended.see(RUNNING)[0]


def test_only_a_web_server_that_told_more_must_not_tell_less_while_redis_has_forgotten():
    reading = Reading(5)
    reading.see(RUNNING, server=1)
    assert reading.see(RUNNING | {"progress": 0.0}, server=2) == []


def chaos(*arguments):
    command = [sys.executable, "-m", "benchmarks.chaos", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_the_help_has_an_example():
    shown = chaos("--help")
    assert shown.returncode == 0
    assert "Example: ./dev chaos" in shown.stdout


@pytest.mark.slow
def test_a_short_storm_loses_nothing():
    limits = ("--executions", "12", "--minutes", "0.2", "--recovery", "0")
    ran = chaos(*limits, "--users", "6", "--seed", "3", "--pause", "0.7", "--json")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    report = json.loads(ran.stdout)
    assert report["violations"] == []
    assert report["accepted"] == sum(report["states"].values()) > 0
    assert report["compared"] == report["states"]["FINISHED"] > 0
    assert sum(report["accidents"].values()) > 0
