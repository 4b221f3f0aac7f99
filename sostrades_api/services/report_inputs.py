"""The inputs of an execution as readers see them: label, value with unit, whether it is the default."""

from typing import Any

import numpy as np
import pandas as pd

from sostrades_api.engine import MISSING, PlanVariable
from sostrades_api.reporting.document import InputGroup, InputRow
from sostrades_api.reporting.unit_text import unit_text
from sostrades_api.services.execution_result_read import ExecutionOutcome

LONGEST = 8
_OWN_NODE = "Study"


def report_inputs(outcome: ExecutionOutcome) -> tuple[InputGroup, ...]:
    """The inputs of every node in the order of the process, numerical parameters left to `report_solving`."""
    groups: dict[str, list[InputRow]] = {}
    for name, planned in outcome.plan.variables.items():
        if planned.io == "in" and not planned.variable.numerical:
            groups.setdefault(planned.owner, []).append(_row(name, planned, outcome))
    return tuple(InputGroup(name=node or _OWN_NODE, rows=tuple(rows)) for node, rows in groups.items())


def report_solving(outcome: ExecutionOutcome) -> tuple[InputRow, ...]:
    """The numerical parameters that differ from the defaults of the process: how it was solved."""
    planned = outcome.plan.variables.items()
    rows = [
        _row(name, each, outcome) for name, each in planned if each.io == "in" and each.variable.numerical
    ]
    return tuple(row for row in rows if row.changed)


def shown_value(value: Any) -> str:
    """A value as text: scalars and short lists in full, tables by their size."""
    if value is MISSING or value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.6g}"
    return str(value) if isinstance(value, int | str) else _shown_table(value)


def _shown_table(value: Any) -> str:
    if isinstance(value, pd.DataFrame):
        return f"table, {len(value)} by {value.shape[1]}"
    if isinstance(value, np.ndarray):
        return _several(value.tolist(), "array, " + " by ".join(map(str, value.shape)))
    if isinstance(value, list):
        return _several(value, f"list of {len(value)}")
    return f"{len(value)} entries"


def _several(values: list[Any], otherwise: str) -> str:
    plain = all(isinstance(value, int | float | str) for value in values)
    return ", ".join(map(shown_value, values)) if plain and 0 < len(values) <= LONGEST else otherwise


def _row(name: str, planned: PlanVariable, outcome: ExecutionOutcome) -> InputRow:
    value = outcome.value(name)
    return InputRow(
        name=name,
        label=planned.variable.label or planned.variable.name,
        value=shown_value(value),
        unit=unit_text(planned.variable.unit),
        changed=name in outcome.given and not same_value(value, planned.default),
        default=shown_value(planned.default),
    )


def same_value(first: Any, second: Any) -> bool:
    """Whether two values are the same in every cell; NaN is NaN here."""
    if type(first) is not type(second):
        return False
    if isinstance(first, pd.DataFrame):
        return first.equals(second)
    if isinstance(first, np.ndarray):
        return np.array_equal(first, second, equal_nan=first.dtype.kind in "fc")
    if isinstance(first, dict):
        return first.keys() == second.keys() and all(same_value(first[key], second[key]) for key in first)
    if isinstance(first, list):
        return len(first) == len(second) and all(map(same_value, first, second))
    return first == second or (first != first and second != second)  # noqa: PLR0124
