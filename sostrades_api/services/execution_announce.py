"""Tell those who follow an execution that its state has changed; after the commit, and never before."""

from collections.abc import Sequence
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from sostrades_api.models import FINAL_STATES, Execution
from sostrades_api.queueing.events import Event, EventType, ExecutionEvents
from sostrades_api.services.execution_log_append import LogLine, add_log_lines
from sostrades_api.services.execution_status import shown_error
from sostrades_api.services.unit_of_work import running_unit

_BEFORE = "announced_before"
_streams: WeakKeyDictionary[Engine, ExecutionEvents] = WeakKeyDictionary()


def announce_with(engine: Engine, *, events: ExecutionEvents) -> None:
    """What this process writes through this engine is told through these streams."""
    _streams[engine] = events


def execution_announce(session: Session, execution: Execution, *, reason: str) -> None:
    """Tell the state the execution has now, once the running unit of work is committed.

    Args:
        session: In a unit of work.
        execution: As it will be committed.
        reason: Why it moved; only readers of values are told.
    """
    unit, events = running_unit(session), _streams.get(session.get_bind().engine)
    if unit is None or events is None:
        return
    execution_id, told = execution.id, state_events(execution, reason=reason)

    def tell() -> None:  # what comes before is taken only now: the commit may fail, and be tried again
        events.publish(execution_id, [*session.info.pop(_BEFORE, ()), *told])

    unit.after_commit(tell)


def announce_before(session: Session, events: Sequence[Event]) -> None:
    """Tell these, after those of earlier calls, before the next state that this session commits."""
    session.info[_BEFORE] = (*session.info.get(_BEFORE, ()), *events)


def add_lines_and_tell(
    session: Session, execution_id: int, *, attempt: int, lines: Sequence[LogLine]
) -> None:
    """Store lines of somebody else than the run, and tell them before a state of this unit of work."""
    add_log_lines(session, execution_id=execution_id, attempt=attempt, lines=lines)
    unit, events = running_unit(session), _streams.get(session.get_bind().engine)
    if lines and unit is not None and events is not None:
        told = [lines_event(attempt, [(None, line) for line in lines])]
        unit.after_commit(lambda: events.publish(execution_id, told), first=True)


def lines_event(attempt: int, lines: Sequence[tuple[int | None, LogLine]]) -> Event:
    """Lines as an event, for readers of values alone; each with its number among those of the run itself."""
    plain = [
        {
            "index": index,
            "at": line.at,
            "level": line.level,
            "discipline": line.discipline,
            "message": line.message,
        }
        for index, line in lines
    ]
    return Event.make(EventType.LOG, {"attempt": attempt, "lines": plain}, public=None)


def state_events(execution: Execution, *, reason: str) -> list[Event]:
    """The state as an event, and the end when it is a final one."""
    final = is_final(execution)
    data: dict[str, Any] = {
        "state": execution.state,
        "attempt": execution.attempt,
        "progress": execution.progress,
    }
    if final:
        data |= {"converged": execution.converged, "disciplines": execution.disciplines}
    readable = {**data, "reason": reason, "error_message": shown_error(execution, may_read=True)}
    public = {**data, "reason": None, "error_message": shown_error(execution, may_read=False)}
    state = Event.make(EventType.STATE, readable, public=public)
    return [state, end_event(execution)] if final else [state]


def end_event(execution: Execution) -> Event:
    """Nothing comes after this one."""
    return Event.make(EventType.END, {"state": execution.state, "attempt": execution.attempt}, event_id="end")


def is_final(execution: Execution) -> bool:
    """Whether it will never move again."""
    return execution.state in FINAL_STATES
