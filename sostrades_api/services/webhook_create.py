"""Register an address that is told of changes of state."""

from collections.abc import Collection, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from threading import Thread

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from sostrades_api.access import Actor
from sostrades_api.access.webhook_secrets import new_salt, secret_of
from sostrades_api.access.webhook_targets import Target, TargetError, TargetPolicy, parse_target, resolve
from sostrades_api.errors import ConflictError, FaultyItem, InvalidValuesError
from sostrades_api.models import ExecutionState, Group, StudyCase, User, Webhook
from sostrades_api.services.unit_of_work import unit_of_work
from sostrades_api.services.webhook_get import require_writing
from sostrades_api.settings import Settings

_RESOLVER_SECONDS = 5.0


@dataclass(frozen=True)
class NewWebhook:
    """The webhook, and its secret, which is shown only now."""

    row: Webhook
    secret: str


def webhook_create(
    session: Session,
    *,
    owner: User | Group,
    url: str,
    states: Collection[ExecutionState] = (),
    study: StudyCase | None = None,
    actor: Actor,
    secret_key: str,
    settings: Settings,
) -> NewWebhook:
    """Add it, active at once.

    Args:
        session: Free of changes.
        owner: Whose roles decide what it is told.
        url: Where messages are posted.
        states: It is told of these; empty: of all.
        study: It is told of this study case, which the actor sees; None: of all the owner may see.
        actor: Who asks.
        secret_key: The platform's, from which secrets are derived.
        settings: Says where webhooks may lead, and how many somebody may have.

    Raises:
        ForbiddenError: the actor is read-only.
        InvalidValuesError: nothing may be sent to that address.
        ConflictError: the owner has as many as are allowed.
    """
    require_writing(actor)
    require_url(url, settings=settings)
    salt = new_salt(secret_key)
    is_user = isinstance(owner, User)
    study_case_id = study.id if study else None
    with unit_of_work(session, conflict="The owner or the study case has been deleted meanwhile"):
        _require_room(session, owner, limit=settings.webhooks_per_owner)
        webhook = Webhook(
            url=url,
            secret=salt,
            states=in_order(states),
            study_case_id=study_case_id,
            user_id=owner.id if is_user else None,
            group_id=None if is_user else owner.id,
            created_by=actor.label,
        )
        session.add(webhook)
    return NewWebhook(webhook, secret_of(salt, secret_key=secret_key))


def require_url(url: str, *, settings: Settings) -> None:
    """Look where an address leads.

    Raises:
        InvalidValuesError: Nothing may be sent there.
    """
    try:
        _resolve_in_time(parse_target(url), policy=TargetPolicy(settings.webhook_networks))
    except TargetError as error:
        raise InvalidValuesError([FaultyItem(f"the address {error}", pointer="/url")]) from error


def in_order(states: Collection[ExecutionState]) -> list[str]:
    """Each of the states once, as the table of states has them."""
    return [state.value for state in ExecutionState if state in states]


def _resolve_in_time(target: Target, *, policy: TargetPolicy) -> Sequence[str]:
    """As `resolve`; a name server that does not answer holds a request up for seconds only."""
    future: Future[Sequence[str]] = Future()

    def work() -> None:
        try:
            future.set_result(resolve(target, policy=policy))
        except TargetError as error:
            future.set_exception(error)

    Thread(target=work, name="resolver", daemon=True).start()
    try:
        return future.result(_RESOLVER_SECONDS)
    except TimeoutError:
        msg = f"is not resolved within {_RESOLVER_SECONDS:g} s"
        raise TargetError(msg) from None


def _require_room(session: Session, owner: User | Group, *, limit: int) -> None:
    kind = type(owner)
    # Whoever adds another one for the same owner waits here, and counts this one.
    session.execute(select(kind.id).where(kind.id == owner.id).with_for_update(key_share=True))
    column = Webhook.user_id if isinstance(owner, User) else Webhook.group_id
    if (session.scalar(select(func.count(Webhook.id)).where(column == owner.id)) or 0) >= limit:
        msg = f"The owner has {limit} webhooks already, and may have no more; delete one that is not needed"
        raise ConflictError(msg)
