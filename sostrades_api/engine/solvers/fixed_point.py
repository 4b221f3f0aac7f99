"""The iteration that all solvers share: sweep, measure, and choose where the next sweep starts."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Protocol

import numpy as np

from sostrades_api.engine.errors import DisciplineError, DisciplineRaised, NotFinite
from sostrades_api.engine.loop import Failure, Loop, Outcome
from sostrades_api.engine.residual import Residual, worst_coupling
from sostrades_api.engine.solvers.measures import measure_of
from sostrades_api.engine.solvers.settings import SolverSettings
from sostrades_api.engine.solvers.vectors import vector_of
from sostrades_api.engine.solvers.watch import EVERY, Watch, has_grown

Iterated = Callable[[int, float], None]


class Step(Protocol):
    """Where to start the next sweep; remembers what it learned from the ones before."""

    def next(self, x: np.ndarray, made: np.ndarray) -> np.ndarray:
        """The next unknowns, from those that a sweep started with and those that it made."""
        ...

    def retreat(self) -> np.ndarray | None:
        """Unknowns nearer to where a sweep last succeeded, ``None`` when there is nothing to go back to."""
        ...

    def forget(self) -> None:
        """The unknowns have changed their shape: start again."""
        ...


class Stepper:
    """Reads the unknowns of a loop as a vector, and puts what its step makes of them back."""

    def __init__(self, slots: Sequence[int], values: list[Any], step: Step) -> None:
        self._slots, self._step = slots, step
        self.vector = vector_of(slots, values)
        self.x = self.vector.gather(values)

    def advance(self, values: list[Any]) -> None:
        """Replace what a sweep made by what the next one starts with."""
        try:
            made = self.vector.gather(values)
        except (TypeError, ValueError):
            self.vector = vector_of(self._slots, values)
            self.x = self.vector.gather(values)
            self._step.forget()
            return
        with np.errstate(over="ignore", invalid="ignore"):  # of loops that diverge
            known = np.isfinite(made - self.x)
            if known.all():
                chosen = self._step.next(self.x, made)
            else:  # missing numbers are no unknowns
                chosen = self._step.next(np.where(known, self.x, 0.0), np.where(known, made, 0.0))
                chosen = np.where(known, chosen, made)
        if not np.isfinite(chosen[known]).all():
            self._step.forget()
            chosen = made
        self._put(chosen, values)

    def retreat(self, values: list[Any]) -> bool:
        """Go back towards the last point that could be computed; false when that is not possible."""
        nearer = self._step.retreat()
        if nearer is not None:
            self._put(nearer, values)
        return nearer is not None

    def _put(self, x: np.ndarray, values: list[Any]) -> None:
        self.vector.scatter(x, values)
        self.x = x


def iterate(
    loop: Loop,
    values: list[Any],
    *,
    settings: SolverSettings,
    sweep: Callable[[], None],
    unknowns: Sequence[int],
    stepper: Stepper | None,
    iterated: Iterated,
    residual: Residual | None = None,
) -> Outcome:
    """Sweep until no coupling changes by more than the tolerance; changes ``values`` in place.

    Args:
        loop: its disciplines in order of sweep.
        values: the slots; feedback couplings hold their initial values.
        settings: when to stop.
        sweep: runs every discipline once; ``values`` hold what they made.
        unknowns: slots whose values before a sweep determine what it makes.
        stepper: chooses where the next sweep starts; ``None``: where the last one ended.
        iterated: told iteration and residual after every sweep.
        residual: the measure of iterations before these, if there were any.
    """
    residual, watch = residual or measure_of(loop, settings), None
    measured, failure = float("inf"), Failure.TOO_MANY
    old = first = loop.read(values)
    last, iteration = (old, old), 0
    for iteration in range(1, settings.max_mda_iter + 1):
        try:
            sweep()
        except (NotFinite, DisciplineRaised) as error:
            if stepper is not None and stepper.retreat(values):
                iterated(iteration, float("inf"))
                old = loop.read(values)
                continue
            if iteration == 1 or not has_grown(first, old):
                raise
            return diverged(loop, last, iteration, measured, error)
        new = loop.read(values)
        measured = residual.measure(old, new)
        iterated(iteration, measured)
        if measured <= settings.tolerance:
            return Outcome(converged=True, iterations=iteration, residual=measured)
        last = (old, new)
        if iteration == 1:
            first = new
        if iteration % EVERY == 0:
            watch = watch or Watch(loop, unknowns)
            seen = watch.look(new, measured)
            if seen is not None:
                failure = seen
                break
        if stepper is None:
            old = new
        else:
            stepper.advance(values)
            old = loop.read(values)
    return outcome_of(loop, last, failure, iteration, measured)


def diverged(
    loop: Loop, last: tuple[Any, Any], iterations: int, residual: float, cause: DisciplineError
) -> Outcome:
    """How a solve ends when its values have grown too large for a discipline."""
    return replace(outcome_of(loop, last, Failure.DIVERGES, iterations, residual), cause=cause)


def outcome_of(
    loop: Loop, last: tuple[Any, Any], failure: Failure, iterations: int, residual: float
) -> Outcome:
    """How a solve ends that has not converged; ``last`` is what the last sweep started from, and made."""
    worst = worst_coupling(loop, *last)
    return Outcome(converged=False, iterations=iterations, residual=residual, worst=worst, failure=failure)
