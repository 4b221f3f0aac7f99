"""One transaction a use case; side effects after the commit."""

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from sostrades_api.errors import ConflictError
from sostrades_api.models import Group
from sostrades_api.services.unit_of_work import unit_of_work


def names(session):
    session.rollback()
    return session.scalars(select(Group.name).order_by(Group.id)).all()


def test_what_is_added_is_committed_at_the_end(session):
    with unit_of_work(session):
        session.add(Group(name="a"))
    assert names(session) == ["a"]


def test_an_error_undoes_everything_and_runs_no_effect(session):
    effects = []

    def fail():
        with unit_of_work(session) as unit:
            session.add(Group(name="a"))
            unit.after_commit(lambda: effects.append(1))
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert names(session) == []
    assert effects == []


def test_effects_see_what_was_committed_and_run_in_order(session):
    seen = []
    with unit_of_work(session) as unit:
        session.add(Group(name="a"))
        unit.after_commit(lambda: seen.append(names(session)))
        unit.after_commit(lambda: seen.append("second"))
        assert seen == []
    assert seen == [["a"], "second"]


def test_a_failing_effect_is_logged_and_the_next_one_still_runs(session, caplog):
    seen = []
    with unit_of_work(session) as unit:
        session.add(Group(name="a"))
        unit.after_commit(lambda: 1 / 0)
        unit.after_commit(lambda: seen.append(1))
    assert seen == [1]
    assert "side effect" in caplog.text
    assert names(session) == ["a"]


def test_an_inner_unit_joins_the_outer_one(session):
    effects = []

    def fail_after_an_inner_unit():
        with unit_of_work(session):
            with unit_of_work(session) as inner:
                session.add(Group(name="a"))
                inner.after_commit(lambda: effects.append(1))
            assert effects == []
            raise KeyError

    with pytest.raises(KeyError):
        fail_after_an_inner_unit()
    assert names(session) == []
    assert effects == []


def test_effects_of_an_inner_unit_run_after_the_outer_commit(session):
    effects = []
    with unit_of_work(session):
        with unit_of_work(session) as inner:
            inner.after_commit(lambda: effects.append("inner"))
        effects.append("outer")
    assert effects == ["outer", "inner"]


def test_a_violated_constraint_is_a_conflict_in_the_words_given(session):
    with unit_of_work(session):
        session.add(Group(name="a"))
    with pytest.raises(ConflictError, match="taken"), unit_of_work(session, conflict="taken"):
        session.add(Group(name="a"))
    assert names(session) == ["a"]


def test_a_constraint_violated_in_an_inner_unit_has_the_inner_words(session):
    with unit_of_work(session):
        session.add(Group(name="a"))
    with (
        pytest.raises(ConflictError, match="inner"),
        unit_of_work(session, conflict="outer"),
        unit_of_work(session, conflict="inner"),
    ):
        session.add(Group(name="a"))
    assert names(session) == ["a"]


def test_a_violated_constraint_without_words_is_a_fault_of_the_program(session):
    with unit_of_work(session):
        session.add(Group(name="a"))
    with pytest.raises(IntegrityError), unit_of_work(session):
        session.add(Group(name="a"))


def test_changes_made_before_the_unit_are_refused_because_they_would_escape_it(session):
    session.add(Group(name="a"))
    with pytest.raises(RuntimeError, match="before the unit"), unit_of_work(session):
        pass


def test_what_was_read_before_is_read_again_inside(session, make_group):
    group = make_group("old")
    assert group.name == "old"
    with Session(session.get_bind()) as other:
        other.get_one(Group, group.id).name = "new"
        other.commit()
    with unit_of_work(session):
        assert group.name == "new"


def test_a_unit_after_a_failed_one_works(session):
    with pytest.raises(KeyError), unit_of_work(session):
        raise KeyError
    with unit_of_work(session):
        session.add(Group(name="a"))
    assert names(session) == ["a"]
