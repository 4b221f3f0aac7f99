"""Quick runs of one group and process share an operating system process; what leaves traces does not."""

import itertools

import pytest
from sqlalchemy import select, update

from sostrades_api.models import ACTIVE_STATES, Execution, ExecutionState, ExecutionValue, StudyCase
from sostrades_api.queueing import ExecutionQueue
from sostrades_api.services.execution_request import execution_request
from tests.support.live import LivePlatform, wait_until

pytestmark = [pytest.mark.slow, pytest.mark.database("sqlite")]

LEAVINGS = ("thread", "child", "folder", "variable", "slowness")


@pytest.fixture
def processes(session, make_case, actor, platform, make_group, live_settings):
    """Process ids of executions with these leavings, of one group and of another one, in order."""

    def run(cases, **settings):
        queue = ExecutionQueue.for_web(live_settings)
        ids = []
        for leave, foreign in cases:
            study = make_case("test_telling", leave=leave)
            if foreign:
                other = make_group("others").id
                session.execute(update(StudyCase).where(StudyCase.id == study.id).values(group_id=other))
                session.commit()
            ids.append(execution_request(session, study, actor=actor, queue=queue).id)
        queue.redis.close()
        with LivePlatform(live_settings.model_copy(update=settings), test_processes=True) as live:
            live.start_workers(1)
            wait_until(lambda: not states(session) & ACTIVE_STATES, seconds=40)
        assert states(session) == {ExecutionState.FINISHED}
        digests = dict(
            session.execute(
                select(ExecutionValue.execution_id, ExecutionValue.digest).where(ExecutionValue.name == "pid")
            ).all()
        )
        return [platform.values.get(session, digests[execution_id]) for execution_id in ids]

    return run


def states(session):
    session.rollback()
    return set(session.scalars(select(Execution.state)))


def test_quick_clean_runs_share_a_process_and_others_are_the_last_of_theirs(processes):
    cases = [("", False), ("", False), *((leave, False) for leave in LEAVINGS), ("", False)]
    pids = processes(cases)
    assert pids[0] == pids[1] == pids[2]
    for before, after in itertools.pairwise(pids[2:]):
        assert before != after


def test_a_process_serves_one_group_and_so_many_runs(processes):
    ours, theirs, *_ = pids = processes([("", False), ("", True), *[("", False)] * 4], runs_per_process=2)
    assert ours != theirs
    assert max(map(pids.count, pids)) == 2
