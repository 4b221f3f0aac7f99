"""What each step of a plan reads and makes, and so what is out of date when a value has changed."""

from collections.abc import Collection, Sequence
from functools import cached_property

from sostrades_api.engine.loop import Loop
from sostrades_api.engine.node import Node

Step = Node | Loop


class Dependencies:
    """Steps of a plan by number, and the slots between them; made once a plan."""

    def __init__(self, steps: Sequence[Step], *, slots: int) -> None:
        self.steps = tuple(steps)
        self._slots = slots
        self.identities: dict[int, str] = {}  # what ``addresses`` has found of steps,
        self.declared: dict[int, str] = {}  # and of slots

    @cached_property
    def makes(self) -> tuple[tuple[int, ...], ...]:
        """The slots that each step makes."""
        return tuple(tuple(slot for node in nodes_of(step) for slot in node.out_slots) for step in self.steps)

    @cached_property
    def reads(self) -> tuple[tuple[int, ...], ...]:
        """The slots that each step reads and does not make itself."""
        return tuple(
            tuple(
                dict.fromkeys(slot for node in nodes_of(step) for slot in node.in_slots if slot not in made)
            )
            for step, made in zip(self.steps, map(frozenset, self.makes), strict=True)
        )

    @cached_property
    def maker(self) -> tuple[int | None, ...]:
        """The step that makes each slot, ``None`` of an input."""
        found: list[int | None] = [None] * self._slots
        for number, made in enumerate(self.makes):
            for slot in made:
                found[slot] = number
        return tuple(found)

    @cached_property
    def readers(self) -> tuple[tuple[int, ...], ...]:
        """The steps that read each slot."""
        found: list[list[int]] = [[] for _ in range(self._slots)]
        for number, slots in enumerate(self.reads):
            for slot in slots:
                found[slot].append(number)
        return tuple(map(tuple, found))

    @cached_property
    def loops(self) -> tuple[int, ...]:
        """The steps that are loops."""
        return tuple(number for number, step in enumerate(self.steps) if isinstance(step, Loop))

    @cached_property
    def never_reused(self) -> tuple[int, ...]:
        """The steps with a discipline that is not deterministic."""
        return tuple(
            number
            for number, step in enumerate(self.steps)
            if not all(node.deterministic for node in nodes_of(step))
        )

    @cached_property
    def with_data_files(self) -> tuple[int, ...]:
        """The steps with a discipline that names data files."""
        return tuple(
            number
            for number, step in enumerate(self.steps)
            if any(type(node.discipline).DATA_FILES for node in nodes_of(step))
        )

    def from_on(self, paths: Collection[str]) -> frozenset[int]:
        """The steps with these disciplines, and all that depend on them; one there is not is left out."""
        wanted = set(paths)
        found = {
            number
            for number, step in enumerate(self.steps)
            if any(node.path in wanted for node in nodes_of(step))
        }
        waiting = list(found)
        while waiting:
            for slot in self.makes[waiting.pop()]:
                following = set(self.readers[slot]) - found
                found |= following
                waiting += following
        return frozenset(found)


def nodes_of(step: Step) -> tuple[Node, ...]:
    """The disciplines of a step."""
    return step.nodes if isinstance(step, Loop) else (step,)
