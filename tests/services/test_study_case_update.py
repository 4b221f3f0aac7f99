"""Concurrent updates, and what an update leaves behind when it fails."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from sostrades_api.errors import InvalidValuesError, PreconditionFailedError
from sostrades_api.models import Execution, ParameterChange, StoredValue, StudyCase, StudyParameter, db
from sostrades_api.services.execution_request import execution_request
from sostrades_api.services.parameter_check import ScalarUpdate
from sostrades_api.services.study_case_create import study_case_create
from sostrades_api.services.study_case_load import study_case_load
from sostrades_api.services.study_case_update import study_case_update

NAMES = ("max_mda_iter", "tolerance", "relaxation_factor")


@pytest.fixture
def actor(accounts):
    return accounts.actor(accounts.group("owners"))


@pytest.fixture
def study_id(app, session, platform, accounts, actor):
    group = accounts.group("creators")
    creator = accounts.actor(group)
    study = study_case_create(
        session, actor=creator, process_name="dice2016r", name="S", group=group, values=platform.values
    )
    identifier = study.id
    session.commit()
    return identifier


@pytest.fixture
def sessions(app):
    with app.app_context():
        return sessionmaker(db.engine)


def change(sessions, platform, study_id, actor, **options):
    scalars = [
        ScalarUpdate(variable_id=f"S.{name}", value=value) for name, value in options.pop("values").items()
    ]
    with sessions() as session:
        study = session.get_one(StudyCase, study_id)
        return study_case_update(
            session, study, actor=actor, values=platform.values, scalars=scalars, **options
        )


def loaded(sessions, platform, study_id):
    with sessions() as session:
        return study_case_load(session, study_id, values=platform.values)


def test_concurrent_updates_of_different_variables_lose_nothing(sessions, platform, study_id, actor):
    start = threading.Barrier(3)

    def many(name):
        start.wait()
        base = 0.5 if name == "relaxation_factor" else 1 if name == "max_mda_iter" else 0.0
        for number in range(1, 11):
            value = base + number if name == "max_mda_iter" else base + number / 1000
            change(sessions, platform, study_id, actor, values={name: value})

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(many, NAMES))
    study = loaded(sessions, platform, study_id)
    values = {name: study.variables[f"S.{name}"]["value"] for name in NAMES}
    assert values == {"max_mda_iter": 11, "tolerance": 0.01, "relaxation_factor": 0.51}
    assert study.revision == 31
    with sessions() as session:
        revisions = session.scalars(select(ParameterChange.revision)).all()
    assert sorted(revisions) == list(range(2, 32))


def test_of_concurrent_updates_with_one_revision_one_wins(sessions, platform, study_id, actor):
    start = threading.Barrier(4)

    def once(value):
        start.wait()
        try:
            change(
                sessions, platform, study_id, actor, values={"max_mda_iter": value}, if_match_revisions={1}
            )
        except PreconditionFailedError:
            return None
        return value

    with ThreadPoolExecutor(4) as pool:
        won = [value for value in pool.map(once, (11, 12, 13, 14)) if value is not None]
    assert len(won) == 1
    assert loaded(sessions, platform, study_id).variables["S.max_mda_iter"]["value"] == won[0]


def test_the_history_chains_old_to_new_under_concurrency(sessions, platform, study_id, actor):
    with ThreadPoolExecutor(4) as pool:
        futures = [
            pool.submit(change, sessions, platform, study_id, actor, values={"max_mda_iter": 100 + number})
            for number in range(20)
        ]
        for future in futures:
            future.result()
    with sessions() as session:
        changes = session.scalars(select(ParameterChange).order_by(ParameterChange.revision)).all()
        assert changes[0].old_digest is None
        assert [change.old_digest for change in changes[1:]] == [change.new_digest for change in changes[:-1]]
        row = session.get_one(StudyParameter, (study_id, "max_mda_iter"))
        assert row.digest == changes[-1].new_digest


def test_a_refused_update_stores_nothing_at_all(sessions, platform, study_id, actor):
    with sessions() as session:
        before = session.scalar(select(func.count()).select_from(StoredValue))
    with pytest.raises(InvalidValuesError):
        change(sessions, platform, study_id, actor, values={"max_mda_iter": 77, "tolerance": "x"})
    with sessions() as session:
        assert session.scalar(select(func.count()).select_from(StoredValue)) == before
        assert session.scalars(select(ParameterChange)).all() == []


def test_an_update_during_a_run_is_taken_and_leaves_the_run_alone(sessions, platform, study_id, actor):
    with sessions() as session:
        study = session.get_one(StudyCase, study_id)
        execution_id = execution_request(session, study, actor=actor, queue=platform.queue).id
    change(sessions, platform, study_id, actor, values={"max_mda_iter": 55})
    with sessions() as session:
        assert session.get_one(Execution, execution_id).study_revision == 1
        assert session.get_one(StudyCase, study_id).revision == 2


def test_a_load_is_of_one_moment(sessions, platform, study_id, actor):
    """Two variables that always change together are never seen apart."""
    stop = threading.Event()

    def write():
        number = 1
        while not stop.is_set():
            number += 1
            values = {"max_mda_iter": number, "tolerance": number / 1_000_000}
            change(sessions, platform, study_id, actor, values=values)

    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(write)
        try:
            for _ in range(30):
                study = loaded(sessions, platform, study_id)
                pair = [study.variables[f"S.{name}"]["value"] for name in ("max_mda_iter", "tolerance")]
                if study.revision > 1:
                    assert pair == [study.revision, study.revision / 1_000_000]
        finally:
            stop.set()
        writing.result()


def test_the_session_is_left_clean_after_a_failure(session: Session, platform, study_id, actor):
    study = session.get_one(StudyCase, study_id)
    wrong = [ScalarUpdate(variable_id="S.nope", value=1)]
    with pytest.raises(InvalidValuesError):
        study_case_update(session, study, actor=actor, values=platform.values, scalars=wrong)
    right = [ScalarUpdate(variable_id="S.max_mda_iter", value=9)]
    assert study_case_update(session, study, actor=actor, values=platform.values, scalars=right).revision == 2
