"""Processes that run steps of one execution: forked from it, so that no discipline needs to be sent.

A child inherits the plan and all values there are when it is forked; what is made later is sent to it, once,
and what it makes is sent back, both pickled between a process and its own child only. Events, log records and
warnings of a child are told in the parent, errors are raised there with the child's traceback as their cause.
A child dies with its parent, and is killed when the execution ends early.
"""

import logging
import math
import multiprocessing
import os
import signal
import sys
import traceback
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from mmap import mmap
from multiprocessing.connection import Connection, wait
from time import monotonic
from typing import Any, NoReturn, cast

from sostrades_api.engine import observer as events
from sostrades_api.engine.dependencies import Dependencies, Step, nodes_of
from sostrades_api.engine.errors import (
    DisciplineOverdue,
    ExecutionStopped,
    ProcessEnded,
    ProcessTraceback,
    SettingsError,
)
from sostrades_api.engine.execution import Execution
from sostrades_api.engine.forked_child import settle_in, teller
from sostrades_api.engine.loop import Loop
from sostrades_api.engine.parallel import Ended, loops_of, run_step
from sostrades_api.engine.protection import freeze
from sostrades_api.engine.runner import ShouldStop
from sostrades_api.engine.sending import receive, send, sendable

_ASK_SECONDS = 0.05
"""How often a request to stop is asked for while children work."""

Renew = Callable[[events.Observer | None], Execution]
"""Another execution on the same slots, told to another observer; nobody asks it to stop."""


@contextmanager
def processes(
    execution: Execution,
    steps: Dependencies,
    *,
    size: int,
    renew: Renew,
    observer: events.Observer | None,
    should_stop: ShouldStop | None,
) -> Iterator["_Processes"]:
    """A crew of processes.

    Raises:
        SettingsError: this system, or this process, cannot fork.
    """
    if "fork" not in multiprocessing.get_all_start_methods() or multiprocessing.current_process().daemon:
        raise SettingsError(detail="parallel_by 'processes': no process can be forked here; take 'threads'")
    crew = _Processes(execution, steps, size=size, renew=renew, observer=observer, should_stop=should_stop)
    try:
        yield crew
    except BaseException:
        crew.kill()
        raise
    finally:
        crew.close()


@dataclass(frozen=True, kw_only=True)
class _Made:
    """What a child sends back of a step."""

    outputs: Mapping[int, Any]
    spent: Mapping[int, tuple[float, int]]  # seconds and runs of each discipline, by number
    residuals: list[tuple[str, int, float]]
    unconverged: list[int]  # numbers of loops
    error: BaseException | None
    traceback: str


@dataclass(kw_only=True, eq=False)
class _Child:
    """What the parent knows of a child.

    ``known`` are the values that it has, by slot; ``place`` holds the number of what it runs, in memory that
    both see; ``deadline`` is when the discipline that it was told to run must have ended.
    """

    process: Any
    connection: Connection
    known: list[Any]
    place: memoryview
    step: int | None = None
    deadline: float = math.inf


