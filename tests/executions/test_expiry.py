"""Executions that are kept no longer go, however many there are."""

import datetime as dt

import pytest
from sqlalchemy import insert, select

from sostrades_api.models import Execution, ExecutionState, utc_now
from sostrades_api.services import execution_delete as deleting


@pytest.mark.parametrize("count", [0, 2, 5, 6])
def test_one_collection_deletes_all_that_have_expired_and_nothing_else(
    session, make_case, monkeypatch, count
):
    monkeypatch.setattr(deleting, "_AT_A_TIME", 2)
    study, now = make_case("test_chain"), utc_now()
    common = {"study_case_id": study.id, "study_revision": 1, "process_name": "test_chain", "disciplines": {}}
    kept = [
        {"state": ExecutionState.FINISHED, "expires_at": None},
        {"state": ExecutionState.FINISHED, "expires_at": now + dt.timedelta(days=1)},
        {"state": ExecutionState.QUEUED, "expires_at": now - dt.timedelta(days=1)},
    ]
    expired = [{"state": ExecutionState.FAILED, "expires_at": now - dt.timedelta(seconds=1)}] * count
    rows = [{**common, "requested_by": "test", **row} for row in (*kept, *expired)]
    session.execute(insert(Execution), rows)
    session.commit()
    assert len(deleting.execution_delete_expired(session)) == count
    assert session.scalars(select(Execution.state)).all() == [row["state"] for row in kept]
