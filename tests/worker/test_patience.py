"""What a run leaves is written although a part of the platform is away for a while."""

import errno

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, InternalError, OperationalError, ProgrammingError, StatementError

from sostrades_api.errors import UnavailableError
from sostrades_api.models import Execution, ExecutionState
from sostrades_api.services.execution_claim import execution_claim
from sostrades_api.services.execution_end import AttemptEnd, AttemptKey
from sostrades_api.services.execution_finish import execution_finish
from sostrades_api.services.execution_request import execution_request
from sostrades_api.worker import patience
from sostrades_api.worker.patience import is_refusal, patiently

AWAY = [
    UnavailableError("The value store takes nothing now: No space left on device"),
    OperationalError("COMMIT", {}, Exception("the connection is gone")),
    ConnectionResetError(),
]


@pytest.fixture(autouse=True)
def quickly(monkeypatch):
    monkeypatch.setattr(patience, "_FIRST_PAUSE", 0.001)


def failing(faults, *, then):
    left = list(faults)

    def write():
        if left:
            raise left.pop(0)
        return then

    return write


def test_it_is_tried_again_until_all_are_there(session):
    session.execute(text("SELECT 1"))
    assert patiently(failing(AWAY, then="written"), session=session, what="it") == "written"
    assert not session.in_transaction()


def test_patience_ends(session):
    with pytest.raises(UnavailableError):
        patiently(failing(AWAY * 1000, then=""), session=session, what="it", seconds=0.0)


@pytest.mark.parametrize("fault", [ValueError("a fault of ours"), OSError(errno.ENOMEM, "no memory")])
def test_what_waiting_does_not_mend_is_not_waited_for(session, fault):
    with pytest.raises(type(fault)):
        patiently(failing([fault], then=""), session=session, what="it")


REFUSED = IntegrityError("INSERT", {}, Exception("no such row"))


def test_what_the_database_refuses_is_tried_again_but_not_for_long(session):
    assert patiently(failing([REFUSED] * 2, then="written"), session=session, what="it") == "written"
    with pytest.raises(IntegrityError):
        patiently(failing([REFUSED] * 3, then=""), session=session, what="it")


def test_a_refusal_after_an_outage_is_tried_again_as_well(session):
    faults = [*AWAY, REFUSED, REFUSED]
    assert patiently(failing(faults, then="written"), session=session, what="it") == "written"


@pytest.mark.parametrize(
    ("fault", "is_one"),
    [
        (REFUSED, True),
        (StatementError("a value", "INSERT", {}, TypeError("not a text")), True),
        (IntegrityError("INSERT", {}, Exception(), connection_invalidated=True), False),
        (AWAY[1], False),
        (AWAY[2], False),
        (ProgrammingError("INSERT", {}, psycopg.errors.InvalidTextRepresentation()), True),
        (ProgrammingError("INSERT", {}, psycopg.errors.UndefinedTable()), False),  # while it is restored
        (InternalError("UPDATE", {}, psycopg.errors.ReadOnlySqlTransaction()), False),
    ],
)
def test_a_refusal_is_told_from_an_outage(fault, is_one):
    assert is_refusal(fault) == is_one


def test_results_are_stored_once_the_disk_has_room_again(session, make_case, actor, platform, monkeypatch):
    study = make_case("test_chain")
    execution_id = execution_request(session, study, actor=actor, queue=platform.queue).id
    execution_claim(session, execution_id=execution_id, token="t", worker="w", lease_seconds=60)
    large = {"First.double": [float(number) for number in range(2000)], "Second.result": 1.0}
    write = failing([OSError(errno.ENOSPC, "No space left on device")] * 2, then=None)
    monkeypatch.setattr("sostrades_api.storage.blobs.os.fsync", lambda _file: write())
    key, end = AttemptKey(execution_id, "t"), AttemptEnd()
    assert patiently(
        lambda: execution_finish(session, key, outputs=large, values=platform.values, end=end),
        session=session,
        what="its end",
    )
    assert session.get(Execution, execution_id).state is ExecutionState.FINISHED
