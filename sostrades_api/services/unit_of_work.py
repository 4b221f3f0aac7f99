"""One transaction around a use case; side effects run after its commit, never before."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from sostrades_api.errors import ConflictError
from sostrades_api.models.engine import WRITING

logger = logging.getLogger(__name__)

_KEY = "unit_of_work"


class UnitOfWork:
    """The running transaction; collects what to do once it is committed."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self._effects: list[Callable[[], object]] = []

    def after_commit(self, effect: Callable[[], object], *, first: bool = False) -> None:
        """Call ``effect()`` after the outermost commit, none after a rollback; ``first``: before others."""
        self._effects.insert(0 if first else len(self._effects), effect)

    def run_effects(self) -> None:
        """Run what was collected, in order; one that fails undoes nothing, so it is only logged."""
        for effect in self._effects:
            try:
                effect()
            except Exception:
                logger.exception("A side effect failed after its transaction was committed")


@contextmanager
def unit_of_work(session: Session, *, conflict: str | None = None) -> Iterator[UnitOfWork]:
    """Commit at the end, roll back on any error; a unit inside another joins it.

    Objects read before are read again inside, under SQLite's write lock or from a fresh snapshot: what the
    unit decides on cannot have changed meanwhile.

    Args:
        session: Must have no unsaved changes.
        conflict: What to say when a unique or foreign key is violated.

    Raises:
        ConflictError: A constraint was violated and ``conflict`` says what that means.
    """
    running: UnitOfWork | None = session.info.get(_KEY)
    unit = running or UnitOfWork(session)
    if running is None:
        _begin(session)
        session.info[_KEY] = unit
    try:
        yield unit
        if running is None:
            session.commit()
        else:
            session.flush()
    except IntegrityError as error:
        session.rollback()
        if conflict is None:
            raise
        raise ConflictError(conflict) from error
    except BaseException:
        session.rollback()
        raise
    finally:
        if running is None:
            del session.info[_KEY]
    if running is None:
        unit.run_effects()


def running_unit(session: Session) -> UnitOfWork | None:
    """The unit of work that this session is in."""
    return session.info.get(_KEY)


def _begin(session: Session) -> None:
    if session.new or session.dirty or session.deleted:
        msg = "changes made before the unit of work would escape it"
        raise RuntimeError(msg)
    if session.in_transaction():
        session.commit()
        session.expire_all()
    # Takes SQLite's write lock now: a transaction that reads first and writes later fails at once.
    session.connection(execution_options={WRITING: True})
