"""Settling a structure: place, read structuring values, ask what they add, until nothing changes any more."""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import Any

from sostrades_api.engine.comparison import same_bits
from sostrades_api.engine.descriptor import parse_descriptors
from sostrades_api.engine.discipline import Discipline
from sostrades_api.engine.errors import (
    BuildError,
    InvalidInputs,
    InvalidValue,
    PlaceError,
    StructureFailed,
    StructureOscillates,
)
from sostrades_api.engine.naming import Declaration, Placed, Scope, below, declarations, placed, with_declared
from sostrades_api.engine.process import Place, Process
from sostrades_api.engine.protection import freeze, hand_out
from sostrades_api.engine.structure import NOTHING_COMPOSED, Composed, Declared
from sostrades_api.engine.value_types import MISSING
from sostrades_api.engine.variable import Variable

MOST_ROUNDS = 100


@dataclass
class Settled:
    """Where everything stands.

    Attributes:
        placed: every discipline.
        given: the structuring inputs of the processes themselves.
        deciders: who decides by each structuring input, by full name.
        structuring: the values that decided, by full name.
        consulted: every name that was looked up among the given values on the way, and what was found.
    """

    placed: list[Placed] = field(default_factory=list)
    given: list[Declaration] = field(default_factory=list)
    deciders: dict[str, list[Declaration]] = field(default_factory=dict)
    structuring: Mapping[str, Any] = field(default_factory=dict)
    consulted: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class _Asked:
    """What was once placed or composed for these values; given again instead of asking again."""

    subject: Any
    scope: Scope
    values: Mapping[str, Any]
    answer: Any


Offered = Mapping[str, frozenset[tuple[str, str]]]
"""Short and full names of the structuring inputs of each dynamic place."""


class Memory:
    """What earlier rounds and builds of one process found, so that only what is affected is asked again.

    It begins with the second round: a static process has one, and nothing to remember.
    """

    def __init__(self) -> None:
        self._asked: dict[Any, _Asked] = {}
        self.is_keeping = False

    def find(self, key: Any, *, subject: Any, scope: Scope, values: Mapping[str, Any]) -> Any:
        """The answer to the same question, or None."""
        known = self._asked.get(key)
        if known is None or known.subject is not subject or known.scope != scope:
            return None
        return known.answer if same_values(known.values, values) else None

    def keep(self, key: Any, *, subject: Any, scope: Scope, values: Mapping[str, Any], answer: Any) -> Any:
        """Remember an answer, and return it."""
        if self.is_keeping:
            self._asked[key] = _Asked(subject, scope, values, answer)
        return answer


