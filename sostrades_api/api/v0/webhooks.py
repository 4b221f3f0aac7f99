"""Webhooks: addresses that are told of changes of state."""

from http import HTTPStatus

from flask import Response, current_app, jsonify
from flask_openapi3 import Tag
from sqlalchemy import select

from sostrades_api.access import Actor, Permission
from sostrades_api.api.v0 import documentation as doc
from sostrades_api.api.v0.access import session, study_for
from sostrades_api.api.v0.blueprint import blueprint
from sostrades_api.api.v0.requests import body_as
from sostrades_api.api.v0.webhook_schemas import (
    DeliveryPath,
    NewlyShownWebhook,
    PageQuery,
    ReplayBody,
    Replayed,
    ShownDeliveries,
    ShownDelivery,
    ShownWebhook,
    ShownWebhooks,
    WebhookBody,
    WebhookChanges,
    WebhookPath,
)
from sostrades_api.errors import FaultyItem, InvalidValuesError
from sostrades_api.http.authentication import current_actor
from sostrades_api.models import Group, User, Webhook
from sostrades_api.platform import current_platform
from sostrades_api.services.names import normalised_name
from sostrades_api.services.webhook_create import NewWebhook, webhook_create
from sostrades_api.services.webhook_describe import delivery_describe, webhook_describe
from sostrades_api.services.webhook_get import (
    delivery_get,
    delivery_list,
    require_writing,
    webhook_get,
    webhook_list,
)
from sostrades_api.services.webhook_replay import delivery_replay, webhook_ping, webhook_replay
from sostrades_api.services.webhook_update import webhook_delete, webhook_rotate, webhook_update

api = blueprint(
    "webhooks", tag=Tag(name="webhooks", description="Be told of changes of state, by signed messages")
)

_LOCATION = {"Location": {"description": "The new webhook", "schema": {"type": "string"}}}


@api.get("/webhooks", responses={200: doc.json_answer(ShownWebhooks), **doc.problems()})
def find(query: PageQuery) -> Response:
    """List the caller's webhooks and those of its groups, the latest first."""
    webhooks = webhook_list(session(), actor=current_actor(), before=query.before, limit=query.limit)
    return jsonify([webhook_describe(session(), webhook) for webhook in webhooks])


@api.post(
    "/webhooks",
    responses={
        201: doc.json_answer(NewlyShownWebhook, headers=_LOCATION),
        **doc.problems(400, 403, 404, 409, 413, 415),
    },
    openapi_extensions=doc.json_body(WebhookBody),
)
def create() -> tuple[Response, int, dict[str, str]]:
    """Register an address that is told of changes of state; the answer shows its secret."""
    body, actor = body_as(WebhookBody), current_actor()
    require_writing(actor)
    study = None if body.study_case_id is None else study_for(Permission.VIEW, body.study_case_id)
    new = webhook_create(
        session(),
        owner=_owner(actor, group=body.group),
        url=body.url,
        states=body.states,
        study=study,
        actor=actor,
        secret_key=current_app.config["SECRET_KEY"],
        settings=current_platform().settings,
    )
    return _shown_new(new), HTTPStatus.CREATED, {"Location": f"{api.url_prefix}/webhooks/{new.row.id}"}


@api.get("/webhooks/<whole:webhook_id>", responses={200: doc.json_answer(ShownWebhook), **doc.problems(404)})
def show(path: WebhookPath) -> Response:
    """Show a webhook."""
    return jsonify(webhook_describe(session(), _webhook(path)))


@api.patch(
    "/webhooks/<whole:webhook_id>",
    responses={200: doc.json_answer(ShownWebhook), **doc.problems(400, 403, 404, 413, 415)},
    openapi_extensions=doc.json_body(WebhookChanges),
)
def change(path: WebhookPath) -> Response:
    """Change its address or the states it is told of, disable or enable it."""
    webhook, body = _webhook(path), body_as(WebhookChanges)
    changed = webhook_update(
        session(),
        webhook,
        actor=current_actor(),
        settings=current_platform().settings,
        url=body.url,
        states=body.states,
        is_active=body.is_active,
    )
    return jsonify(webhook_describe(session(), changed))


