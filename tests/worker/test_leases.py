"""Leases: kept by one clock, ended by something that waits for nobody."""

import datetime as dt
import os
import signal
import subprocess
import sys
import time

import pytest
from sqlalchemy import select, update

from sostrades_api.models import Execution, ExecutionState, utc_now
from sostrades_api.models.clock import read_database_time
from sostrades_api.services import execution_claim as claim_module
from sostrades_api.services.execution_claim import execution_claim
from sostrades_api.services.execution_heartbeat import Pulse, execution_heartbeat
from sostrades_api.services.execution_request import execution_request
from sostrades_api.services.execution_sweep import execution_sweep
from sostrades_api.worker.lease_watch import LeaseWatch
from sostrades_api.worker.sweeper import LeaseClock
from sostrades_api.worker.whereabouts import Whereabouts
from tests.support.live import wait_until

LEASE = 15.0
FUTURE = dt.timedelta(days=1)


@pytest.fixture
def held(session, make_case, actor, platform):
    """An execution that is claimed; its id."""
    execution_id = execution_request(session, make_case("test_slow"), actor=actor, queue=platform.queue).id
    execution_claim(session, execution_id=execution_id, token="mine", worker="w", lease_seconds=LEASE)
    return execution_id


@pytest.fixture
def left(session):
    """Seconds until the lease of an execution ends, by the database's clock."""

    def seconds(execution_id):
        session.rollback()
        until = session.scalar(select(Execution.lease_until).where(Execution.id == execution_id))
        return (until - read_database_time(session)).total_seconds()

    return seconds


@pytest.fixture
def sweep(session, settings, platform):
    def sweep(**options):
        session.rollback()
        return execution_sweep(session, settings=settings, queue=platform.queue, **options)

    return sweep


@pytest.mark.database("postgresql")
@pytest.mark.parametrize("ahead", [FUTURE, -FUTURE], ids=["ahead", "behind"])
def test_a_host_with_a_wrong_clock_neither_steals_an_execution_nor_keeps_it(
    session, make_case, actor, platform, left, sweep, monkeypatch, ahead
):
    """Every clock that the host has is wrong, the database's is not."""
    modules = [sys.modules[name] for name in list(sys.modules) if name.startswith("sostrades_api.")]
    for module in modules:
        if hasattr(module, "utc_now"):
            monkeypatch.setattr(module, "utc_now", lambda: utc_now() + ahead)
    assert abs((claim_module.utc_now() - utc_now()).total_seconds()) > 80_000
    study = make_case("test_slow")
    execution_id = execution_request(session, study, actor=actor, queue=platform.queue).id
    execution_claim(session, execution_id=execution_id, token="mine", worker="w", lease_seconds=LEASE)
    assert 0 < left(execution_id) <= LEASE
    assert sweep().lost == ()
    pulse = execution_heartbeat(session, execution_id=execution_id, token="mine", lease_seconds=LEASE).pulse
    assert pulse is Pulse.GO_ON
    assert 0 < left(execution_id) <= LEASE
    execution_heartbeat(session, execution_id=execution_id, token="mine", lease_seconds=-1.0)
    assert sweep().lost == (execution_id,)


def test_a_lease_from_before_the_clock_was_put_back_ends_in_a_leases_time(session, held, left, sweep):
    late = read_database_time(session) + FUTURE
    session.execute(update(Execution).where(Execution.id == held).values(lease_until=late))
    session.commit()
    assert left(held) > 80_000
    assert sweep().lost == ()
    assert 0 < left(held) <= LEASE


def test_nothing_is_taken_away_just_after_the_clock_was_set_forward(session, held, sweep):
    past = read_database_time(session) - FUTURE
    session.execute(update(Execution).where(Execution.id == held).values(lease_until=past))
    session.commit()
    assert sweep(spare_silent=True).lost == ()
    assert sweep().lost == (held,)


def test_what_a_clock_ahead_wrote_down_is_announced_all_the_same(session, make_case, actor, platform, sweep):
    execution_id = execution_request(session, make_case("test_slow"), actor=actor, queue=platform.queue).id
    platform.queue.redis.flushdb()
    ahead = utc_now() + FUTURE
    session.execute(update(Execution).where(Execution.id == execution_id).values(enqueued_at=ahead))
    session.commit()
    assert sweep().announced == (execution_id,)
    assert session.get(Execution, execution_id).state is ExecutionState.QUEUED


@pytest.mark.database("sqlite")
def test_a_clock_that_jumps_forward_is_noticed_for_a_leases_time():
    clock, began = LeaseClock(lease_seconds=10.0), utc_now()

    def jumped(shown, now):
        return clock.has_jumped(began + dt.timedelta(seconds=shown), now=now)

    assert not jumped(0, 0.0)
    assert not jumped(3, 3.0)
    assert not jumped(9, 6.0)  # a slow sweep, a second that was stepped over
    assert jumped(3609, 6.5)
    assert jumped(3618, 15.5)
    assert not jumped(3619, 16.6)
    assert not jumped(0, 20.0)  # back: nothing looks over that is not


@pytest.fixture
def sleeper():
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, process_group=0) as child:
        yield child
        child.kill()


def test_a_work_horse_ends_with_its_lease_while_its_supervisor_waits_for_something_else(sleeper):
    with LeaseWatch(sleeper.pid, until=time.monotonic() + 0.2) as watch:
        _, status = os.waitpid(sleeper.pid, 0)  # as long as it takes
        assert os.WTERMSIG(status) == signal.SIGKILL
        assert watch.is_over
    sleeper.returncode = -signal.SIGKILL


def test_a_lease_that_is_renewed_ends_nothing(sleeper):
    with LeaseWatch(sleeper.pid, until=time.monotonic() + 0.2) as watch:
        renewed = time.monotonic()
        watch.extend(renewed + 60.0)
        wait_until(lambda: time.monotonic() > renewed + 0.5)
        assert not watch.is_over
    assert sleeper.poll() is None


def test_a_run_sees_in_shared_memory_that_its_lease_is_over():
    whereabouts = Whereabouts()
    assert not whereabouts.is_lease_over
    whereabouts.hold_until(time.monotonic() + 60.0)
    assert not whereabouts.is_lease_over
    whereabouts.hold_until(time.monotonic() - 0.1)
    assert whereabouts.is_lease_over
    whereabouts.close()