class _Processes:
    def __init__(
        self,
        execution: Execution,
        steps: Dependencies,
        *,
        size: int,
        renew: Renew,
        observer: events.Observer | None,
        should_stop: ShouldStop | None,
    ) -> None:
        self.size = size
        self._execution, self._steps = execution, steps
        self._renew, self._observer, self._should_stop = renew, observer, should_stop
        self._loops = [loop for step in steps.steps for loop in loops_of(step)]
        self._children: list[_Child] = []

    def start(self, number: int) -> None:
        """Hand a step to the idle child that needs least news for it, or to a new one."""
        first = nodes_of(self._steps.steps[number])[0]
        if self._should_stop is not None and self._should_stop():
            raise ExecutionStopped(before=first.path)
        self._execution.progress.running = first.index
        idle = [child for child in self._children if child.step is None] or [self._fork()]
        news, child = min(
            ((self._news(number, child), child) for child in idle), key=lambda pair: len(pair[0])
        )
        child.step, limit = number, _limit(self._steps.steps[number])
        child.deadline = math.inf if limit is None else monotonic() + limit
        self._send(child, (number, news))

    def _news(self, number: int, child: _Child) -> dict[int, Any]:
        values = self._execution.values
        return {s: values[s] for s in self._steps.reads[number] if values[s] is not child.known[s]}

    def _send(self, child: _Child, said: tuple[int, dict[int, Any]]) -> None:
        for slot, value in said[1].items():
            child.known[slot] = value
        try:
            send(child.connection, said)
        except OSError:
            self._lost(child)

    def ended(self) -> Ended:
        """Wait for an end; tell on the way what the children tell."""
        ended: list[tuple[int, BaseException | None]] = []
        while not ended:
            busy = {child.connection: child for child in self._children if child.step is not None}
            for connection in wait(list(busy), self._patience(busy.values())):
                child = busy[connection]  # type: ignore[index]
                made = self._heard(child)
                if made is not None:
                    ended.append(self._taken(child, made))
            if not ended and self._should_stop is not None and self._should_stop():
                number = min(child.step for child in busy.values() if child.step is not None)
                raise ExecutionStopped(before=nodes_of(self._steps.steps[number])[0].path)
        return ended

    def _patience(self, busy: Iterable[_Child]) -> float | None:
        """How long to wait for news at most; None when nothing else is to be done."""
        first = min(busy, key=lambda child: child.deadline)
        left = first.deadline - monotonic()
        if left <= 0 and not first.connection.poll():
            assert first.step is not None  # noqa: S101 - it is busy
            node = nodes_of(self._steps.steps[first.step])[0]
            raise DisciplineOverdue(discipline=node.path, limit=_limit(node))
        if self._should_stop is not None:
            return min(max(left, 0.0), _ASK_SECONDS)
        return None if left == math.inf else max(left, 0.0)

    def _heard(self, child: _Child) -> _Made | None:
        try:
            kind, said = receive(child.connection)
        except (EOFError, OSError):
            self._lost(child)
        if kind == "made":
            return said
        if kind == "log":
            logging.getLogger(said.name).handle(said)
        elif kind == "warning":
            warnings.showwarning(*said)
        elif self._observer is not None:
            getattr(self._observer, kind)(said)
        return None

    def _taken(self, child: _Child, made: _Made) -> tuple[int, BaseException | None]:
        number, child.step = child.step, None
        assert number is not None  # noqa: S101 - only busy children are listened to
        execution, tally = self._execution, self._execution.runner.tally
        for slot, value in made.outputs.items():
            execution.values[slot] = child.known[slot] = freeze(value)
        for index, (seconds, runs) in made.spent.items():
            tally.seconds[index] += seconds
            tally.runs[index] += runs
        execution.residuals.extend(made.residuals)
        execution.unconverged.extend(self._loops[loop] for loop in made.unconverged)
        if made.error is not None:
            made.error.__cause__ = ProcessTraceback(text=made.traceback)
        return number, made.error

    def _lost(self, child: _Child) -> NoReturn:
        child.process.join()
        code = child.process.exitcode
        how = f"signal {-code}" if code < 0 else f"exit code {code}"
        hint = ", out of memory?" if code == -signal.SIGKILL else ""
        path = self._execution.progress.paths[child.place[0]]
        raise ProcessEnded(discipline=path, how=f"{how}{hint}") from None

    def _fork(self) -> _Child:
        here: Any
        there: Any
        here, there = multiprocessing.Pipe()
        others = [here, *(child.connection for child in self._children)]
        context = multiprocessing.get_context("fork")
        place = memoryview(mmap(-1, 8)).cast("q")
        process = context.Process(target=self._serve, args=(there, others, place, os.getpid()), daemon=True)
        with warnings.catch_warnings():  # of threads that might hold locks; a child takes none of theirs
            warnings.simplefilter("ignore", DeprecationWarning)
            process.start()
        there.close()
        child = _Child(process=process, connection=here, known=list(self._execution.values), place=place)
        self._children.append(child)
        return child

    def _serve(
        self, connection: Connection, others: list[Connection], place: memoryview, parent: int
    ) -> None:
        """What a child does: run what it is told to, until nobody tells it any more."""
        for other in others:
            other.close()
        settle_in(connection, parent)
        execution = self._renew(teller(self._observer, connection))
        execution.progress.place = cast("Any", place)
        while True:
            try:
                number, news = receive(connection)
                for slot, value in news.items():
                    execution.values[slot] = freeze(value)
                place[0] = nodes_of(self._steps.steps[number])[0].index
                send(connection, ("made", self._made(execution, number)))
            except (EOFError, OSError):
                return
            sys.stdout.flush()
            sys.stderr.flush()

    def _made(self, execution: Execution, number: int) -> _Made:
        step, tally = self._steps.steps[number], execution.runner.tally
        execution.residuals.clear()
        execution.unconverged.clear()
        for node in nodes_of(step):
            tally.seconds[node.index], tally.runs[node.index] = 0.0, 0
        error, text = None, ""
        try:
            run_step(execution, step)
        except BaseException as raised:  # noqa: BLE001 - it is raised again in the parent
            error, text = sendable(raised), "".join(traceback.format_exception(raised.__cause__ or raised))
        values = execution.values
        return _Made(
            outputs={} if error else {slot: values[slot] for slot in self._steps.makes[number]},
            spent={n.index: (tally.seconds[n.index], tally.runs[n.index]) for n in nodes_of(step)},
            residuals=execution.residuals,
            unconverged=[self._loops.index(loop) for loop in execution.unconverged],
            error=error,
            traceback=text,
        )

    def kill(self) -> None:
        """End the children, whatever they do."""
        for child in self._children:
            child.process.kill()

    def close(self) -> None:
        """Let idle children end, and wait for them."""
        for child in self._children:
            child.connection.close()
        for child in self._children:
            child.process.join()


def _limit(step: Step) -> float | None:
    """The seconds that a discipline allows itself; a loop runs its disciplines more than once."""
    return None if isinstance(step, Loop) else type(step.discipline).MAX_SECONDS
