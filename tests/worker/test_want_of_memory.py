"""How a worker recognises that a run ended for want of memory, and what it says."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from sqlalchemy import select

from sostrades_api.engine import DisciplineOutOfMemory, ProcessEnded
from sostrades_api.models import Execution, ExecutionState
from sostrades_api.worker import group_memory
from sostrades_api.worker.failures import MemoryLimit, failure_of, out_of_memory
from sostrades_api.worker.group_memory import GroupMemory, KernelKills, group_bytes, out_of_memory_kills
from sostrades_api.worker.limits import is_out_of_memory, set_threads, threads
from sostrades_api.worker.runtime import Runtime
from sostrades_api.worker.standby import Standby
from sostrades_api.worker.supervisor import Supervisor
from sostrades_api.worker.whereabouts import Whereabouts

MIB = 1024 * 1024
SMALL = MemoryLimit("small", 512 * MIB)


@pytest.fixture
def counter(monkeypatch, tmp_path):
    """The kernel's count of processes that it has ended for want of memory; call it to set it."""
    path = tmp_path / "memory.events"
    monkeypatch.setattr(group_memory, "_counters", lambda: [(path, "oom_kill")])

    def count(kills):
        path.write_text(f"low 0\noom 7\noom_kill {kills}\noom_group_kill 0\n")

    count(0)
    return count


@pytest.fixture
def child():
    """A process that leads its own group and holds 40 MiB."""
    code = "held = bytearray(b'x') * (40 * 2**20); print('ready', flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
    ) as process:
        assert process.stdout.readline() == b"ready\n"
        yield process
        process.kill()


@pytest.mark.database("sqlite")
@pytest.mark.parametrize("kills", [0, 1])
def test_a_run_that_the_kernel_ended_for_want_of_memory_fails_and_any_other_kill_is_a_lost_attempt(
    app, session, platform, make_case, claim, counter, child, kills
):
    attempt = claim(make_case("test_chain"))
    reports, report = os.pipe()
    horse = Standby(child.pid, Whereabouts(), os.open(os.devnull, os.O_WRONLY), reports)
    horse.whereabouts.place[0] = 1
    supervisor = Supervisor(
        Runtime(app, platform.queue),
        attempt,
        horse=horse,
        worker="w",
        is_shutting_down=lambda: False,
    )
    counter(kills)
    os.kill(child.pid, signal.SIGKILL)
    assert not supervisor.watch(beat=lambda: None, register=lambda: None)
    horse.close()
    os.close(report)
    session.rollback()
    execution = session.scalar(select(Execution).where(Execution.id == attempt.execution_id))
    if not kills:
        assert execution.state is ExecutionState.QUEUED
        return
    assert execution.state is ExecutionState.FAILED
    assert execution.disciplines == {"First": "DONE", "Second": "FAILED"}
    assert execution.error_message.startswith(
        "Discipline 'Second' ran out of memory (the kernel ended its process): the worker profile 'standard' "
        "has no limit, but its host has no more. It needs a larger worker profile"
    )


def test_a_kill_of_the_kernel_counts_for_two_looks(counter):
    kills = KernelKills()
    counter(1)
    kills.look()
    assert kills.any_now  # counted before the look, noticed after it
    kills.look()
    assert not kills.any_now


def test_without_a_count_no_kill_is_the_kernels(monkeypatch, tmp_path):
    monkeypatch.setattr(group_memory, "_counters", lambda: [(tmp_path / "nothing", "oom_kill")])
    assert out_of_memory_kills() == 0


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_the_memory_of_a_process_group_is_its_own_and_is_compared_to_the_limit_once_a_second(child):
    held = group_bytes(child.pid)
    assert 40 * MIB < held < 80 * MIB
    assert group_bytes(2**22 + 1) == 0
    now = time.monotonic()
    memory = GroupMemory(child.pid, limit=64 * MIB, now=now)
    assert memory.excess(now + 2.0) is None
    memory._at_start = -500 * MIB
    assert memory.excess(now + 2.5) is None  # looked half a second ago
    assert memory.excess(now + 4.0) > 500 * MIB
    assert GroupMemory(child.pid, limit=None, now=now).excess(now + 9.0) is None


@pytest.mark.parametrize(
    ("error", "is_memory"),
    [
        (MemoryError(), True),
        (np._core._exceptions._ArrayMemoryError((2**40,), np.dtype(float)), True),
        (DisciplineOutOfMemory(discipline="A", error="MemoryError"), True),
        (OSError(12, "Cannot allocate memory"), True),
        (OSError(2, "No such file"), False),
        (ValueError(), False),
    ],
)
def test_memory_that_was_refused_is_recognised_also_as_the_cause_of_another_error(error, is_memory):
    assert is_out_of_memory(error) is is_memory
    wrapped = RuntimeError("outer")
    wrapped.__cause__ = error
    assert is_out_of_memory(wrapped) is is_memory


def test_the_message_names_the_discipline_the_limit_and_what_to_do():
    error = DisciplineOutOfMemory(discipline="Grid.Flow", error="MemoryError")
    assert failure_of(error, running="Grid.Flow", memory=SMALL).message == (
        "Discipline 'Grid.Flow' ran out of memory (it was refused more): a run may allocate 512 MiB, the "
        "limit of the worker profile 'small'. It needs a larger worker profile, or must hold less at a time."
    )
    assert "give its host more" in failure_of(error, memory=MemoryLimit("standard", None)).message
    assert failure_of(ValueError("x"), memory=SMALL).message.startswith("The execution failed unexpectedly")
    branch = ProcessEnded(discipline="Grid.Flow", how="signal 6")
    assert "(its process aborted, as compiled code" in failure_of(branch, memory=SMALL).message
    assert "signal 6" in failure_of(branch, memory=MemoryLimit("standard", None)).message
    crash = ProcessEnded(discipline="Grid.Flow", how="signal 11")
    assert "signal 11" in failure_of(crash, memory=SMALL).message
    by_host = out_of_memory(SMALL, running=["A"], how="h", host_has_no_more=True)
    assert "the worker profile 'small' allows 512 MiB, but its host has no more" in by_host
    assert out_of_memory(SMALL, running=["A", "B"], how="h").startswith("Disciplines 'A', 'B' ran out")
    assert out_of_memory(SMALL, running=[], how="h").startswith("The execution ran out of memory (h)")


def test_threads_of_linear_algebra_are_set_whatever_the_environment_said():
    np.ones((2, 2)) @ np.ones((2, 2))
    before = threads()
    assert before
    try:
        set_threads(3)
        assert set(threads()) == {3}
    finally:
        set_threads(before[0])
