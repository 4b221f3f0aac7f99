"""The rows that users find: groups with keys, and study cases; and an application that makes them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from flask import Flask
from sqlalchemy.orm import Session

from benchmarks.chaos.stage import Stage
from benchmarks.chaos.undisturbed import install_processes
from benchmarks.chaos.user import Study
from sostrades_api.access import COMMAND_LINE
from sostrades_api.app import create_app
from sostrades_api.migration import migrate_database
from sostrades_api.models import Group, StudyCase, db
from sostrades_api.platform import Platform, platform_of
from sostrades_api.services.api_key_create import api_key_create
from sostrades_api.services.study_case_create import study_case_create

_FAILING_EVERY = 6  # so many study cases there are to one whose process always fails


@dataclass(frozen=True)
class World:
    """An application of this process on the stage's database."""

    app: Flask
    session: Session
    platform: Platform

    def group(self, name: str) -> tuple[Group, str]:
        """A group, and the secret of its key."""
        group = Group(name=name)
        self.session.add(group)
        self.session.commit()
        return group, api_key_create(self.session, owner=group, name=name).secret

    def study(self, group: Group, *, name: str, process_name: str) -> StudyCase:
        """A study case with every default."""
        study = study_case_create(
            self.session,
            actor=COMMAND_LINE,
            process_name=process_name,
            name=name,
            group=group,
            values=self.platform.values,
        )
        self.session.commit()
        return study

    def owned_studies(self, count: int, *, groups: int) -> list[tuple[Study, str]]:
        """Study cases, each with the secret of the key of its group."""
        owners = [self.group(f"group {number + 1}") for number in range(groups)]
        found = []
        for number in range(count):
            group, secret = owners[number % groups]
            fails = number % _FAILING_EVERY == _FAILING_EVERY - 1
            name = f"study {number + 1}"
            study = self.study(group, name=name, process_name="test_failing" if fails else "test_storm")
            found.append((Study(study.id, name, fails), secret))
        self.session.close()  # its connection will not outlive the storm
        return found


@contextmanager
def world_of(stage: Stage) -> Iterator[World]:
    """With a migrated database; all connections are closed at the end."""
    install_processes()
    app = create_app(stage.settings)
    migrate_database(app)
    platform = platform_of(app)
    with app.app_context():
        try:
            yield World(app, db.session(), platform)
        finally:
            db.session.remove()
            db.engine.dispose()
            platform.loader.close()
            platform.queue.redis.close()
