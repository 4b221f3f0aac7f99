"""What every discipline promises, as one check for its tests: ``check_discipline(CarbonCycle, {...})``."""

from collections.abc import Mapping
from typing import Any

from sostrades_api.engine.comparison import same_bits
from sostrades_api.engine.discipline import Discipline
from sostrades_api.engine.errors import ContractBroken, InvalidInputs, InvalidValue, MissingInputs
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
