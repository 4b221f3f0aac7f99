"""Groups take turns, whatever one of them has in the queue."""

import itertools
import secrets
import threading

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from sostrades_api.access import COMMAND_LINE
from sostrades_api.models import Execution, ExecutionState, Group, QueuePause, StudyCase, WorkerProcess
from sostrades_api.queueing import ExecutionQueue
from sostrades_api.services import execution_claim as claiming
from sostrades_api.services import execution_sweep as sweeping
from sostrades_api.services.execution_claim import Claimant, WorkerHeldError, execution_claim_next
from sostrades_api.services.execution_end import AttemptEnd, AttemptKey, Failure
from sostrades_api.services.execution_fail import execution_fail
from sostrades_api.services.execution_order import queue_position
from sostrades_api.services.group_set_limit import group_set_limit
from sostrades_api.services.unit_of_work import unit_of_work
from sostrades_api.settings import WorkerProfile

STANDARD = ("standard",)


class Line:
    """Executions without processes: what is claimed ends when the test says so."""

    def __init__(self, session):
        self.session, self._numbers = session, itertools.count(1)

    def add(self, group, count=1, **columns):
        with unit_of_work(self.session):
            names = [f"line-{next(self._numbers)}" for _ in range(count)]
            common = {"process_name": "sellar", "group_id": group.id}
            self.session.execute(
                insert(StudyCase), [{"name": name, "created_by": "test", **common} for name in names]
            )
            found = self.session.scalars(select(StudyCase.id).where(StudyCase.name.in_(names))).all()
            rows = [
                {
                    "study_case_id": study_case_id,
                    "study_revision": 1,
                    "state": ExecutionState.QUEUED,
                    "requested_by": "test",
                    "disciplines": {},
                    **common,
                    **columns,
                }
                for study_case_id in found
            ]
            self.session.execute(insert(Execution), rows)

    def claim(self, *, profiles=STANDARD, worker="w"):
        """The group whose execution was claimed, and the key of the attempt; None when nothing may run."""
        claimant = Claimant(worker, secrets.token_hex(8), 60.0)
        execution = execution_claim_next(self.session, profiles=profiles, by=claimant)
        return execution and (execution.group_id, AttemptKey(execution.id, claimant.token))

    def end(self, key):
        assert execution_fail(self.session, key, failure=Failure("ended"), end=AttemptEnd())


@pytest.fixture
def line(session):
    return Line(session)


def test_a_thousand_executions_of_one_group_do_not_starve_the_one_of_another(line, make_group):
    crowd, single = make_group("crowd"), make_group("single")
    line.add(crowd, 1000)
    first = line.claim()
    line.add(single)
    second = line.claim()
    assert (first[0], second[0]) == (crowd.id, single.id)
    line.end(second[1])
    line.add(single)
    assert line.claim()[0] == single.id  # again: it runs none, the crowd one


def test_of_two_busy_groups_each_gets_half_of_the_workers(line, make_group):
    crowd, team = make_group(), make_group()
    line.add(crowd, 100)
    line.add(team, 100)
    running = [line.claim() for _ in range(4)]
    assert [group for group, _ in running].count(team.id) == 2
    served = []
    for _ in range(20):
        line.end(running.pop(0)[1])
        running.append(line.claim())
        served.append(running[-1][0])
    assert served.count(team.id) == 10


def test_the_place_in_the_queue_counts_the_turns_of_others(session, line, make_group):
    crowd, single = make_group(), make_group()
    line.add(crowd, 50)
    line.add(single)
    last = session.scalar(select(Execution).where(Execution.group_id == single.id))
    assert queue_position(session, last) == 2


def test_a_group_runs_no_more_than_its_limit_and_others_go_on(session, line, make_group):
    limited, free = make_group(), make_group()
    group_set_limit(session, limited, actor=COMMAND_LINE, max_running=2)
    line.add(limited, 5)
    claimed = [line.claim() for _ in range(3)]
    assert claimed[2] is None
    line.add(free)
    assert line.claim()[0] == free.id
    line.end(claimed[0][1])
    assert line.claim()[0] == limited.id
    group_set_limit(session, limited, actor=COMMAND_LINE, max_running=None)
    assert line.claim()[0] == limited.id


def test_priorities_order_a_groups_own_executions_and_do_not_overtake_another_group(
    session, line, make_group
):
    eager, calm = make_group(), make_group()
    line.add(eager, 3, priority=100)
    line.add(eager, priority=0)
    line.add(calm, priority=0)
    assert sorted(line.claim()[0] for _ in range(2)) == sorted([eager.id, calm.id])
    left = session.scalars(select(Execution.priority).where(Execution.state == ExecutionState.QUEUED))
    assert sorted(left) == [0, 100, 100]


