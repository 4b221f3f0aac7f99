"""Sign in with user name and password or with an API key; sign out."""

from typing import Any

from flask import Blueprint, Flask, Response, abort, redirect, render_template, request, url_for
from flask_limiter.util import get_remote_address
from flask_login import current_user
from flask_wtf.csrf import CSRFError
from werkzeug.wrappers import Response as AnyResponse

from sostrades_api.access.api_keys import start_of
from sostrades_api.errors import AuthenticationError
from sostrades_api.http.rate_limit import limiter_of
from sostrades_api.models import db
from sostrades_api.services.actor_of_user import actor_of_user
from sostrades_api.services.api_key_authenticate import api_key_authenticate
from sostrades_api.services.names import normalised_name
from sostrades_api.services.sign_in_resume import ticket_of_key, ticket_of_user
from sostrades_api.services.user_authenticate import user_authenticate
from sostrades_api.web import signed_in

pages = Blueprint("sign_in", __name__)

REFUSAL = "That did not work. Check what you typed; after several failures you have to wait a minute."
FAILURES_OF_ADDRESS = "30 per minute"
FAILURES_OF_NAME = "8 per minute"
_LONGEST = 1024


def throttle(app: Flask) -> None:
    """Slow down guessing: of one address, and of one name from anywhere or one key from one address."""
    limiter = limiter_of(app)
    limited: Any = app.view_functions["sign_in.enter"]
    for rule, key in ((FAILURES_OF_ADDRESS, get_remote_address), (FAILURES_OF_NAME, _name_asked_for)):
        limited = limiter.limit(rule, key_func=key, deduct_when=_failed)(limited)
    app.view_functions["sign_in.enter"] = limited


@pages.get("/")
def home() -> AnyResponse:
    """Lead to the study cases."""
    return redirect(url_for("studies.show_all"))


@pages.get("/sign-in")
def show() -> AnyResponse | str:
    """Show the form."""
    if current_user.is_authenticated:
        return redirect(signed_in.local_address(request.args.get("next")))
    return _form()


@pages.post("/sign-in")
def enter() -> AnyResponse | tuple[str, int]:
    """Sign in, or say that it did not work without saying why."""
    try:
        signed_in.csrf.protect()
    except CSRFError:
        return _form(error="This page was out of date. Please try again."), 400
    try:
        _begin()
    except AuthenticationError:
        return _form(error=REFUSAL), 401
    return redirect(signed_in.local_address(request.form.get("next")))


@pages.post("/sign-out")
def leave() -> AnyResponse:
    """Sign out."""
    try:
        signed_in.csrf.protect()
    except CSRFError:
        abort(400, "This page is out of date; load it again and repeat what you did")
    signed_in.end()
    return redirect(url_for("sign_in.show"))


def _begin() -> None:
    key = request.form.get("api_key", "").strip()
    if key:
        who = api_key_authenticate(db.session(), key=key[:_LONGEST])
        signed_in.begin(ticket_of_key(who), who)
        return
    user = user_authenticate(
        db.session(),
        username=request.form.get("username", "")[:_LONGEST],
        password=request.form.get("password", "")[:_LONGEST],
    )
    signed_in.begin(ticket_of_user(user), actor_of_user(db.session(), user))


def _form(error: str | None = None) -> str:
    going_on = signed_in.local_address(request.values.get("next"))
    return render_template(
        "sign_in.html", error=error, next=going_on, username=request.form.get("username", "")
    )


def _name_asked_for() -> str:
    """What failures are counted by: a user name from anywhere, a key's start from one address.

    A key cannot be guessed; counted together, a stranger's failures would shut out everybody's keys.
    """
    key = request.form.get("api_key", "").strip()
    if key:
        return f"sign-in-key:{start_of(key)}:{get_remote_address()}"
    return f"sign-in:{normalised_name(request.form.get('username', '')[:200]).lower()}"


def _failed(response: Response) -> bool:
    return response.status_code == 401
