"""Fixtures of the worker tests."""

import time
from collections.abc import Callable
from typing import Any

import orjson
import pytest
from sqlalchemy.orm import Session

from sostrades_api.access import Actor
from sostrades_api.models import StudyCase
from sostrades_api.platform import Platform
from sostrades_api.queueing.events import ExecutionEvents
from sostrades_api.services.execution_claim import execution_claim
from sostrades_api.services.execution_request import execution_request
from sostrades_api.worker.runtime import ClaimedAttempt
from tests.support.cases import actor, make_case, owner, queue

__all__ = ["actor", "make_case", "owner", "queue"]


@pytest.fixture
def claim(session: Session, platform: Platform, actor: Actor) -> Callable[[StudyCase], ClaimedAttempt]:
    """``claim(study)``: an execution of it is requested, and this attempt claims it for a minute."""

    def claim(study: StudyCase) -> ClaimedAttempt:
        requested = execution_request(session, study, actor=actor, queue=platform.queue)
        token, began = f"t{requested.id}", time.monotonic()
        claimed = execution_claim(
            session, execution_id=requested.id, token=token, worker="test", lease_seconds=60
        )
        attempt = ClaimedAttempt.of(claimed, token=token, began=began)
        session.rollback()
        return attempt

    return claim


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """The lines of the log that events tell."""
    told = []

    def publish(_events: object, _execution_id: int, events: list) -> bool:
        told.extend(line for event in events for line in orjson.loads(event.data).get("lines", ()))
        return True

    monkeypatch.setattr(ExecutionEvents, "publish", publish)
    return told
