"""The migrations make exactly the tables the models describe, on both databases."""

import os

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, select

from sostrades_api.migration import MIGRATIONS_DIR, is_current, migrate_database
from sostrades_api.models import Execution, ExecutionLog, StudyCase, db
from sostrades_api.settings import PROJECT_DIR
from tests.servers.launcher import launcher


@pytest.fixture
def config(app):
    with app.app_context():
        return app.extensions["migrate"].migrate.get_config(str(MIGRATIONS_DIR))


def tables(app):
    with app.app_context():
        return set(inspect(db.engine).get_table_names()) - {"alembic_version", "sqlite_sequence"}


def differences(app):
    with app.app_context(), db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return compare_metadata(context, db.metadata)


def test_there_is_one_head():
    assert len(ScriptDirectory(str(MIGRATIONS_DIR)).get_heads()) == 1


def test_the_migrated_tables_are_those_of_the_models(app):
    assert tables(app) == set(db.metadata.tables)
    assert differences(app) == []


def test_down_and_up_again_leads_to_the_same_tables(app, config):
    with app.app_context():
        command.downgrade(config, "base")
        assert tables(app) == set()
        assert not is_current()
        command.upgrade(config, "head")
        assert is_current()
    assert differences(app) == []


def test_a_column_comes_and_goes_without_touching_rows_that_refer_to_its_table(
    app, config, session, make_group
):
    study = StudyCase(name="study", process_name="sellar", group_id=make_group().id, created_by="test")
    session.add(study)
    session.flush()
    execution = Execution(
        study_case_id=study.id, study_revision=1, process_name="sellar", requested_by="test"
    )
    session.add(execution)
    session.flush()
    session.add(ExecutionLog(execution_id=execution.id, attempt=1, level="INFO", message="a line"))
    session.commit()
    session.close()
    with app.app_context():
        command.downgrade(config, "0002")
        command.upgrade(config, "head")
    assert session.scalars(select(ExecutionLog.message)).all() == ["a line"]
    assert session.scalars(select(Execution.losses)).all() == [0]


@pytest.mark.slow
def test_two_first_starts_at_once_both_succeed(app, config, settings, tmp_path):
    with app.app_context():
        command.downgrade(config, "base")
    environment = {
        **os.environ,
        "DATABASE_URL": settings.database_url,
        "SOSTRADES_DATA_DIR": str(settings.data_dir),
    }
    logs = [tmp_path / f"start-{number}.log" for number in range(2)]
    upgrade = ["--app", "wsgi", "db", "upgrade"]
    processes = [
        launcher().start("flask", upgrade, env=environment, cwd=PROJECT_DIR, output=log) for log in logs
    ]
    assert [process.wait(120) for process in processes] == [0, 0], [log.read_text() for log in logs]
    assert tables(app) == set(db.metadata.tables)


def test_migrating_a_current_database_does_nothing(app):
    migrate_database(app)
    assert differences(app) == []
