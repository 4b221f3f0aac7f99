"""Choose executions to steer together: by number, or by study case and state."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from sostrades_api.access import Actor
from sostrades_api.errors import DomainError
from sostrades_api.models import Execution, ExecutionState, StudyCase
from sostrades_api.services.study_case_visible import is_visible

MOST_AT_ONCE = 1000


@dataclass(frozen=True)
class Chosen:
    """Executions by number; ``more``: others fit as well."""

    ids: Sequence[int]
    more: bool = False


@dataclass(frozen=True)
class Outcome:
    """What became of one of several: what was done, or why it was refused."""

    execution_id: int
    done: object = None
    refused: DomainError | None = None


def execution_choose(
    session: Session,
    *,
    actor: Actor,
    states: Collection[ExecutionState],
    study_case_id: int | None = None,
) -> Chosen:
    """The oldest of those in these states whose study cases the actor sees, at most `MOST_AT_ONCE`."""
    query = (
        select(Execution.id)
        .join(StudyCase, StudyCase.id == Execution.study_case_id)
        .where(Execution.state.in_(states), StudyCase.deleted_at.is_(None), is_visible(actor))
        .order_by(Execution.id)
        .limit(MOST_AT_ONCE + 1)
    )
    if study_case_id is not None:
        query = query.where(Execution.study_case_id == study_case_id)
    found = session.scalars(query).all()
    return Chosen(found[:MOST_AT_ONCE], more=len(found) > MOST_AT_ONCE)


def execution_each(
    session: Session, execution_ids: Sequence[int], *, do: Callable[[int], object]
) -> list[Outcome]:
    """Do it with each, once, in a transaction of its own: that one is refused stops no other."""
    outcomes = []
    for execution_id in dict.fromkeys(execution_ids):
        try:
            outcomes.append(Outcome(execution_id, done=do(execution_id)))
        except DomainError as error:
            session.rollback()
            outcomes.append(Outcome(execution_id, refused=error))
    return outcomes
