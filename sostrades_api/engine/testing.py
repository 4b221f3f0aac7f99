"""What every discipline promises, as one check for its tests: ``check_discipline(CarbonCycle, {...})``."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from sostrades_api.engine.comparison import same_bits
from sostrades_api.engine.derivatives.blocks import dense
from sostrades_api.engine.derivatives.linearize import Blocks, Linearizer, Method, declares_jacobian
from sostrades_api.engine.derivatives.numbers import count, place_of
from sostrades_api.engine.discipline import Discipline
from sostrades_api.engine.errors import (
    ContractBroken,
    InvalidInputs,
    InvalidValue,
    MissingInputs,
    WrongJacobian,
)
from sostrades_api.engine.node import Node
from sostrades_api.engine.protection import freeze, hand_out, thaw
from sostrades_api.engine.value_types import MISSING


def check_discipline(discipline: type[Discipline], inputs: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Run a discipline on these inputs and check that it keeps its promises.

    Inputs fit their descriptors, outputs are those declared, finite and within their ranges; the same inputs
    give the same outputs to the bit, from the same object and from a new one; no input is changed.

    Args:
        discipline: the class.
        inputs: by short name; defaults fill gaps.

    Returns:
        the outputs by short name.

    Raises:
        EngineError: a subclass names discipline and variable.
    """
    given = _checked(discipline, dict(inputs or {}))
    node = _node(discipline)
    first = _outputs(node, discipline, given)
    for again, how in ((node, "when run again"), (_node(discipline), "from a new object")):
        second = _outputs(again, discipline, given)
        for name, value in first.items():
            if not same_bits(value, second[name]):
                raise ContractBroken(
                    discipline=discipline.__name__, detail=f"output {name!r} differs {how} on the same inputs"
                )
    _check_untouched(discipline, given)
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
    values = [*_checked(discipline, dict(inputs or {})).values(), *([MISSING] * len(discipline.outputs))]
    node = _node(discipline)
    node.compute(values, values)
    pairs = {(of, wrt) for of in node.out_slots for wrt in node.in_slots}
    declared = Linearizer(node, pairs)
    stepped = Linearizer(node, pairs, method=Method(method))
    if tolerance is None:
        tolerance = 1e-9 if stepped.method == "complex_step" else 1e-5
    comparison = _Comparison(discipline, values, stepped.method, tolerance)
    comparison.compare(declared.blocks(values), stepped.blocks(values))


class _Comparison:
    """Declared derivatives beside those that were found by stepping."""

    def __init__(
        self, discipline: type[Discipline], values: list[Any], method: str, tolerance: float
    ) -> None:
        self._names = (*discipline.inputs, *discipline.outputs)
        self._discipline, self._values = discipline.__name__, values
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


def _checked(discipline: type[Discipline], inputs: dict[str, Any]) -> dict[str, Any]:
    faults: dict[str, tuple[str, ...]] = {}
    checked: dict[str, Any] = {}
    for name in inputs.keys() - discipline.inputs.keys():
        faults[name] = (f"{discipline.__name__} declares no such input",)
    for name, variable in discipline.inputs.items():
        value = inputs.get(name, variable.default)
        if value is MISSING and variable.optional:
            value = None
        if value is MISSING:
            raise MissingInputs(variables=(name,))
        try:
            checked[name] = freeze(variable.check(value))
        except InvalidValue as error:
            faults[name] = error.faults
    if faults:
        raise InvalidInputs(faults)
    return checked


def _node(discipline: type[Discipline]) -> Node:
    inputs, outputs = len(discipline.inputs), len(discipline.outputs)
    return Node(
        discipline.__name__,
        index=0,
        discipline=discipline(),
        in_slots=range(inputs),
        out_slots=range(inputs, inputs + outputs),
    )


def _outputs(node: Node, discipline: type[Discipline], inputs: Mapping[str, Any]) -> dict[str, Any]:
    values = [*inputs.values(), *([MISSING] * len(discipline.outputs))]
    node.compute(values, values)
    node.check_limits(values)
    return dict(zip(discipline.outputs, values[len(inputs) :], strict=True))


def _check_untouched(discipline: type[Discipline], inputs: Mapping[str, Any]) -> None:
    """Run once more on copies that can be written to, where a change shows instead of failing."""
    handed_out = {name: _writeable(value) for name, value in inputs.items()}
    discipline().run(handed_out)
    for name, value in inputs.items():
        if not same_bits(thaw(value), thaw(handed_out.get(name))):
            raise ContractBroken(discipline=discipline.__name__, detail=f"it changes its input {name!r}")


def _writeable(value: Any) -> Any:
    if hasattr(value, "flags") and hasattr(value, "setflags"):
        return value.copy()
    return thaw(hand_out(value))
