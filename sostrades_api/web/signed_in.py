"""Who looks at a page: the actor of the browser session, asked anew at every request."""

import datetime as dt
from urllib.parse import urlsplit

from flask import Blueprint, Flask, Response, abort, g, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import LoginManager, UserMixin, current_user, login_user, logout_user
from flask_wtf.csrf import CSRFError, CSRFProtect
from sqlalchemy.exc import SQLAlchemyError

from sostrades_api.access import Actor
from sostrades_api.http.problems import wants_page
from sostrades_api.models import db
from sostrades_api.services.sign_in_resume import sign_in_resume

SESSION_LIFETIME = dt.timedelta(hours=12)
csrf = CSRFProtect()


class SignedIn(UserMixin):
    """What Flask-Login calls a user: a ticket and its actor."""

    def __init__(self, ticket: str, actor: Actor) -> None:
        self.id = ticket
        self.actor = actor


def register(app: Flask) -> None:
    """Set up sessions; pages ask for CSRF tokens themselves, the API, which knows no cookie, does not."""
    app.config.update(WTF_CSRF_CHECK_DEFAULT=False, WTF_CSRF_TIME_LIMIT=None, WTF_CSRF_SSL_STRICT=False)
    app.config["PERMANENT_SESSION_LIFETIME"] = SESSION_LIFETIME
    csrf.init_app(app)
    manager = LoginManager(app)
    manager.session_protection = "basic"
    manager.user_loader(_load)
    manager.unauthorized_handler(_ask_to_sign_in)
    app.jinja_env.globals.update(signed_in_label=_label)


def guarded(name: str, module: str) -> Blueprint:
    """Pages for those who are signed in; what changes something needs a CSRF token."""
    pages = Blueprint(name, module)
    pages.before_request(_require)
    pages.after_request(_private)
    return pages


def actor() -> Actor:
    """Who looks at the page."""
    return current_user.actor


def begin(ticket: str, who: Actor) -> None:
    """Start a browser session from scratch: nothing of the one before survives."""
    session.clear()
    session.permanent = True
    login_user(SignedIn(ticket, who))


def end() -> None:
    """Forget the browser session."""
    logout_user()
    session.clear()


def local_address(address: str | None) -> str:
    """An address of this site to go on to; the list of study cases instead of any other."""
    parts = urlsplit(address or "")
    clean = address and address.isprintable() and not parts.scheme and not parts.netloc
    if address and clean and address.startswith("/") and address[1:2] not in {"/", "\\"}:
        return address
    return url_for("studies.show_all")


def _label() -> str | None:
    """Who is signed in, for pages that are shown to everybody, even while the database is away."""
    try:
        return current_user.actor.label if current_user.is_authenticated else None
    except SQLAlchemyError:
        return None


def _load(ticket: str) -> SignedIn | None:
    found = sign_in_resume(db.session(), ticket=ticket)
    return SignedIn(ticket, found) if found else None


def _require() -> ResponseReturnValue | None:
    if not current_user.is_authenticated:
        return _ask_to_sign_in()
    g.actor = current_user.actor
    try:
        csrf.protect()
    except CSRFError:
        abort(400, "This page is out of date; load it again and repeat what you did")
    return None


def _ask_to_sign_in() -> ResponseReturnValue:
    if request.method != "GET" or not wants_page():
        abort(401, "Sign in to go on")
    return redirect(url_for("sign_in.show", next=request.full_path.rstrip("?")))


def _private(response: Response) -> Response:
    response.headers.setdefault("Cache-Control", "no-store")
    return response
