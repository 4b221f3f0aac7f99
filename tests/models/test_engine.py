"""Connections: readers and writers do not get in each other's way."""

import threading
import time

import pytest
from sqlalchemy import create_engine, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.orm import Session

from sostrades_api.models import Group, GroupMember, db
from sostrades_api.models import engine as engine_module
from sostrades_api.models.engine import BUSY_TIMEOUT_MS, WRITING, engine_options
from sostrades_api.services.group_create import group_create


@pytest.fixture
def engine(app):
    with app.app_context():
        return db.engine


def test_a_foreign_key_is_enforced(session):
    session.add(GroupMember(group_id=1, user_id=1))
    with pytest.raises(IntegrityError):
        session.commit()


def test_deleting_a_group_deletes_its_keys(session, make_group, make_key):
    group = make_group()
    make_key(group)
    session.delete(group)
    session.commit()
    assert session.scalar(text("SELECT count(*) FROM api_keys")) == 0


@pytest.mark.database("sqlite")
def test_sqlite_is_set_up_for_many_processes(engine):
    with engine.connect() as connection:
        values = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    assert values == {"journal_mode": "wal", "synchronous": 1, "foreign_keys": 1, "busy_timeout": 10_000}


def test_a_reader_does_not_wait_for_a_writer(engine, session):
    group_create(session, name="before")
    with Session(engine) as writer, Session(engine) as reader:
        writer.connection(execution_options={WRITING: True})
        writer.add(Group(name="not yet committed"))
        writer.flush()
        began = time.monotonic()
        names = reader.scalars(select(Group.name)).all()
        assert time.monotonic() - began < 5  # a writer is waited for 10 s
    assert names == ["before"]


def test_a_writer_does_not_wait_for_a_reader(engine, session):
    with Session(engine) as reader:
        assert reader.scalars(select(Group.name)).all() == []
        group_create(session, name="new")
        assert reader.in_transaction()


@pytest.mark.database("sqlite")
def test_a_second_writer_waits_for_the_first_instead_of_failing(engine, session):
    begun, released = threading.Event(), threading.Event()

    def write_slowly():
        with Session(engine) as writer:
            writer.connection(execution_options={WRITING: True})
            begun.set()
            released.wait(5)
            writer.add(Group(name="first"))
            writer.commit()

    thread = threading.Thread(target=write_slowly)
    thread.start()
    begun.wait(5)
    threading.Timer(0.2, released.set).start()
    group_create(session, name="second")
    thread.join()
    assert session.scalars(select(Group.name).order_by(Group.id)).all() == ["first", "second"]


@pytest.mark.database("sqlite")
def test_a_transaction_that_reads_first_and_writes_later_is_what_the_write_lock_prevents(engine):
    with Session(engine) as reader:
        reader.scalars(select(Group)).all()
        with Session(engine) as other:
            other.add(Group(name="other"))
            other.commit()
        reader.add(Group(name="late"))
        with pytest.raises(OperationalError):
            reader.commit()


@pytest.mark.database("postgresql")
def test_what_a_host_has_locked_that_is_no_more_is_free_soon(database_url, session, make_group, monkeypatch):
    group_id = make_group().id
    change = text("UPDATE groups SET served_at = now() WHERE id = :id")
    monkeypatch.setitem(engine_module._OF_SERVER, "idle_in_transaction_session_timeout", 200)
    frozen = create_engine(database_url, **engine_options(database_url))
    with frozen.connect() as gone:
        gone.execute(change, {"id": group_id})  # and nothing more comes from there
        began = time.monotonic()
        session.execute(change, {"id": group_id})
        assert time.monotonic() - began < BUSY_TIMEOUT_MS / 1000
        with pytest.raises(DBAPIError):
            gone.execute(change, {"id": group_id})
    frozen.dispose()
    assert session.scalar(text("SHOW idle_in_transaction_session_timeout")) == "2min"
    assert "tcp_keepalives_idle=3" in engine_options(database_url)["connect_args"]["options"]


def test_an_id_is_never_given_twice(session, make_group):
    group = make_group()
    first = group.id
    session.delete(group)
    session.commit()
    assert make_group().id > first


def test_an_error_of_the_database_names_no_value(engine):
    with engine.connect() as connection, pytest.raises(DBAPIError) as caught:
        connection.execute(text("SELECT :hash FROM nowhere"), {"hash": "a password hash"})
    assert "a password hash" not in str(caught.value)
