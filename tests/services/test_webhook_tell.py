"""Who is told of which change of state, in the same transaction as the change."""

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from sostrades_api.access import Role
from sostrades_api.models import ExecutionState, StudyCaseRight, Webhook, WebhookDelivery
from sostrades_api.services.execution_claim import execution_claim
from sostrades_api.services.execution_end import AttemptEnd, AttemptKey
from sostrades_api.services.execution_fail import Failure, execution_fail
from sostrades_api.services.execution_request import execution_request
from sostrades_api.services.execution_status import execution_find_latest
from sostrades_api.services.execution_stop import study_case_stop
from sostrades_api.services.unit_of_work import unit_of_work

SECRET_MESSAGE = "x was 12345.678"


@pytest.fixture
def group(make_group):
    return make_group("owners")


@pytest.fixture
def study(make_study, group):
    return make_study(group)


@pytest.fixture
def make_webhook(session):
    """``make_webhook(owner, states=(), study=None)``."""

    def make(owner, *, states=(), study=None, **columns):
        column = "user_id" if hasattr(owner, "username") else "group_id"
        webhook = Webhook(
            **{"url": "https://example.org/", "secret": "salt", "created_by": "test", column: owner.id},
            states=list(states),
            study_case_id=study.id if study else None,
            **columns,
        )
        session.add(webhook)
        session.commit()
        return webhook

    return make


@pytest.fixture
def request_it(session, platform, accounts, group):
    def request(study):
        return execution_request(session, study, actor=accounts.actor(group), queue=platform.queue)

    return request


@pytest.fixture
def told(session):
    """``told(webhook)``: the types of what it is told, in order."""

    def types(webhook):
        query = select(WebhookDelivery.event_type).where(WebhookDelivery.webhook_id == webhook.id)
        return list(session.scalars(query.order_by(WebhookDelivery.id)))

    return types


def fail(session, study, execution):
    execution_claim(session, execution_id=execution.id, token="t", worker="w", lease_seconds=60)
    end = AttemptEnd(disciplines=dict.fromkeys(execution.disciplines, "FAILED"), usage=None, log=())
    execution_fail(session, AttemptKey(execution.id, "t"), failure=Failure(SECRET_MESSAGE), end=end)


def test_every_change_of_state_is_told_once_to_those_who_want_it(
    session, platform, accounts, group, study, make_webhook, request_it, told
):
    everything = make_webhook(group)
    ends = make_webhook(group, states=["FAILED", "FINISHED"])
    fail(session, study, request_it(study))
    request_it(study)
    study_case_stop(session, study, actor=accounts.actor(group), queue=platform.queue)
    assert told(everything) == [
        *("execution.queued", "execution.running", "execution.failed"),
        *("execution.queued", "execution.stopped"),
    ]
    assert told(ends) == ["execution.failed"]


def test_a_message_says_what_the_owner_may_see(session, study, group, make_user, make_webhook, request_it):
    webhooks = {}
    for role in Role:
        user = make_user()
        session.add(StudyCaseRight(study_case_id=study.id, user_id=user.id, role=role))
        session.commit()
        webhooks[role] = make_webhook(user, states=["FAILED"]).id
    execution = request_it(study)
    fail(session, study, execution)
    for role, webhook_id in webhooks.items():
        delivery = session.scalars(select(WebhookDelivery).filter_by(webhook_id=webhook_id)).one()
        payload = delivery.payload
        assert payload["type"] == delivery.event_type == "execution.failed"
        data = payload["data"]
        assert (data["execution_id"], data["study_case_id"]) == (execution.id, study.id)
        assert (data["state"], data["status"], data["attempt"]) == ("FAILED", "FAILED", 1)
        assert data["execution_url"] == f"/api/v0/executions/{execution.id}"
        message = data["error_message"]
        if role is Role.RESTRICTED_VIEWER:
            assert SECRET_MESSAGE not in str(payload)
            assert message.startswith("The disciplines")
        else:
            assert message == SECRET_MESSAGE


def test_who_has_no_role_at_this_moment_is_told_nothing(
    session, study, group, make_user, make_group, make_study, make_right, make_webhook, request_it, told
):
    team, shared = make_group("team"), make_user()
    owners = {
        "stranger": make_user(),
        "member": make_user(groups=(group,)),
        "shared": shared,
        "team": team,
        "colleague": make_user(groups=(team,)),
        "owners": group,
        "others": make_group("others"),
        "admin": make_user(is_admin=True),
        "away": make_user(groups=(group,), is_active=False),
    }
    right = make_right(study, shared, Role.RESTRICTED_VIEWER)
    make_right(study, team, Role.COMMENTER)
    hooks = {name: make_webhook(owner) for name, owner in owners.items()}
    off = make_webhook(group, is_active=False)
    elsewhere = make_webhook(group, study=make_study(group))
    here = make_webhook(group, study=study)
    execution = request_it(study)
    informed = {name for name, hook in hooks.items() if told(hook)}
    assert informed == {"member", "shared", "team", "owners", "colleague", "admin"}
    assert (told(off), told(elsewhere), told(here)) == ([], [], ["execution.queued"])

    session.delete(session.get(StudyCaseRight, right.id))
    session.commit()
    fail(session, study, execution)
    assert told(hooks["shared"]) == ["execution.queued"]
    assert told(hooks["colleague"])[-1] == "execution.failed"


def test_a_change_that_is_rolled_back_is_not_told(session, study, group, make_webhook, request_it, told):
    webhook = make_webhook(group)
    seen = []

    def change_and_break():
        with unit_of_work(session):
            request_it(study)
            seen.extend(told(webhook))
            raise RuntimeError("no")

    with pytest.raises(RuntimeError, match="no"):
        change_and_break()
    assert seen == ["execution.queued"]
    assert told(webhook) == []


def test_without_webhooks_a_change_costs_one_query(session, study, request_it, app):
    statements = []
    engine = session.get_bind()

    def note(_connection, _cursor, statement, *_rest):
        statements.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        request_it(study)
    finally:
        event.remove(engine, "before_cursor_execute", note)
    assert len([statement for statement in statements if "webhook" in statement]) == 1


@pytest.mark.database("postgresql")
def test_a_webhook_that_is_being_deleted_does_not_undo_the_change(
    session, study, group, make_webhook, request_it, app
):
    """A row that refers to it would wait for the deletion and then violate its foreign key."""
    webhook = make_webhook(group)
    with Session(session.get_bind()) as other:
        other.delete(other.get(Webhook, webhook.id))
        other.flush()
        request_it(study)
        other.commit()
    session.rollback()
    assert execution_find_latest(session, study_case_id=study.id).state is ExecutionState.QUEUED
