"""What is told of loops: their order of sweep, what depends on unconverged ones, where they may start."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sostrades_api.engine.errors import InvalidValue
from sostrades_api.engine.loop import Loop
from sostrades_api.engine.nested_compute import blocks_of
from sostrades_api.engine.node import Node
from sostrades_api.engine.protection import freeze

if TYPE_CHECKING:
    from sostrades_api.engine.planned import PlanVariable

Step = Node | Loop


def described(steps: Sequence[Step], names: Sequence[str]) -> str:
    """The order of execution, a discipline a line; each loop with its sweep and its feedback couplings."""
    lines = []
    for step in steps:
        if isinstance(step, Node):
            lines.append(step.path)
            continue
        lines.extend(_described_loop(step, names, ""))
    return "\n".join(lines)


def _described_loop(loop: Loop, names: Sequence[str], margin: str) -> list[str]:
    fed = ", ".join(f"{names[slot]} (to {reader})" for slot, reader in loop.feedback)
    lines = [f"{margin}loop of {len(loop.nodes)}, {len(loop.feedback)} fed back: {fed}"]
    for block in blocks_of(loop):
        if isinstance(block, Loop):
            lines.extend(_described_loop(block, names, f"{margin}    "))
        else:
            lines.extend(f"{margin}    {node.path}" for node in block)
    return lines


def downstream_of(loops: Sequence[Loop], steps: Sequence[Step], names: Sequence[str]) -> dict[str, Any]:
    """The fields of a result that say what depends on these loops, the loops themselves among it."""
    if not loops:
        return {}
    touched: set[int] = set()
    variables: list[str] = []
    disciplines: list[str] = []
    for step in steps:
        nodes = (step,) if isinstance(step, Node) else step.nodes
        if _is_among(step, loops) or any(slot in touched for node in nodes for slot in node.in_slots):
            for node in nodes:
                disciplines.append(node.path)
                variables.extend(names[slot] for slot in node.out_slots)
                touched.update(node.out_slots)
    return {
        "unconverged": tuple(variables),
        "unconverged_disciplines": tuple(disciplines),
        "unconverged_loops": tuple(loop.label for loop in loops),
    }


def _is_among(step: Step, loops: Sequence[Loop]) -> bool:
    return isinstance(step, Loop) and (step in loops or any(_is_among(inner, loops) for inner in step.inner))


def warm_values(variables: "Mapping[str, PlanVariable]", previous: Mapping[str, Any]) -> dict[str, Any]:
    """The couplings of loops among earlier values, frozen; those that no longer fit are left out."""
    found = {}
    for name, planned in variables.items():
        if planned.in_loop and name in previous:
            try:
                found[name] = freeze(planned.variable.check(previous[name]))
            except InvalidValue:
                continue
    return found
