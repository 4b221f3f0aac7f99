"""Who a browser session belongs to, checked anew at every request.

A session holds a ticket: ``user:<id>:<mark of the password>`` or ``key:<id>``. A new password, a revoked key
or a deactivated user ends it at once.
"""

import hashlib
import hmac

from sqlalchemy.orm import Session

from sostrades_api.access import Actor
from sostrades_api.models import User
from sostrades_api.services.actor_of_user import actor_of_user
from sostrades_api.services.api_key_find_valid import api_key_find_valid

_USER, _KEY = "user", "key"


def sign_in_resume(session: Session, *, ticket: str) -> Actor | None:
    """The actor of this ticket as they are now; None when the ticket opens nothing any more."""
    kind, _, rest = ticket.partition(":")
    number, _, mark = rest.partition(":")
    if not number.isascii() or not number.isdecimal():
        return None
    if kind == _USER:
        return _resume_user(session, int(number), mark=mark)
    return _resume_key(session, int(number)) if kind == _KEY else None


def ticket_of_user(user: User) -> str:
    """The ticket of somebody who signed in with a password."""
    return f"{_USER}:{user.id}:{_mark(user)}"


def ticket_of_key(actor: Actor) -> str:
    """The ticket of somebody who signed in with an API key."""
    return f"{_KEY}:{actor.api_key_id}"


def _resume_user(session: Session, user_id: int, *, mark: str) -> Actor | None:
    user = session.get(User, user_id)
    if user is None or not user.is_active or not hmac.compare_digest(mark, _mark(user)):
        return None
    return actor_of_user(session, user)


def _resume_key(session: Session, api_key_id: int) -> Actor | None:
    key = api_key_find_valid(session, api_key_id=api_key_id)
    return key.actor if key else None


def _mark(user: User) -> str:
    """Changes with the password; the password hash is salted, so nothing can be learnt from it."""
    return hashlib.sha256((user.password_hash or "").encode()).hexdigest()[:24]
