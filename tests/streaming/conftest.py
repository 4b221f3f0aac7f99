"""Fixtures of the streaming tests: an execution, and clients that listen to it."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from sostrades_api.services.execution_claim import execution_claim
from sostrades_api.services.execution_end import AttemptKey
from sostrades_api.services.execution_request import execution_request
from tests.support.cases import actor, make_case, owner
from tests.support.sse import parsed

__all__ = ["actor", "make_case", "owner"]


@pytest.fixture
def queued(session, actor, make_case, platform) -> int:
    """An execution that waits."""
    return execution_request(session, make_case("test_chain"), actor=actor, queue=platform.queue).id


@pytest.fixture
def claimed(session, queued) -> AttemptKey:
    """The same, run by an attempt."""
    execution_claim(session, execution_id=queued, token="t", worker="w", lease_seconds=60)
    session.rollback()
    return AttemptKey(queued, "t")


@pytest.fixture
def listen(client, accounts, owner, bearer) -> Iterator[Callable]:
    """``listen(execution_id, after=None, key=None)``: the events as they come; and all are closed."""
    own, answers = accounts.key(owner), []

    def start(execution_id: int, *, after: str | None = None, key: str | None = None) -> Iterator[dict]:
        headers = bearer(key or own) | ({"Last-Event-ID": after} if after else {})
        answer = client.get(f"/api/v0/executions/{execution_id}/events", headers=headers, buffered=False)
        assert answer.status_code == 200, answer.text
        answers.append(answer)
        return parsed(iter(answer.iter_encoded()))

    yield start
    for answer in answers:
        answer.close()


@pytest.fixture
def ask(client, accounts, owner, bearer) -> Callable:
    """``ask(execution_id, wait=0, after=None)``: one long-poll."""
    own = accounts.key(owner)

    def ask(execution_id: int, *, key: str | None = None, **query: Any) -> Any:
        path = f"/api/v0/executions/{execution_id}/events"
        return client.get(path, headers=bearer(key or own), query_string={"wait": 0, **query})

    return ask
