"""Running disciplines on the slots of one execution: timed, counted, stoppable, followed or cached."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from sostrades_api.engine import observer as events
from sostrades_api.engine.comparison import same_bits
from sostrades_api.engine.errors import ExecutionStopped
from sostrades_api.engine.loop import Loop
from sostrades_api.engine.node import Node
from sostrades_api.engine.progress import Progress
from sostrades_api.engine.straight_loop import Straight
from sostrades_api.engine.stretches import NodeRow, ShouldStop, run_each


class Runner:
    """Runs disciplines; what solvers are given as ``compute``.

    Attributes:
        values: the slots; inputs are read here.
        tally: seconds spent in each discipline itself, and how often it ran.
    """

    def __init__(self, values: list[Any], *, progress: Progress, should_stop: ShouldStop | None) -> None:
        self.values = values
        self.progress = progress
        self.should_stop = should_stop
        self.tally = progress.tally

    def __call__(self, node: Node, target: list[Any]) -> None:
        """Run one discipline and put its outputs into ``target``."""
        self.sweep((node,), target)

    def sweep(self, nodes: Sequence[Node], target: list[Any]) -> None:
        """Run disciplines in order; when ``target`` is ``values``, each sees what those before made."""
        place, should_stop, tally = self.progress.place, self.should_stop, self.tally
        if type(nodes) is not NodeRow:
            run_each(nodes, self.values, target, place, should_stop, tally)
            return
        for step in nodes.steps:
            step(self.values, target, place, should_stop, tally)

    def straight(self, loop: Loop) -> Straight | None:
        """The function of a loop, which does for its disciplines what this does."""
        return None if loop.straight is None else loop.straight.function()


class UntoldRunner(Runner):
    """For samples, of which nobody wants to know how often what ran, and for how long."""

    def straight(self, loop: Loop) -> Straight | None:
        """The shorter function of a loop."""
        return None if loop.straight is None else loop.straight.function(told=False)


class FollowedRunner(Runner):
    """Tells an observer of every run of a discipline."""

    def __init__(
        self,
        values: list[Any],
        *,
        progress: Progress,
        should_stop: ShouldStop | None,
        observer: events.Observer,
    ) -> None:
        super().__init__(values, progress=progress, should_stop=should_stop)
        hooks = hooks_of(type(observer))
        self._started = observer.on_discipline_started if "on_discipline_started" in hooks else None
        self._ended = observer.on_discipline_ended if "on_discipline_ended" in hooks else None
        self._left = observer.on_discipline_left if "on_discipline_left" in hooks else None

    def straight(self, loop: Loop) -> None:
        """Every run is told of."""

    def sweep(self, nodes: Sequence[Node], target: list[Any]) -> None:
        """Run disciplines in order, each between two events."""
        seconds, runs = self.tally.single, self.tally.counts
        total, started, ended = len(self.progress.paths), self._started, self._ended
        for node in nodes:
            if self.should_stop is not None and self.should_stop():
                raise ExecutionStopped(before=node.path)
            index = self.progress.running = node.index
            if started is not None:
                started(events.DisciplineStarted(node.path, index, total))
            try:
                spent = node.compute(self.values, target)
            except BaseException:
                if self._left is not None:
                    self._left(events.DisciplineLeft(node.path, index, total))
                raise
            seconds[index] += spent
            runs[index] += 1
            if ended is not None:
                ended(events.DisciplineEnded(node.path, index, total, spent))


class CachedRunner(Runner):
    """Runs a discipline only when its inputs are not those of its last run (``SimpleCache``)."""

    def __init__(self, inner: Runner) -> None:
        super().__init__(inner.values, progress=inner.progress, should_stop=inner.should_stop)
        self._inner = inner
        self._known: dict[int, tuple[list[Any], list[Any]]] = {}

    def straight(self, loop: Loop) -> None:
        """Not every discipline is run."""

    def sweep(self, nodes: Sequence[Node], target: list[Any]) -> None:
        """Run those whose inputs have changed."""
        for node in nodes:
            inputs = [self.values[slot] for slot in node.in_slots]
            known = self._known.get(node.index)
            if node.deterministic and known is not None and all(map(same_bits, known[0], inputs)):
                for slot, value in zip(node.out_slots, known[1], strict=True):
                    target[slot] = value
                continue
            self._inner.sweep((node,), target)
            self._known[node.index] = (inputs, [target[slot] for slot in node.out_slots])


@lru_cache(maxsize=64)
def hooks_of(kind: type[events.Observer] | None) -> frozenset[str]:
    """The hooks that a class of observers has its own version of; events that nobody reads are not made."""
    if kind is None:
        return frozenset()
    names = [name for name in vars(events.Observer) if name.startswith("on_")]
    return frozenset(name for name in names if getattr(kind, name) is not getattr(events.Observer, name))
