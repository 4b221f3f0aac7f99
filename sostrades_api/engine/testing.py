"""What every discipline promises, as one check for its tests: ``check_discipline(CarbonCycle, {...})``."""

import difflib
import warnings
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

import numpy as np
import pandas as pd

from sostrades_api.engine.comparison import same_bits
from sostrades_api.engine.derivatives.blocks import dense
from sostrades_api.engine.derivatives.linearize import Blocks, Linearizer, Method, declares_jacobian
from sostrades_api.engine.derivatives.numbers import count, place_of
from sostrades_api.engine.discipline import Discipline
from sostrades_api.engine.dynamic import settle
from sostrades_api.engine.errors import (
    ContractBroken,
    ExecutionError,
    InvalidInputs,
    InvalidValue,
    MissingInputs,
    UnknownNamespace,
    WrongJacobian,
)
from sostrades_api.engine.input_checks import faults_of, has_check
from sostrades_api.engine.node import Node
from sostrades_api.engine.process import Process
from sostrades_api.engine.protection import freeze, hand_out, thaw
from sostrades_api.engine.units import fault
from sostrades_api.engine.value_types import MISSING
from sostrades_api.engine.variable import Variable


def check_discipline(discipline: type[Discipline], inputs: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Run a discipline on these inputs and check that it keeps its promises.

    Inputs fit their descriptors, those that ``structure`` declares too, and its ``check_inputs``; outputs are
    those declared, finite and within their ranges; the same inputs give the same outputs to the bit, from the
    same object and a new one, whatever they have run on before (unless it is not ``DETERMINISTIC``); no input
    is changed; declared derivatives are right. Nothing needs to be picklable. A unit that cannot be read is
    warned of: its values are passed on as they are, and fit no other unit.

    Args:
        discipline: the class.
        inputs: by short name; defaults fill gaps.

    Returns:
        the outputs by short name.

    Raises:
        EngineError: a subclass names discipline and variable.
    """
    subject = _Subject(discipline, inputs or {})
    _check_units(subject)
    subject.require_inputs()
    node = subject.node()
    first = subject.outputs(node)
    if discipline.DETERMINISTIC:
        _check_repeatable(subject, node, first)
    _check_untouched(subject)
    if declares_jacobian(discipline):
        check_jacobian(discipline, inputs)
    return {name: thaw(value) for name, value in first.items()}


def check_jacobian(
    discipline: type[Discipline],
    inputs: Mapping[str, Any] | None = None,
    *,
    tolerance: float | None = None,
    method: str = "complex_step",
) -> None:
    """Compare every declared derivative at these inputs with what ``run`` shows, and name what is wrong.

    Args:
        discipline: the class; it declares ``jacobian``.
        inputs: by short name; defaults fill gaps.
        tolerance: relative to the largest entry of the same output; 1e-9 for complex step, else 1e-5.
        method: ``complex_step`` (central finite differences where the discipline is not ``COMPLEX_SAFE``), or
            ``finite_differences``.

    Raises:
        WrongJacobian: with the first wrong entry, what it should be, and how many others are wrong.
        ContractBroken: no derivatives are declared.
        InvalidJacobian: an entry has a wrong name or shape.
    """
    if not declares_jacobian(discipline):
        raise ContractBroken(discipline=discipline.__name__, detail="it declares no jacobian")
    subject = _Subject(discipline, inputs or {})
    node, values = subject.node(), subject.slots()
    node.compute(values, values)
    pairs = {(of, wrt) for of in node.out_slots for wrt in node.in_slots}
    declared = Linearizer(node, pairs)
    stepped = Linearizer(node, pairs, method=Method(method))
    if tolerance is None:
        tolerance = 1e-9 if stepped.method == "complex_step" else 1e-5
    comparison = _Comparison(subject, values, stepped.method, tolerance)
    comparison.compare(declared.blocks(values), stepped.blocks(values))


class _Comparison:
    """Declared derivatives beside those that were found by stepping."""

    def __init__(self, subject: "_Subject", values: list[Any], method: str, tolerance: float) -> None:
        self._names = (*subject.declared[0], *subject.declared[1])
        self._discipline, self._values = subject.name, values
        self._method, self._tolerance = method, tolerance

    def compare(self, declared: Blocks, stepped: Blocks) -> None:
        """Raise when an entry differs."""
        wrong = []
        for of in dict.fromkeys(made for made, _ in (*declared, *stepped)):
            wrts = {read for made, read in (*declared, *stepped) if made == of}
            pairs = {
                wrt: (self._full(declared, of, wrt), self._full(stepped, of, wrt)) for wrt in sorted(wrts)
            }
            largest = max(float(np.abs(found).max(initial=0.0)) for _, found in pairs.values())
            for wrt, (said, found) in pairs.items():
                faults = np.argwhere(np.abs(said - found) > self._tolerance * max(largest, 1e-300))
                wrong.extend((of, wrt, int(i), int(j), said[i, j], found[i, j]) for i, j in faults)
        if wrong:
            self._refuse(wrong)

    def _full(self, blocks: Blocks, of: int, wrt: int) -> np.ndarray:
        if (of, wrt) in blocks:
            return dense(blocks[of, wrt])
        return np.zeros((count(self._values[of]), count(self._values[wrt])))

    def _refuse(self, wrong: list[tuple[Any, ...]]) -> None:
        of, wrt, row, column, said, found = wrong[0]
        raise WrongJacobian(
            discipline=self._discipline,
            detail=f"{len(wrong)} entr{'y is' if len(wrong) == 1 else 'ies are'} wrong",
            output=self._named(of, row),
            input=self._named(wrt, column),
            declared=float(said),
            expected=float(found),
            method=self._method.replace("_", " "),
        )

    def _named(self, slot: int, index: int) -> str:
        place = place_of(self._values[slot], index)
        return f"{self._names[slot]} ({place})" if place else self._names[slot]


class _Subject:
    """A discipline class, what it declares for some inputs, and these inputs, checked."""

    def __init__(self, discipline: type[Discipline], inputs: Mapping[str, Any]) -> None:
        self.name, self._class = discipline.__name__, discipline
        self.declared = _declared(discipline, inputs)
        self.inputs = _checked(self.name, self.declared[0], inputs)

    def require_inputs(self) -> None:
        """Raise ``InvalidInputs`` when the discipline itself finds them wrong together."""
        discipline = self.new()
        if has_check(discipline):
            faults = faults_of(discipline, self.inputs, path=self.name, known=self.inputs)
            if faults:
                raise InvalidInputs(faults)

    def new(self) -> Discipline:
        """A new object."""
        return self._class()

    def node(self) -> Node:
        """A new object, run and checked as in a plan."""
        inputs, outputs = map(len, self.declared)
        return Node(
            self.name,
            index=0,
            discipline=self.new(),
            in_slots=range(inputs),
            out_slots=range(inputs, inputs + outputs),
            declared=self.declared,
        )

    def slots(self, inputs: Mapping[str, Any] | None = None) -> list[Any]:
        """Room for inputs and outputs."""
        given = self.inputs if inputs is None else inputs
        return [*given.values(), *([MISSING] * len(self.declared[1]))]

    def outputs(self, node: Node) -> dict[str, Any]:
        """What it makes of the inputs."""
        values = self.slots()
        node.compute(values, values)
        node.check_limits(values)
        return dict(zip(self.declared[1], values[len(self.inputs) :], strict=True))

    def broken(self, detail: str) -> ContractBroken:
        """The error of a broken promise."""
        return ContractBroken(discipline=self.name, detail=detail)


class _ByShortName(Mapping[str, Any]):
    """Values of inputs, wherever they lie."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = values

    def __getitem__(self, name: str) -> Any:
        return self._values[name.rpartition(".")[2]]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


def _declared(
    discipline: type[Discipline], inputs: Mapping[str, Any]
) -> tuple[Mapping[str, Variable], Mapping[str, Variable]]:
    """Inputs and outputs by short name, with those that ``structure`` adds for these inputs."""
    if discipline.structure is Discipline.structure:
        return discipline.inputs, discipline.outputs
    namespaces: dict[str, str] = {}
    while True:
        process = Process("tested", disciplines={discipline.__name__: discipline}, namespaces=namespaces)
        try:
            settled = settle(process, _ByShortName(inputs))
        except UnknownNamespace as error:
            namespaces[error.namespace] = error.namespace
            continue
        place = settled.placed[0]
        return place.inputs, place.outputs


def _check_repeatable(subject: _Subject, node: Node, first: Mapping[str, Any]) -> None:
    other = subject.slots({name: _moved(value) for name, value in subject.inputs.items()})
    for again, runs_on_others, how in (
        (node, False, "when run again"),
        (node, True, "once it has run on others"),
        (subject.node(), False, "from a new object"),
        (subject.node(), True, "from a new object that has run on others first"),
    ):
        if runs_on_others:
            with suppress(ExecutionError):  # they may not be good for it
                again.compute(other, other)
        second = subject.outputs(again)
        for name, value in first.items():
            if not same_bits(value, second[name]):
                raise subject.broken(
                    f"output {name!r} differs {how} on the same inputs; let it keep nothing between runs, "
                    "seed what is random, or declare DETERMINISTIC = False"
                )


def _check_units(subject: _Subject) -> None:
    for side in subject.declared:
        for name, variable in side.items():
            units = {name: variable.unit}
            units |= {
                f"{name}, column {key!r}": column.unit for key, column in (variable.columns or {}).items()
            }
            for where, unit in units.items():
                if why := fault(unit):
                    warnings.warn(f"{subject.name}, {where}: {why}", stacklevel=3)


def _moved(value: Any) -> Any:
    """A value a little further on, where it is of floats."""
    if isinstance(value, float):
        return value * 1.0625 + 0.03125
    if isinstance(value, np.ndarray) and value.dtype.kind == "f":
        return freeze(value * 1.0625 + 0.03125)
    if isinstance(value, pd.DataFrame):
        return freeze(
            value.assign(**{str(n): _moved(c.to_numpy()) for n, c in value.items() if c.dtype.kind == "f"})
        )
    return value


def _checked(name: str, variables: Mapping[str, Variable], inputs: Mapping[str, Any]) -> dict[str, Any]:
    faults: dict[str, tuple[str, ...]] = {}
    checked: dict[str, Any] = {}
    for unknown in inputs.keys() - variables.keys():
        near = difflib.get_close_matches(unknown, variables, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        faults[unknown] = (f"{name} declares no such input{hint}",)
    for short, variable in variables.items():
        value = inputs.get(short, variable.default)
        if value is MISSING and variable.optional:
            value = None
        if value is MISSING:
            if faults:  # it may be the one that is misspelt
                break
            raise MissingInputs(variables=(short,))
        try:
            checked[short] = freeze(variable.check(value))
        except InvalidValue as error:
            faults[short] = error.faults
    if faults:
        raise InvalidInputs(faults)
    return checked


def _check_untouched(subject: _Subject) -> None:
    """Run once more on copies that can be written to, where a change shows instead of failing."""
    handed_out = {name: _writeable(value) for name, value in subject.inputs.items()}
    subject.new().run(handed_out)
    for name, value in subject.inputs.items():
        if not same_bits(thaw(value), thaw(handed_out.get(name))):
            raise subject.broken(
                f"it changes its input {name!r}; let it change a copy: inputs[{name!r}].copy()"
            )


def _writeable(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.copy()
    return thaw(hand_out(value))
