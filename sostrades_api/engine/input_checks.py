"""What disciplines find wrong with several of their inputs together, asked before anything runs."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sostrades_api.engine.discipline import Discipline
from sostrades_api.engine.errors import DisciplineRaised, InvalidInputs
from sostrades_api.engine.failures import described, failure_of
from sostrades_api.engine.handover import Handover
from sostrades_api.engine.node import Node
from sostrades_api.engine.protection import hand_out

Faults = dict[str, list[str]]


class InputChecks:
    """The disciplines of a plan that check their inputs.

    Args:
        nodes: all disciplines.
        names: full names by slot.
        made: slots of what disciplines make, which is not known before the run.
    """

    def __init__(self, nodes: Iterable[Node], *, names: Sequence[str], made: Iterable[int]) -> None:
        made = frozenset(made)
        self._checks = [_Check.of(node, names, made) for node in nodes if has_check(node.discipline)]

    def require(self, values: Sequence[Any]) -> None:
        """Ask all of them about the inputs in these slots.

        Raises:
            InvalidInputs: with every fault that a discipline found, by full name.
            DisciplineError: a check failed itself.
        """
        if not self._checks:
            return
        faults: Faults = {}
        for check in self._checks:
            for name, found in check.faults(values).items():
                faults.setdefault(check.full_names[name], []).extend(
                    f"{fault} (says {check.path!r})" for fault in found
                )
        if faults:
            raise InvalidInputs(faults)


def has_check(discipline: Discipline) -> bool:
    """Whether a discipline has a check of its own."""
    return type(discipline).check_inputs is not Discipline.check_inputs


def faults_of(
    discipline: Discipline, inputs: Mapping[str, Any], *, path: str, known: Iterable[str]
) -> Faults:
    """What a discipline finds wrong, by short name.

    Args:
        discipline: that has a check.
        inputs: that are known, in the units that it declares.
        path: of the discipline.
        known: the short names of all its inputs.

    Raises:
        DisciplineError: the check failed itself, or named something else than its inputs.
    """
    inputs = {name: hand_out(value) for name, value in inputs.items()}
    try:
        found = discipline.check_inputs(inputs)
    except BaseException as error:
        if isinstance(error, KeyError) and error.args and error.args[0] in known:
            hint = f"{error!r} in check_inputs: another discipline makes it; ask whether it is in inputs"
            raise DisciplineRaised(discipline=path, error=hint) from error
        raise failure_of(error, discipline=path, inputs=tuple(inputs)) from error
    try:
        return _as_faults({} if found is None else found, set(known))
    except TypeError as error:
        raise DisciplineRaised(discipline=path, error=f"{described(error)} in check_inputs") from None


def _as_faults(found: Any, known: set[str]) -> Faults:
    if not isinstance(found, Mapping):
        msg = f"it must return a dict of faults by input, not {type(found).__name__}"
        raise TypeError(msg)
    faults = {}
    for name, said in found.items():
        texts = [said] if isinstance(said, str) else list(said)
        if name not in known or not all(isinstance(text, str) for text in texts):
            msg = f"{name!r}: {said!r} is no fault of an input; it says {{short name: text}}"
            raise TypeError(msg)
        if texts:
            faults[name] = texts
    return faults


@dataclass(frozen=True)
class _Check:
    """One discipline, and where its inputs lie that users give."""

    path: str
    discipline: Discipline
    slots: Mapping[str, int]
    full_names: Mapping[str, str]
    handover: Handover | None

    @classmethod
    def of(cls, node: Node, names: Sequence[str], made: frozenset[int]) -> "_Check":
        slots = dict(zip(node.inputs, node.in_slots, strict=True))
        given = {name: slot for name, slot in slots.items() if slot not in made}
        conversions = node.handover.conversions if node.handover is not None else {}
        own = {name: convert for name, convert in conversions.items() if name in given}
        full_names = {name: names[slot] for name, slot in slots.items()}
        return cls(node.path, node.discipline, given, full_names, Handover(own) if own else None)

    def faults(self, values: Sequence[Any]) -> Faults:
        inputs = {name: values[slot] for name, slot in self.slots.items()}
        if self.handover is not None:
            inputs = self.handover.converted(inputs)
        return faults_of(self.discipline, inputs, path=self.path, known=self.full_names)