@pytest.mark.database("postgresql")
def test_workers_that_find_nothing_in_groups_of_different_order_do_not_wait_for_each_other(
    session, line, make_group, monkeypatch
):
    """The last of each group was taken by others just then."""
    groups = [make_group(), make_group()]
    ids = [group.id for group in groups]
    for group in groups:
        line.add(group)
    session.rollback()
    engine, both, raised = session.get_bind(), threading.Barrier(2, timeout=5), []
    orders = {"first": ids, "second": ids[::-1]}
    monkeypatch.setattr(
        claiming, "groups_in_turn", lambda *_args, **_options: orders[threading.current_thread().name]
    )

    def find_nothing(_session, group_id, **_options):
        if group_id == orders[threading.current_thread().name][0]:
            both.wait()

    monkeypatch.setattr(claiming, "next_of_group", find_nothing)

    def claim():
        try:
            with Session(engine) as own:
                execution_claim_next(own, profiles=STANDARD, by=Claimant("w", secrets.token_hex(8), 60.0))
        except OperationalError as error:
            raised.append(error)

    threads = [threading.Thread(target=claim, name=name) for name in orders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert raised == []
    assert session.scalars(select(Group.served_at)).all() == [None, None]  # neither was


def test_a_crowd_that_waits_for_workers_of_one_profile_hides_nobody_of_another_from_the_sweep(
    session, line, make_group, platform, monkeypatch
):
    monkeypatch.setattr(sweeping, "_BATCH", 3)
    profiles = {**platform.settings.worker_profiles, "large": WorkerProfile()}
    settings = platform.settings.model_copy(update={"sweep_seconds": 1e-6, "worker_profiles": profiles})
    queue = ExecutionQueue.for_web(settings)
    line.add(make_group(), 5, worker_profile="large")  # there is no such worker, they wait for days
    assert len(sweeping.execution_sweep(session, settings=settings, queue=queue).announced) == 3
    line.add(make_group())  # requested without Redis
    last = session.scalar(select(Execution.id).order_by(Execution.id.desc()))
    assert sweeping.execution_sweep(session, settings=settings, queue=queue).announced == (last,)
    queue.redis.close()


def test_what_is_paused_or_of_another_profile_stays_and_a_held_worker_gets_nothing(session, line, make_group):
    group = make_group()
    line.add(group, worker_profile="large")
    assert line.claim() is None
    session.add(QueuePause(worker_profile="large", paused_by="test"))
    session.add(WorkerProcess(name="held", host="h", pid=1, profiles=["large"], held=True))
    session.commit()
    assert line.claim(profiles=["large", "standard"]) is None
    session.execute(delete(QueuePause))
    session.commit()
    with pytest.raises(WorkerHeldError):
        line.claim(profiles=["large"], worker="held")
    session.execute(update(WorkerProcess).values(held=False))
    session.commit()
    assert line.claim(profiles=["large"], worker="held")[0] == group.id


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.integers(0, 2), st.integers(1, 4)),
        st.tuples(st.just("end"), st.integers(0, 9), st.just(0)),
        st.tuples(st.just("claim"), st.just(0), st.just(0)),
    ),
    max_size=25,
)


@pytest.mark.database("sqlite")
def test_whatever_comes_and_ends_the_group_that_runs_least_goes_next(session, line, make_group):
    groups = [make_group() for _ in range(3)]
    ids = [group.id for group in groups]

    @hypothesis_settings(
        max_examples=20,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )
    @given(steps=STEPS, limits=st.lists(st.none() | st.integers(1, 3), min_size=3, max_size=3))
    def play(steps, limits):
        session.execute(delete(StudyCase))
        for group_id, most in zip(ids, limits, strict=True):
            session.execute(
                update(Group).where(Group.id == group_id).values(max_running=most, served_at=None)
            )
        session.commit()
        waiting, running = dict.fromkeys(ids, 0), {group_id: [] for group_id in ids}
        last_served = dict.fromkeys(ids, -1)
        for turn, (step, which, count) in enumerate(steps):
            if step == "add":
                line.add(groups[which], count)
                waiting[ids[which]] += count
            elif step == "end":
                keys = [(group_id, key) for group_id in ids for key in running[group_id]]
                if keys:
                    group_id, key = keys[which % len(keys)]
                    line.end(key)
                    running[group_id].remove(key)
            else:
                may = [
                    group_id
                    for group_id, most in zip(ids, limits, strict=True)
                    if waiting[group_id] and (most is None or len(running[group_id]) < most)
                ]
                claimed = line.claim()
                assert (claimed is None) == (not may)  # nobody is idle while something may run
                if claimed:
                    group_id, key = claimed
                    least = min(len(running[other]) for other in may)
                    longest = min(last_served[other] for other in may if len(running[other]) == least)
                    assert len(running[group_id]) == least
                    assert last_served[group_id] == longest
                    running[group_id].append(key)
                    waiting[group_id] -= 1
                    last_served[group_id] = turn

    play()
