"""A study case of every type of variable, and clients with each role on it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from sostrades_api.access import Role
from sostrades_api.engine import Process, build
from sostrades_api.models import Group, StudyCase
from sostrades_api.platform import Platform
from sostrades_api.processes import catalogue
from sostrades_api.services.study_case_create import study_case_create
from tests.api.every_type import PROCESS
from tests.factories import AccountFactory, StudyFactory


@dataclass
class ApiClient:
    """Sends requests with one key."""

    client: FlaskClient
    key: str

    def get(self, path: str, **options: Any) -> TestResponse:
        return self._send("GET", path, options)

    def post(self, path: str, **options: Any) -> TestResponse:
        return self._send("POST", path, options)

    def send(self, method: str, path: str, **options: Any) -> TestResponse:
        return self._send(method, path, options)

    def _send(self, method: str, path: str, options: dict[str, Any]) -> TestResponse:
        headers = {"Authorization": f"Bearer {self.key}"} | options.pop("headers", {})
        return self.client.open(f"/api/v0{path}", method=method, headers=headers, **options)


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch) -> Callable[[Process], None]:
    """``install(process)``: as if a package had brought it."""
    plans: dict[str, Any] = {}
    processes: dict[str, Process] = {}
    names, get, plan_of = catalogue.names, catalogue.get, catalogue.plan_of
    monkeypatch.setattr(catalogue, "names", lambda: tuple(sorted({*names(), *processes})))
    monkeypatch.setattr(catalogue, "get", lambda name: processes[name] if name in processes else get(name))
    monkeypatch.setattr(catalogue, "plan_of", lambda name: plans[name] if name in plans else plan_of(name))

    def add(process: Process) -> None:
        processes[process.name] = process
        plans[process.name] = build(process)

    return add


@pytest.fixture
def group(accounts: AccountFactory) -> Group:
    """The group that owns the study case."""
    return accounts.group("owners")


@pytest.fixture
def new_study(
    install: Callable[[Process], None],
    session: Session,
    platform: Platform,
    accounts: AccountFactory,
    group: Group,
) -> Callable[..., StudyCase]:
    """``new_study(name="Study", **options)`` of the process with every type."""
    install(PROCESS)

    def make(name: str = "Study", **options: Any) -> StudyCase:
        options = {"process_name": PROCESS.name, "group": group, "actor": accounts.actor(group)} | options
        study = study_case_create(session, name=name, values=platform.values, **options)
        session.refresh(study)
        session.expunge(study)
        session.rollback()
        return study

    return make


@pytest.fixture
def study(new_study: Callable[..., StudyCase]) -> StudyCase:
    """A study case of every type, called "Study"."""
    return new_study()


@pytest.fixture
def api(client: FlaskClient, accounts: AccountFactory, group: Group) -> ApiClient:
    """The group that owns the study case."""
    return ApiClient(client, accounts.key(group))


@pytest.fixture
def api_as(
    client: FlaskClient,
    session: Session,
    accounts: AccountFactory,
    studies: StudyFactory,
    study: StudyCase,
) -> Callable[[Role | None], ApiClient]:
    """``api_as(role)``: a user with that role on the study case, or with none."""

    def make(role: Role | None) -> ApiClient:
        session.rollback()  # SQLite refuses to write on a snapshot that has become old
        user = accounts.user()
        if role is not None:
            studies.right(study, user, role)
        return ApiClient(client, accounts.key(user))

    return make


@pytest.fixture
def api_with(api: ApiClient) -> Callable[[Flask], ApiClient]:
    """``api_with(app)``: the owning group, asking another application on the same database."""
    return lambda app: ApiClient(app.test_client(), api.key)