@api.delete(
    "/webhooks/<whole:webhook_id>",
    responses={204: {"description": "It is gone, with its deliveries"}, **doc.problems(403, 404)},
)
def delete(path: WebhookPath) -> tuple[str, int]:
    """Delete a webhook with its deliveries."""
    webhook_delete(session(), _webhook(path), actor=current_actor())
    return "", HTTPStatus.NO_CONTENT


@api.post(
    "/webhooks/<whole:webhook_id>/secret",
    responses={200: doc.json_answer(NewlyShownWebhook), **doc.problems(403, 404)},
)
def rotate(path: WebhookPath) -> Response:
    """Give it a new secret; for a day messages carry the signature of the old one too."""
    secret_key = current_app.config["SECRET_KEY"]
    return _shown_new(webhook_rotate(session(), _webhook(path), actor=current_actor(), secret_key=secret_key))


@api.post(
    "/webhooks/<whole:webhook_id>/test",
    responses={202: doc.json_answer(ShownDelivery), **doc.problems(403, 404, 409)},
)
def test(path: WebhookPath) -> tuple[Response, int]:
    """Send it a message that says nothing."""
    delivery = webhook_ping(session(), _webhook(path), actor=current_actor())
    return jsonify(delivery_describe(delivery)), HTTPStatus.ACCEPTED


@api.get(
    "/webhooks/<whole:webhook_id>/deliveries",
    responses={200: doc.json_answer(ShownDeliveries), **doc.problems(404)},
)
def deliveries(path: WebhookPath, query: PageQuery) -> Response:
    """List its messages and what became of them, the latest first."""
    found = delivery_list(session(), _webhook(path), before=query.before, limit=query.limit)
    return jsonify([delivery_describe(delivery) for delivery in found])


@api.post(
    "/webhooks/<whole:webhook_id>/deliveries/<whole:delivery_id>/replay",
    responses={202: doc.json_answer(ShownDelivery), **doc.problems(403, 404, 409)},
)
def replay_one(path: DeliveryPath) -> tuple[Response, int]:
    """Send a message again, under the same message id."""
    webhook = _webhook(path)
    delivery = delivery_get(session(), webhook, delivery_id=path.delivery_id)
    replayed = delivery_replay(session(), webhook, delivery, actor=current_actor())
    return jsonify(delivery_describe(replayed)), HTTPStatus.ACCEPTED


@api.post(
    "/webhooks/<whole:webhook_id>/replay",
    responses={202: doc.json_answer(Replayed), **doc.problems(400, 403, 404, 409, 413, 415)},
    openapi_extensions=doc.json_body(ReplayBody),
)
def replay(path: WebhookPath) -> tuple[Response, int]:
    """Send again what failed since a moment."""
    webhook, body = _webhook(path), body_as(ReplayBody)
    count = webhook_replay(
        session(), webhook, since=body.since, delivered=body.delivered, actor=current_actor()
    )
    return jsonify({"replayed": count}), HTTPStatus.ACCEPTED


def _webhook(path: WebhookPath) -> Webhook:
    return webhook_get(session(), path.webhook_id, actor=current_actor())


def _owner(actor: Actor, *, group: str | None) -> User | Group:
    """The caller, or the group that it names and is in."""
    if group is None and actor.user_id is not None:
        return session().get_one(User, actor.user_id)
    if group is None and len(actor.group_ids) == 1:
        return session().get_one(Group, next(iter(actor.group_ids)))
    name = normalised_name(group or "")
    found = session().scalar(select(Group).where(Group.name == name)) if "\x00" not in name else None
    if found is None or not (actor.is_admin or found.id in actor.group_ids):
        msg = "the caller is in no group of this name"
        raise InvalidValuesError([FaultyItem(msg, pointer="/group")])
    return found


def _shown_new(new: NewWebhook) -> Response:
    response = jsonify(webhook_describe(session(), new.row) | {"secret": new.secret})
    response.headers["Cache-Control"] = "no-store"
    return response
