"""Wiring: every full name gets a slot, and it is noted who makes it and who reads it.

A name is looked up once here; later everything goes by numbers. Of 100,000 disciplines nothing lies near
the last thing that was looked at, so that each look-up by name costs several accesses to slow memory.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from sostrades_api.engine.discipline import Discipline
from sostrades_api.engine.dynamic import Settled
from sostrades_api.engine.errors import ReservedName, TwoProducers
from sostrades_api.engine.graph import Edges
from sostrades_api.engine.naming import Declaration, Placed
from sostrades_api.engine.value_types import MISSING
from sostrades_api.engine.variable import Variable

Slots = tuple[int, ...]
Variables = Mapping[str, Variable]


class Standing(NamedTuple):
    """A discipline at its path; ``declared`` are its inputs and outputs where they are not its class'."""

    path: str
    discipline: Discipline
    declared: tuple[Variables, Variables] | None


@dataclass(frozen=True, eq=False)
class Wiring:
    """What goes where by number; disciplines go by rank, which is the place of their path in order.

    Attributes:
        slots: of each full name: numerical parameters, inputs of processes, then as disciplines declare them.
        standing: the disciplines by rank.
        reads: by rank, the slots of the inputs.
        makes: by rank, the slots of the outputs.
    """

    slots: dict[str, int]
    standing: Sequence[Standing]
    reads: Sequence[Slots]
    makes: Sequence[Slots]

    def couplings(self) -> "Couplings":
        """Every coupling between two disciplines, or of one with itself."""
        makers = np.full(len(self.slots), -1)
        for rank, slots in enumerate(self.makes):
            makers[list(slots)] = rank
        read = np.array([slot for slots in self.reads for slot in slots], dtype=np.int64)
        readers = np.repeat(np.arange(len(self.reads)), [len(slots) for slots in self.reads])
        made = makers[read] >= 0
        read, readers = read[made], readers[made]
        return Couplings(np.stack((makers[read], readers), axis=1), read)


@dataclass(frozen=True, eq=False)
class Couplings:
    """Couplings, one a row: the ranks of producer and consumer in ``pairs``, what it is in ``slots``."""

    pairs: np.ndarray
    slots: np.ndarray


@dataclass(frozen=True, eq=False)
class Ends:
    """Who declared what a slot holds.

    Attributes:
        producers: by slot; none of what users give.
        given: by slot, the processes' own inputs of that name.
        readers: by slot, the disciplines' inputs of that name, in declared order.
    """

    producers: Mapping[int, Declaration]
    given: Mapping[int, list[Declaration]]
    readers: Mapping[int, list[Declaration]]

    def is_unset(self, slot: int, path: str) -> bool:
        """Whether this reader declares no default."""
        return any(each.variable.default is MISSING for each in self.readers[slot] if each.path == path)


def edges_inside(
    wiring: Wiring, ends: Ends, couplings: Couplings, component_of: np.ndarray
) -> dict[int, Edges]:
    """The edges within each component that has any; ``component_of`` goes by rank."""
    numbers = component_of[couplings.pairs]
    within = np.flatnonzero(numbers[:, 0] == numbers[:, 1])
    inside: dict[int, dict[tuple[int, int], tuple[int, int]]] = defaultdict(dict)
    for number, (one, other), slot in zip(
        numbers[within, 0].tolist(),
        couplings.pairs[within].tolist(),
        couplings.slots[within].tolist(),
        strict=True,
    ):
        count, unset = inside[number].get((one, other), (0, 0))
        is_unset = ends.is_unset(slot, wiring.standing[other].path)
        inside[number][one, other] = count + 1, unset + is_unset
    return dict(inside)


def wire(process: str, settled: Settled, *, reserved: Iterable[str]) -> tuple[Wiring, Ends]:
    """The wiring of everything that is placed.

    Args:
        process: its name, for errors.
        settled: what is placed, in declared order.
        reserved: the names of numerical parameters, which nothing else may have.

    Raises:
        BuildError: a name is reserved, or made twice.
    """
    slots = {name: slot for slot, name in enumerate(reserved)}
    parameters = len(slots)
    given: dict[int, list[Declaration]] = {}
    for declaration in settled.given:
        slot = slots.setdefault(declaration.full_name, len(slots))
        given.setdefault(slot, []).append(declaration)
    producers: dict[int, Declaration] = {}
    readers: dict[int, list[Declaration]] = {}
    reads: dict[str, Slots] = {}
    makes: dict[str, Slots] = {}
    for place in settled.placed:
        read, made = [], []
        for declaration in place.inputs.values():
            slot = slots.setdefault(declaration.full_name, len(slots))
            read.append(slot)
            known = readers.get(slot)
            if known is None:
                readers[slot] = [declaration]
            else:
                known.append(declaration)
        for declaration in place.outputs.values():
            slot = slots.setdefault(declaration.full_name, len(slots))
            made.append(slot)
            other = producers.setdefault(slot, declaration)
            if other is not declaration:
                name = declaration.full_name
                raise TwoProducers(process=process, variable=name, first=other.path, second=place.path)
        reads[place.path], makes[place.path] = tuple(read), tuple(made)
    places = sorted(settled.placed, key=lambda place: place.path)
    wiring = Wiring(
        slots=slots,
        standing=[_standing(place) for place in places],
        reads=[reads[place.path] for place in places],
        makes=[makes[place.path] for place in places],
    )
    ends = Ends(producers, given, readers)
    for name, slot in zip(slots, range(parameters), strict=False):
        _require_nobody(ends, slot, process=process, name=name)
    return wiring, ends


def _standing(place: Placed) -> Standing:
    declared = None
    if not place.is_static:
        declared = _variables_of(place.inputs), _variables_of(place.outputs)
    return Standing(place.path, place.discipline, declared)


def _variables_of(declarations: Mapping[str, Declaration]) -> Variables:
    return {name: each.variable for name, each in declarations.items()}


def _require_nobody(ends: Ends, slot: int, *, process: str, name: str) -> None:
    declared = [*ends.given.get(slot, ()), *ends.readers.get(slot, ())]
    if slot in ends.producers:
        declared.append(ends.producers[slot])
    if declared:
        raise ReservedName(process=process, discipline=declared[0].path, variable=name)
