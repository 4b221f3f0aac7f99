"""``flask demo_seed``: owner, group, API key and study cases of the demo; made once, found again later."""

import json
import os
import secrets
from dataclasses import asdict, dataclass, field
from pathlib import Path

import click
from flask import current_app
from flask.cli import with_appcontext
from sqlalchemy.orm import Session

from sostrades_api.access import Actor
from sostrades_api.errors import AuthenticationError, NotFoundError
from sostrades_api.migration import migrate_database
from sostrades_api.models import Group, StudyCase, User, db
from sostrades_api.platform import current_platform
from sostrades_api.processes import catalogue
from sostrades_api.services.actor_of_user import actor_of_user
from sostrades_api.services.api_key_authenticate import api_key_authenticate
from sostrades_api.services.api_key_create import api_key_create
from sostrades_api.services.group_add_member import group_add_member
from sostrades_api.services.group_create import group_create
from sostrades_api.services.group_get import group_get
from sostrades_api.services.study_case_create import study_case_create
from sostrades_api.services.user_create import user_create
from sostrades_api.services.user_get import user_get

USERNAME = "demo"
GROUP = "demo"
STUDY_CASES = {"sellar": "Sellar", "ssbj": "SSBJ", "dice2016r": "DICE"}  # process -> name


@dataclass
class DemoAccess:
    """What the demo remembers, readable for its owner only; the database has key and password hashed."""

    username: str = USERNAME
    password: str = ""
    api_key: str = ""
    study_cases: dict[str, int] = field(default_factory=dict)  # process -> id

    @classmethod
    def read(cls, path: Path) -> "DemoAccess":
        """What an earlier start wrote; empty when there was none or the file is damaged."""
        try:
            return cls(**json.loads(path.read_text("utf-8")))
        except (OSError, ValueError, TypeError):
            return cls()

    def write(self, path: Path) -> None:
        """Replace the file as a whole."""
        temporary = path.with_suffix(".new")
        temporary.unlink(missing_ok=True)
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(asdict(self), file)
        temporary.replace(path)


@click.command("demo_seed", hidden=True)
@with_appcontext
def demo_seed() -> None:
    """Print, as JSON, how to sign in and the demo's study cases, once migrated and complete."""
    migrate_database(current_app)
    path = current_platform().settings.data_dir / "demo.json"
    access = DemoAccess.read(path)
    owner = _owner(db.session(), access, path=path)
    group = _group(db.session(), owner)
    _renew_key(db.session(), access, owner)
    studies = [
        _study_case(db.session(), access, process_name=process, owner=owner, group=group)
        for process in STUDY_CASES
        if process in catalogue.names()
    ]
    access.study_cases = {study.process_name: study.id for study in studies}
    access.write(path)
    click.echo(json.dumps({**asdict(access), "study_cases": [_shown(study) for study in studies]}))


def _owner(session: Session, access: DemoAccess, *, path: Path) -> User:
    try:
        return user_get(session, username=USERNAME)
    except NotFoundError:
        access.password = secrets.token_urlsafe(12)
        access.write(path)  # first, so that no interruption leaves a user with an unknown password
        return user_create(session, username=USERNAME, password=access.password)


def _group(session: Session, owner: User) -> Group:
    try:
        group = group_get(session, name=GROUP)
    except NotFoundError:
        group = group_create(session, name=GROUP)
    group_add_member(session, group=group, user=owner)
    return group


def _renew_key(session: Session, access: DemoAccess, owner: User) -> None:
    try:
        api_key_authenticate(session, key=access.api_key)
    except AuthenticationError:
        access.api_key = api_key_create(session, owner=owner, name="demo").secret


def _study_case(
    session: Session, access: DemoAccess, *, process_name: str, owner: User, group: Group
) -> StudyCase:
    known = session.get(StudyCase, access.study_cases.get(process_name, 0))
    if known is not None and known.deleted_at is None and known.process_name == process_name:
        return known
    actor: Actor = actor_of_user(session, owner)
    return study_case_create(
        session,
        actor=actor,
        process_name=process_name,
        name=STUDY_CASES[process_name],
        group=group,
        values=current_platform().values,
    )


def _shown(study: StudyCase) -> dict[str, object]:
    return {"id": study.id, "name": study.name, "process": study.process_name}
