"""Many samples of one plan: values in columns, one list of slots a sample, no result object a sample."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from sostrades_api.engine.comparison import same_bits
from sostrades_api.engine.errors import (
    EngineError,
    ExecutionError,
    ExecutionStopped,
    InvalidInputs,
    InvalidValue,
    SettingsError,
)
from sostrades_api.engine.missing import no_such_variable
from sostrades_api.engine.numerical import RESIDUALS
from sostrades_api.engine.protection import freeze, thaw
from sostrades_api.engine.runner import ShouldStop

if TYPE_CHECKING:
    from sostrades_api.engine.execution import Execution
    from sostrades_api.engine.plan import Plan


@dataclass(frozen=True, kw_only=True)
class Samples:
    """What the samples made.

    Attributes:
        values: a list a wanted output, one value a sample; None where the sample failed.
        failures: the error of each sample that failed, by its number from 0.
        unconverged: numbers of the samples with an accepted loop that did not converge.
    """

    values: Mapping[str, list[Any]]
    failures: Mapping[int, EngineError]
    unconverged: tuple[int, ...]


def execute_many(
    plan: "Plan",
    columns: Mapping[str, Sequence[Any]],
    *,
    outputs: Sequence[str],
    values: Mapping[str, Any] | None,
    should_stop: ShouldStop | None,
) -> Samples:
    """See ``Plan.execute_many``."""
    columns = _checked(plan, columns)
    unknown = {name: ("no such output",) for name in outputs if not _is_output(plan, name)}
    if unknown:
        raise InvalidInputs(unknown)
    first = {name: column[0] for name, column in columns.items() if column}
    template = plan.filled({**(values or {}), **first})
    slots = [plan.slot(name) for name in columns]
    wanted = [plan.slot(name) for name in outputs]
    read = itemgetter(*wanted) if len(wanted) > 1 else lambda made: tuple(made[slot] for slot in wanted)
    rows, failures, unconverged = [], dict[int, EngineError](), []
    sampler = _Sampler(plan, template, slots, should_stop)
    for number, sample in enumerate(zip(*columns.values(), strict=True)):
        try:
            converged = sampler.run(sample)
        except ExecutionStopped:
            raise
        except (ExecutionError, SettingsError) as error:
            failures[number] = error
            rows.append((None,) * len(wanted))
            continue
        rows.append(read(sampler.values))
        if not converged:
            unconverged.append(number)
    made_columns = zip(*rows, strict=True) if rows else ((),) * len(wanted)
    return Samples(
        values={name: list(map(thaw, column)) for name, column in zip(outputs, made_columns, strict=True)},
        failures=failures,
        unconverged=tuple(unconverged),
    )


class _Sampler:
    """Runs samples on the same slots, told of nothing; what fails, again, for an error with its history."""

    def __init__(
        self, plan: "Plan", template: list[Any], slots: Sequence[int], should_stop: ShouldStop | None
    ) -> None:
        self.values = template.copy()
        self._plan, self._template, self._slots = plan, template, slots
        execution = partial(plan.execution, self.values, observer=None, should_stop=should_stop)
        self._told = execution()
        # What draws would be another sample the second time.
        self._untold = execution(told=False) if plan.deterministic else self._told

    def run(self, sample: Sequence[Any]) -> bool:
        """Run one; whether its loops have converged."""
        if self._untold is not self._told:
            try:
                return self._run(self._untold, sample)
            except ExecutionStopped:
                raise
            except (ExecutionError, SettingsError):
                pass
        return self._run(self._told, sample)

    def _run(self, execution: "Execution", sample: Sequence[Any]) -> bool:
        values = self.values
        values[:] = self._template
        for slot, value in zip(self._slots, sample, strict=True):
            values[slot] = value
        execution.forget()
        self._plan.input_checks.require(values)
        execution.run_parts(self._plan.parts)
        return not execution.unconverged


def _checked(plan: "Plan", columns: Mapping[str, Sequence[Any]]) -> dict[str, list[Any]]:
    faults: dict[str, tuple[str, ...]] = {}
    checked: dict[str, list[Any]] = {}
    lengths = {len(column) for column in columns.values()}
    if len(lengths) > 1:
        faults = {name: (f"has {len(column)} samples",) for name, column in columns.items()}
        raise InvalidInputs(faults)
    for name, column in columns.items():
        try:
            known = plan.variables[name]
            checked[name] = [freeze(known.variable.check(value)) for value in column]
        except KeyError:
            faults[name] = (no_such_variable(name, plan.variables),)
        except InvalidValue as error:
            faults[name] = error.faults
        else:
            if known.io == "out" and not known.in_loop:
                faults[name] = (f"is computed by {known.owner!r} and cannot be given",)
            faults |= _of_structure(plan, name, checked[name])
    if faults:
        raise InvalidInputs(faults)
    return checked


def _of_structure(plan: "Plan", name: str, column: Sequence[Any]) -> dict[str, tuple[str, ...]]:
    """A fault where samples would need other plans than this one."""
    if name not in plan.structuring or all(same_bits(value, plan.structuring[name]) for value in column):
        return {}
    fault = "decides which variables there are: sample each of its values with plan.plan_for(values)"
    return {name: (fault,)}


def _is_output(plan: "Plan", name: str) -> bool:
    return name in plan.variables and plan.variables[name].io == "out" and name != RESIDUALS