def same_values(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two sets of values are the same to the bit."""
    return one.keys() == other.keys() and all(same_bits(value, other[name]) for name, value in one.items())


def settle(process: Process, values: Mapping[str, Any], *, memory: Memory | None = None) -> Settled:
    """The disciplines of a process for these values of its structuring inputs; the others are not looked at.

    Raises:
        InvalidInputs: a structuring value does not fit its variable.
        BuildError: a path, a place, a namespace or a declaration is wrong, or nothing settles.
    """
    known: Mapping[str, Any] = {}
    consulted: dict[str, Any] = {}
    declared: Offered = {}
    before, before_declared = known, declared
    memory = memory or Memory()
    for _ in range(MOST_ROUNDS):
        assembly = _Assembly(known, declared, memory)
        assembly.add(process, node="", scope=Scope(process=process.name, namespaces={}), overrides={})
        found = _structuring_values(assembly.settled, values, consulted)
        if assembly.declared == declared and same_values(found, known):
            return _complete(process, assembly, found, consulted)
        before, known, before_declared, declared = known, found, declared, assembly.declared
        memory.is_keeping = True
    names = sorted(_changed(before, known) | _changed_names(before_declared, declared))
    raise StructureOscillates(process=process.name, rounds=MOST_ROUNDS, names=tuple(names))


def _complete(
    process: Process, assembly: "_Assembly", found: Mapping[str, Any], consulted: dict[str, Any]
) -> Settled:
    settled = assembly.settled
    if not settled.placed and not settled.deciders:
        raise PlaceError(
            process=process.name, discipline="", detail="a process needs at least one discipline"
        )
    return replace(settled, structuring=found, consulted=consulted)


def _changed(one: Mapping[str, Any], other: Mapping[str, Any]) -> set[str]:
    return {
        name
        for name in one.keys() | other.keys()
        if name not in one or name not in other or not same_bits(one[name], other[name])
    }


def _changed_names(one: Offered, other: Offered) -> set[str]:
    return {
        full_name
        for place in one.keys() | other.keys()
        for _, full_name in one.get(place, frozenset()) ^ other.get(place, frozenset())
    }


def _structuring_values(
    settled: Settled, values: Mapping[str, Any], consulted: dict[str, Any]
) -> dict[str, Any]:
    """Of each structuring input that has one, the value given or the default."""
    found: dict[str, Any] = {}
    faults: dict[str, tuple[str, ...]] = {}
    for name, deciders in settled.deciders.items():
        value = values.get(name, MISSING)
        consulted[name] = deepcopy(value)  # the caller's own list may change while the plan is remembered
        if value is MISSING:
            value = _default(settled, name, deciders)
        else:
            try:
                value = freeze(deciders[0].variable.check(value))
            except InvalidValue as error:
                faults[name] = error.faults
        if value is MISSING and all(decider.variable.optional for decider in deciders):
            value = None
        if value is not MISSING:
            found[name] = value
    if faults:
        raise InvalidInputs(faults)
    return found


def _default(settled: Settled, name: str, deciders: list[Declaration]) -> Any:
    """The first default that anybody who reads this name declares; that all agree is checked later."""
    own = (decider.variable.default for decider in deciders)
    others = (
        variable.default
        for place in settled.placed
        for full_name, variable in zip(place.reads, place.inputs.values(), strict=True)
        if full_name == name
    )
    return next((value for source in (own, others) for value in source if value is not MISSING), MISSING)


class _Assembly:
    """One round: everything placed, for the structuring values known so far.

    ``offered`` are the structuring names that each dynamic place declared last round; its ``structure``
    is given their values.
    """

    def __init__(self, known: Mapping[str, Any], offered: Offered, memory: Memory) -> None:
        self.settled = Settled()
        self.declared: dict[str, frozenset[tuple[str, str]]] = {}
        self._known, self._offered, self._memory = known, offered, memory
        self._paths: set[str] = set()

    def add(self, process: Process, *, node: str, scope: Scope, overrides: Mapping[str, str]) -> None:
        """Place all disciplines of a process at a node, in declared order."""
        scope = self._scope(
            process, process.namespaces, node=node, outer=scope.namespaces, overrides=overrides
        )
        entries = process.disciplines
        if not isinstance(entries, Mapping):
            detail = f"the disciplines of process {process.name!r} must be a dict by path, not {entries!r}"
            raise PlaceError(process=process.name, discipline=node, detail=detail)
        if process.structure is not None or process.inputs:
            composed = self._composed(process, node=node, scope=scope)
            if composed.namespaces:
                namespaces = {**process.namespaces, **composed.namespaces}
                scope = self._scope(
                    process, namespaces, node=node, outer=scope.namespaces, overrides=overrides
                )
            entries = _joined(process, entries, composed.disciplines)
        for path, entry in entries.items():
            self._place(process, path, entry, node=node, scope=scope)

    @staticmethod
    def _scope(
        process: Process,
        namespaces: Mapping[str, str],
        *,
        node: str,
        outer: Mapping[str, str],
        overrides: Mapping[str, str],
    ) -> Scope:
        _check_namespaces(process, node, namespaces)
        own = {name: below(node, value) for name, value in namespaces.items()}
        return Scope(process=process.name, namespaces={**outer, **own, **overrides})

    def _place(self, process: Process, path: str, entry: Any, *, node: str, scope: Scope) -> None:
        is_place = isinstance(entry, Place)
        stands = entry.discipline if is_place else entry
        if not isinstance(path, str) or not _is_path(path):
            detail = f"a path is names of visible characters joined by dots, not {path!r}"
            raise PlaceError(process=process.name, discipline=str(path)[:100], detail=detail)
        full = below(node, path)
        namespaces = entry.namespaces if is_place else {}
        if namespaces or type(namespaces) is not dict:
            _check_namespaces(process, full, namespaces)
        own = {name: below(node, value) for name, value in namespaces.items()} if node else namespaces
        if isinstance(stands, Process):
            self.add(stands, node=full, scope=scope, overrides=own)
            return
        if not (isinstance(stands, type) and issubclass(stands, Discipline)):
            detail = f"{stands!r} is no Discipline class and no Process"
            raise PlaceError(process=process.name, discipline=full, detail=detail)
        if full in self._paths:
            raise PlaceError(process=process.name, discipline=full, detail="another one has the same path")
        self._paths.add(full)
        if own:
            scope = Scope(scope.process, {**scope.namespaces, **own})
        self.settled.placed.append(self._discipline(full, stands, scope=scope))

    def _discipline(self, path: str, cls: type[Discipline], *, scope: Scope) -> Placed:
        static = (
            self._static(path, cls, scope=scope)
            if self._memory.is_keeping
            else placed(path, cls, scope=scope)
        )
        if cls.structure is Discipline.structure:
            return static
        values = self._values(path, static.declared_inputs())
        place = static
        if values is not None:
            place = self._memory.find(path, subject=cls, scope=scope, values=values)
            if place is None:
                place = with_declared(static, _ask(static, values, scope=scope), scope=scope)
                self._memory.keep(path, subject=cls, scope=scope, values=values, answer=place)
        self._note(path, place.declared_inputs())
        return place

    def _static(self, path: str, cls: type[Discipline], *, scope: Scope) -> Placed:
        key = f"class at {path}"
        static = self._memory.find(key, subject=cls, scope=scope, values={})
        if static is None:
            static = placed(path, cls, scope=scope)
            self._memory.keep(key, subject=cls, scope=scope, values={}, answer=static)
        return static

    def _composed(self, process: Process, *, node: str, scope: Scope) -> Composed:
        title = f"process {process.name}"
        key = f"process at {node}"
        own = declarations(_structuring(process, process.inputs), path=title, node=node, scope=scope)
        composed = NOTHING_COMPOSED
        values = self._values(key, own)
        if process.structure is not None and values is not None:
            composed = self._memory.find(key, subject=process, scope=scope, values=values)
            if composed is None:
                composed = _compose(process, title, values)
                self._memory.keep(key, subject=process, scope=scope, values=values, answer=composed)
        added = declarations(_structuring(process, composed.inputs), path=title, node=node, scope=scope)
        own = {**own, **added}
        self.settled.given.extend(own.values())
        self._note(key, own)
        return composed

    def _values(self, place: str, static: Mapping[str, Declaration]) -> dict[str, Any] | None:
        """The structuring values of a place by short name; None before those it always has are known."""
        values: dict[str, Any] = {}
        for name, declaration in static.items():
            if declaration.variable.structuring:
                if declaration.full_name not in self._known:
                    return None
                values[name] = self._known[declaration.full_name]
        for name, full_name in self._offered.get(place, ()):
            if name not in values and full_name in self._known:
                values[name] = self._known[full_name]
        return values

    def _note(self, place: str, inputs: Mapping[str, Declaration]) -> None:
        """Remember the structuring inputs of a place."""
        structuring = {name: each for name, each in inputs.items() if each.variable.structuring}
        for declaration in structuring.values():
            self.settled.deciders.setdefault(declaration.full_name, []).append(declaration)
        self.declared[place] = frozenset((name, each.full_name) for name, each in structuring.items())


def _is_path(path: str) -> bool:
    if path.isidentifier():  # most are
        return True
    return path.isprintable() and all(part and part == part.strip() for part in path.split("."))


def _check_namespaces(process: Process, place: str, namespaces: Any) -> None:
    if type(namespaces) is not dict and not isinstance(namespaces, Mapping):
        detail = f"namespaces must be a dict by name, not {namespaces!r}"
        raise PlaceError(process=process.name, discipline=place, detail=detail)
    for name, at in namespaces.items():
        if not isinstance(at, str) or (at and not _is_path(at)):
            detail = (
                f"namespace {name!r} must be a path of names joined by dots, or '' for the study, not {at!r}"
            )
            raise PlaceError(process=process.name, discipline=place, detail=detail)


def _structuring(process: Process, inputs: Mapping[str, Any]) -> dict[str, Variable]:
    variables = parse_descriptors(inputs, owner=process.name, side="inputs")
    return {name: replace(variable, structuring=True) for name, variable in variables.items()}


def _joined(process: Process, own: Mapping[str, Any], added: Mapping[str, Any]) -> Mapping[str, Any]:
    for path in added:
        if path in own:
            raise PlaceError(process=process.name, discipline=path, detail="another one has the same path")
    return {**own, **added}


def _ask(place: Placed, values: Mapping[str, Any], *, scope: Scope) -> Declared:
    try:
        declared = place.discipline.structure(_lent(values))
    except (Exception, SystemExit) as error:
        raise _failed(scope.process, place.path, values, f"{type(error).__name__}: {error}") from error
    if not isinstance(declared, Declared):
        detail = f"structure must return Declared(...), not {type(declared).__name__}"
        raise _failed(scope.process, place.path, values, detail)
    return declared


def _compose(process: Process, title: str, values: Mapping[str, Any]) -> Composed:
    assert process.structure is not None  # noqa: S101 - asked by the only caller
    try:
        composed = process.structure(_lent(values))
    except (Exception, SystemExit) as error:
        raise _failed(process.name, title, values, f"{type(error).__name__}: {error}") from error
    if not isinstance(composed, Composed):
        detail = f"structure must return Composed(...), not {type(composed).__name__}"
        raise _failed(process.name, title, values, detail)
    return composed


def _lent(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values of its own, as some are declared defaults, and others are compared with later ones."""
    return {name: hand_out(value) for name, value in values.items()}


def _failed(process: str, discipline: str, values: Mapping[str, Any], error: str) -> BuildError:
    return StructureFailed(process=process, discipline=discipline, values=_short(values), error=error)


def _short(values: Mapping[str, Any]) -> str:
    text = ", ".join(f"{name}={value!r}" for name, value in values.items())
    return text if len(text) <= 200 else f"{text[:200]}..."
