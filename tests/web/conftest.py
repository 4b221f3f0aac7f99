"""Browser sessions without a browser, and a study case whose results are in the database."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from sostrades_api.models import StudyCase, User
from sostrades_api.services.passwords import hash_password
from sostrades_api.services.sign_in_resume import ticket_of_user
from tests.factories import AccountFactory
from tests.support.finished import finished_study

PASSWORD = "correct horse battery staple"
HASH = hash_password(PASSWORD)
_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
PAGE = {"Accept": "text/html"}


@dataclass
class Pages:
    """A browser session: keeps cookies, sends the CSRF token of the page it saw last."""

    client: FlaskClient
    token: str = ""

    def get(self, path: str, **options: Any) -> TestResponse:
        response = self.client.get(path, headers=PAGE | options.pop("headers", {}), **options)
        found = _TOKEN.search(response.get_data(as_text=True)) if response.mimetype == "text/html" else None
        self.token = found[1] if found else self.token
        return response

    def post(self, path: str, data: dict[str, Any] | None = None, **options: Any) -> TestResponse:
        headers = PAGE | options.pop("headers", {})
        form = {"csrf_token": self.token} | (data or {})
        return self.client.post(path, data=form, headers=headers, **options)

    def resume(self, user: User) -> None:
        """As if this user had signed in before: verifying a password is slow on purpose."""
        with self.client.session_transaction() as session:
            session.update({"_user_id": ticket_of_user(user), "_fresh": True})
        self.get("/study-cases")

    def sign_in(self, username: str, password: str = PASSWORD, **more: str) -> TestResponse:
        self.get("/sign-in")
        response = self.post("/sign-in", {"username": username, "password": password, **more})
        self.get("/study-cases")
        return response


@pytest.fixture
def new_pages(app: Flask) -> Callable[[], Pages]:
    """Another browser."""
    return lambda: Pages(app.test_client())


@pytest.fixture
def member(accounts: AccountFactory) -> User:
    """A user with a password, member of a group of the same name."""
    user = accounts.user("alice", password_hash=HASH)
    accounts.group("team", members=(user,))
    return user


@pytest.fixture
def pages(new_pages: Callable[[], Pages], member: User) -> Pages:
    """The browser of ``member``, signed in."""
    browser = new_pages()
    browser.resume(member)
    return browser


@pytest.fixture
def study(app: Flask, session: Session, member: User) -> StudyCase:
    """DICE-2016R, executed, of the member's group."""
    return finished_study(app, session, group=member.groups[0], name="Climate")
