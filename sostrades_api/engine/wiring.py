"""Wiring: every full name gets a slot, and it is noted who makes it and who reads it.

A name is looked up once here; later everything goes by numbers, in arrays. Of 100,000 disciplines nothing
lies near the last thing that was looked at, so that each look-up by name costs several accesses to slow
memory, and each object that is made of what somebody declares is one more to be fetched.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, count
from typing import Any

import numpy as np

from sostrades_api.engine.discipline import Discipline
from sostrades_api.engine.dynamic import Settled
from sostrades_api.engine.errors import ReservedName, TwoProducers
from sostrades_api.engine.graph import Edges
from sostrades_api.engine.naming import Declaration, Placed, declaration
from sostrades_api.engine.value_types import MISSING
from sostrades_api.engine.variable import Variable

Slots = tuple[int, ...]
Variables = Mapping[str, Variable]


@dataclass(frozen=True, eq=False)
class Uses:
    """What all disciplines read, or make, one entry each, as they declare it.

    Attributes:
        slots: what is read or made.
        ranks: by whom.
        codes: as what: the number of its variable.
    """

    slots: np.ndarray
    ranks: np.ndarray
    codes: np.ndarray


@dataclass(frozen=True, eq=False)
class Wiring:
    """What goes where by number; disciplines go by rank, which is the place of their path in order.

    Attributes:
        slots: of each full name: numerical parameters, inputs of processes, then as disciplines declare them.
        names: the full names by slot.
        paths: of the disciplines, by rank.
        disciplines: by rank.
        declared: by rank, the inputs and outputs where they are not those of the class.
        reads: by rank, the slots of the inputs.
        makes: by rank, the slots of the outputs.
        makers: by slot, the rank of who makes it; -1 of what users give.
    """

    slots: dict[str, int]
    names: Sequence[str]
    paths: Sequence[str]
    disciplines: Sequence[Discipline]
    declared: Sequence[tuple[Variables, Variables] | None]
    reads: Sequence[Slots]
    makes: Sequence[Slots]
    makers: np.ndarray


@dataclass(frozen=True, eq=False)
class Ends:
    """Who declared what a slot holds.

    Attributes:
        variables: all that are declared, by code; those of one class are shared by all that stand of it.
        given: by slot, the processes' own inputs of that name.
        read: every input of a discipline.
        made: every output of one.
    """

    wiring: Wiring
    variables: Sequence[Variable]
    given: Mapping[int, list[Declaration]]
    read: Uses
    made: Uses

    def by_slot(self) -> "ReadersBySlot":
        """Who reads each slot, in declared order."""
        order = np.argsort(self.read.slots, kind="stable")
        counts = np.bincount(self.read.slots, minlength=len(self.wiring.slots))
        return ReadersBySlot(np.concatenate(([0], np.cumsum(counts))), order)

    def declarations(self, uses: Uses, entries: Iterable[int]) -> Iterator[Declaration]:
        """What some entries of inputs or outputs declare."""
        names, paths = self.wiring.names, self.wiring.paths
        for at in entries:
            slot, rank, code = int(uses.slots[at]), int(uses.ranks[at]), int(uses.codes[at])
            yield declaration(paths[rank], names[slot], self.variables[code])

    def couplings(self) -> "Couplings":
        """Every coupling between two disciplines, or of one with itself."""
        makers = self.wiring.makers[self.read.slots]
        coupled = np.flatnonzero(makers >= 0)
        pairs = np.stack((makers[coupled], self.read.ranks[coupled]), axis=1)
        return Couplings(pairs, self.read.codes[coupled])


@dataclass(frozen=True, eq=False)
class ReadersBySlot:
    """The entries of inputs by slot: those of slot n are ``order[starts[n]:starts[n + 1]]``."""

    starts: np.ndarray
    order: np.ndarray

    def of(self, slot: int) -> np.ndarray:
        """The entries of one slot."""
        return self.order[self.starts[slot] : self.starts[slot + 1]]


@dataclass(frozen=True, eq=False)
class Couplings:
    """Couplings, one a row: the ranks of producer and consumer in ``pairs``, what is read in ``codes``."""

    pairs: np.ndarray
    codes: np.ndarray


def edges_inside(ends: Ends, couplings: Couplings, component_of: np.ndarray) -> dict[int, Edges]:
    """The edges within each component that has any; ``component_of`` goes by rank.

    An edge has as many couplings without an initial value as its reader declares no defaults.
    """
    numbers = component_of[couplings.pairs]
    within = np.flatnonzero(numbers[:, 0] == numbers[:, 1])
    inside: dict[int, dict[tuple[int, int], tuple[int, int]]] = defaultdict(dict)
    for number, (one, other), code in zip(
        numbers[within, 0].tolist(),
        couplings.pairs[within].tolist(),
        couplings.codes[within].tolist(),
        strict=True,
    ):
        known, unset = inside[number].get((one, other), (0, 0))
        is_unset = ends.variables[code].default is MISSING
        inside[number][one, other] = known + 1, unset + is_unset
    return dict(inside)


def wire(process: str, settled: Settled, *, reserved: Iterable[str]) -> Ends:
    """The wiring of everything that is placed, and who declared what.

    Args:
        process: its name, for errors.
        settled: what is placed, in declared order.
        reserved: the names of numerical parameters, which nothing else may have.

    Raises:
        BuildError: a name is reserved, or made twice.
    """
    slots: defaultdict[str, int] = defaultdict(count().__next__)  # a new name gets the next number
    slot_of = slots.__getitem__
    parameters = [slot_of(name) for name in reserved]
    given: dict[int, list[Declaration]] = {}
    codes: defaultdict[Variable, int] = defaultdict(count().__next__)
    for each in settled.given:
        given.setdefault(slot_of(each.full_name), []).append(each)
        codes[each.variable]
    reads, makes = [], []
    for place in settled.placed:
        reads.append(tuple(map(slot_of, place.reads)))
        makes.append(tuple(map(slot_of, place.makes)))
    order, rank_of = _ranks(settled.placed)
    read = _uses(reads, (place.inputs for place in settled.placed), rank_of, codes.__getitem__)
    made = _uses(makes, (place.outputs for place in settled.placed), rank_of, codes.__getitem__)
    makers = np.full(len(slots), -1)
    makers[made.slots] = made.ranks
    placed = [settled.placed[at] for at in order]
    wiring = Wiring(
        slots=dict(slots),
        names=tuple(slots),
        paths=[place.path for place in placed],
        disciplines=[place.discipline for place in placed],
        declared=[None if place.is_static else (place.inputs, place.outputs) for place in placed],
        reads=[reads[at] for at in order],
        makes=[makes[at] for at in order],
        makers=makers,
    )
    ends = Ends(wiring, list(codes), given, read, made)
    _require_one_producer(ends, process=process)
    _require_nobody(ends, len(parameters), process=process)
    return ends


def _ranks(placed: Sequence[Placed]) -> tuple[list[int], np.ndarray]:
    """Which place, in declared order, has each rank, and which rank each place."""
    paths = [place.path for place in placed]
    order = sorted(range(len(paths)), key=paths.__getitem__)
    rank_of = np.empty(len(order), dtype=np.int64)
    rank_of[order] = np.arange(len(order))
    return order, rank_of


def _uses(
    slots: Sequence[Slots],
    variables: Iterable[Variables],
    rank_of: np.ndarray,
    code_of: Callable[[Variable], int],
) -> Uses:
    counts = np.fromiter(map(len, slots), np.int64, len(slots))
    size = int(counts.sum())
    codes = map(code_of, chain.from_iterable(side.values() for side in variables))
    return Uses(
        np.fromiter(chain.from_iterable(slots), np.int64, size),
        np.repeat(rank_of, counts),
        np.fromiter(codes, np.int64, size),
    )


def _require_one_producer(ends: Ends, *, process: str) -> None:
    made = ends.made.slots
    if np.count_nonzero(ends.wiring.makers >= 0) == len(made):
        return
    first: dict[int, int] = {}
    for entry, slot in enumerate(made.tolist()):
        if slot in first:
            one, other = ends.declarations(ends.made, (first[slot], entry))
            raise TwoProducers(process=process, variable=one.full_name, first=one.path, second=other.path)
        first[slot] = entry


def _require_nobody(ends: Ends, parameters: int, *, process: str) -> None:
    """Raise when anybody declares what is a numerical parameter, which come first."""
    declared: list[tuple[int, int, Any]] = [
        (slot, 0, each) for slot, by in ends.given.items() if slot < parameters for each in by[:1]
    ]
    for kind, uses in enumerate((ends.read, ends.made), 1):
        taken = np.flatnonzero(uses.slots < parameters)
        slots = uses.slots[taken].tolist()
        declared.extend(zip(slots, [kind] * len(slots), ends.declarations(uses, taken), strict=True))
    if declared:
        _, _, first = min(declared, key=lambda each: each[:2])
        raise ReservedName(process=process, discipline=first.path, variable=first.full_name)
