"""A plan: a process compiled once, executed many times."""

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import cached_property, partial
from typing import Any

from sostrades_api.engine.addresses import prepare_addresses
from sostrades_api.engine.comparison import same_bits
from sostrades_api.engine.crews import crew_for
from sostrades_api.engine.dependencies import Dependencies, nodes_of
from sostrades_api.engine.derivatives.of_plan import derivatives_of
from sostrades_api.engine.derivatives.total import TotalDerivatives
from sostrades_api.engine.discipline import Discipline
from sostrades_api.engine.errors import InvalidInputs, InvalidValue, OtherStructure
from sostrades_api.engine.execution import Execution, parts_of
from sostrades_api.engine.input_checks import InputChecks
from sostrades_api.engine.loop import Loop
from sostrades_api.engine.loop_reports import described, downstream_of, warm_values
from sostrades_api.engine.missing import missing_inputs, no_such_variable
from sostrades_api.engine.node import Node
from sostrades_api.engine.numerical import NUMERICAL_INPUTS, RESIDUALS, THREADS, WARM_START
from sostrades_api.engine.observer import Observer
from sostrades_api.engine.parallel import Crew, OneAtATime, run_parallel
from sostrades_api.engine.planned import PlanVariables
from sostrades_api.engine.protection import freeze
from sostrades_api.engine.recall import Kept, Recall
from sostrades_api.engine.result import ExecutionResult, ResidualHistory, ResultValues
from sostrades_api.engine.result_cache import Checkpoints, ResultCache
from sostrades_api.engine.runner import ShouldStop
from sostrades_api.engine.sampling import Samples, execute_many
from sostrades_api.engine.session import Session
from sostrades_api.engine.value_types import MISSING


class Plan:
    """A process compiled to slots; made by ``build``, never changed, safe to execute any number of times.

    ``structuring`` holds the values, by full name, that it was built for; a static process has none.
    """

    def __init__(
        self,
        *,
        name: str,
        variables: PlanVariables,
        steps: Sequence[Node | Loop],
        structuring: Mapping[str, Any] | None = None,
        plan_for: "Callable[[Mapping[str, Any]], Plan] | None" = None,
    ) -> None:
        self.name = name
        self.variables = variables
        self.steps = tuple(steps)
        self.structuring: Mapping[str, Any] = structuring or {}
        self._plan_for = plan_for
        self._slots, self._names = variables.slots, tuple(variables.slots)
        self._template = [variable.default for variable in variables.declared]
        self._numerical = {name: self._slots[name] for name in NUMERICAL_INPUTS}
        self._nodes = [node for step in self.steps for node in nodes_of(step)]
        self._paths = tuple([node.path for node in self._nodes])
        self._places = {path: index for index, path in enumerate(self._paths)}
        self.parts = parts_of(self.steps)
        self._costs: dict[str, float] = {}
        self._plain_floats: dict[str, tuple[float, float]] = {}  # the ranges of those given so far
        self._needed = [
            slot
            for slot, (default, is_output) in enumerate(
                zip(self._template, variables.outputs.tolist(), strict=True)
            )
            if default is MISSING and not is_output
        ]

    @property
    def disciplines(self) -> tuple[str, ...]:
        """Paths relative to the study, in order of execution."""
        return self._paths

    @property
    def loops(self) -> tuple[tuple[str, ...], ...]:
        """The disciplines of each loop, in order of sweep."""
        return tuple(step.paths for step in self.steps if isinstance(step, Loop))

    @property
    def is_dynamic(self) -> bool:
        """Whether other values may lead to another plan."""
        return self._plan_for is not None

    def plan_for(self, values: Mapping[str, Any]) -> "Plan":
        """The plan of the process for the structuring values among these; itself, if the process is static.

        Only structuring names are looked up in ``values``, so that it may be a mapping that reads on demand.

        Raises:
            InvalidInputs: a structuring value does not fit its variable.
            BuildError: what these values ask for does not fit together.
        """
        return self if self._plan_for is None else self._plan_for(values)

    def discipline(self, path: str) -> Discipline:
        """The discipline at a path; ``KeyError`` when there is none."""
        return self._nodes[self._places[path]].discipline

    def short_values(self, path: str, values: Mapping[str, Any]) -> dict[str, Any]:
        """A discipline's inputs and outputs by short name, out of values by full name; defaults fill gaps."""
        found, node = {}, self._nodes[self._places[path]]
        shorts, slots = (*node.inputs, *node.outputs), (*node.in_slots, *node.out_slots)
        for short, slot in zip(shorts, slots, strict=True):
            full = self._names[slot]
            value = values[full] if full in values else self.variables[full].default
            if value is not MISSING:
                found[short] = value
        return found

    def check(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """User values fully checked and normalised.

        Raises:
            InvalidInputs: with every fault of every variable.
        """
        checked: dict[str, Any] = {}
        faults: dict[str, tuple[str, ...]] = {}
        plain = self._plain_floats
        for name, value in values.items():
            if type(value) is float and name in plain:
                low, high = plain[name]
                if low <= value <= high:  # not a number is not
                    checked[name] = value
                    continue
            known = self.variables.get(name)
            if known is None:
                faults[name] = (no_such_variable(name, self.variables),)
            elif known.io == "out" and not known.in_loop:
                faults[name] = (f"is computed by {known.owner!r} and cannot be given",)
            else:
                try:
                    checked[name] = known.variable.check(value)
                except InvalidValue as error:
                    faults[name] = error.faults
                else:
                    if type(value) is float and known.variable.is_plain_float:
                        plain[name] = known.variable.range or (-math.inf, math.inf)
        if faults:
            raise InvalidInputs(faults)
        return checked

    def execute(
        self,
        values: Mapping[str, Any] | None = None,
        *,
        observer: Observer | None = None,
        should_stop: ShouldStop | None = None,
        previous: Mapping[str, Any] | None = None,
        cache: ResultCache | None = None,
        digests: Mapping[str, str] | None = None,
        checkpoints: Checkpoints | None = None,
        recompute: Collection[str] = (),
    ) -> ExecutionResult:
        """Run all disciplines on these inputs.

        Args:
            values: by full name relative to the study; defaults are taken where one is missing.
            observer: told what happens.
            should_stop: asked before every run of a discipline; true ends with ``ExecutionStopped``.
            previous: values of an earlier result by full name; with ``warm_start``, loops start from them.
            cache: where outputs of the same disciplines on the same inputs are found, and stored.
            digests: of the given values by full name, where they are known; equal digests mean equal values.
            checkpoints: where an interrupted execution finds what it has made, and keeps what it makes.
            recompute: paths of disciplines that are run, with all that depends on them, whatever is cached.

        Raises:
            ExecutionError: a subclass says what failed, where, and what to do.
        """
        slots = self.filled(values or {}, previous)
        self.input_checks.require(slots)
        crew = None
        if slots[self._numerical[THREADS]] == 1:
            execution = self.execution(slots, observer=observer, should_stop=should_stop)
        else:
            observer = None if observer is None else OneAtATime(observer)
            execution = self.execution(slots, observer=observer, should_stop=should_stop)
            crew = crew_for(
                execution,
                self.dependencies,
                renew=lambda other: self.execution(slots, observer=other, should_stop=None),
                observer=observer,
                should_stop=should_stop,
            )
        if cache is not None or checkpoints is not None:
            recall = Recall(
                self,
                execution,
                kept=Kept(cache, checkpoints),
                digests=digests or {},
                costs=self._costs,
                observer=observer,
                recompute=recompute,
            )
            return self._run_recalling(execution, recall, crew)
        if crew is None:
            execution.run(partial(execution.run_parts, self.parts))
        else:
            execution.run(partial(run_parallel, execution, self.dependencies, crew=crew))
        return self._result_of(execution)

    def _result_of(self, execution: Execution) -> ExecutionResult:
        return self.result(
            execution,
            values=execution.values,
            history=execution.residuals,
            unconverged=execution.unconverged,
        )

    def _run_recalling(
        self, execution: Execution, recall: Recall, crew: AbstractContextManager[Crew] | None
    ) -> ExecutionResult:
        execution.run(partial(recall.run, crew=crew))
        known = {self._names[slot]: reference for slot, reference in recall.references.items()}
        result = replace(self._result_of(execution), references=known, saved_seconds=recall.saved_seconds)
        self.remember_costs({path: result.seconds[path] for path, count in result.runs.items() if count})
        return result

    def execute_many(
        self,
        columns: Mapping[str, Sequence[Any]],
        *,
        outputs: Sequence[str],
        values: Mapping[str, Any] | None = None,
        should_stop: ShouldStop | None = None,
    ) -> Samples:
        """Execute once a sample; each is independent of the others and equal to ``execute`` to the bit.

        Args:
            columns: by full name, one value a sample.
            outputs: full names of what is wanted of each.
            values: of other inputs, the same for all samples.
            should_stop: asked before every run of a discipline; true ends with ``ExecutionStopped``.

        Returns:
            the outputs in columns; a sample that fails leaves None there, and its error.

        Raises:
            InvalidInputs: before the first sample, with every fault.
        """
        return execute_many(self, columns, outputs=outputs, values=values, should_stop=should_stop)

    def remember_costs(self, seconds: Mapping[str, float]) -> None:
        """Seconds that disciplines took before, by path: what is quicker than a look-up is not looked up."""
        self._costs.update(seconds)

    def prepare_addresses(self) -> None:
        """Find out, before the first execution with a cache, what does not depend on values."""
        prepare_addresses(self.dependencies, self.variables.declared)

    def session(self, *, incremental: bool = True) -> Session:
        """A session: executions in memory where only what a change touches is run.

        Args:
            incremental: false runs everything every time.
        """
        return Session(self, incremental=incremental)

    def derivatives(
        self,
        values: Mapping[str, Any] | None = None,
        *,
        of: Sequence[str],
        wrt: Sequence[str],
        mode: str = "auto",
        method: str = "auto",
    ) -> TotalDerivatives:
        """Execute, and differentiate outputs with respect to inputs, through all that lies between.

        Args:
            values: as for ``execute``.
            of: full names of outputs that hold floats.
            wrt: full names of inputs that hold floats.
            mode: ``direct``, ``adjoint``, or ``auto``: the one with fewer solves.
            method: ``auto`` (declared Jacobians, else complex step where safe, else finite differences),
                ``complex_step``, or ``finite_differences``.

        Raises:
            NotDifferentiable: a name is no such output or input, or its loop has not converged.
            ExecutionError: as for ``execute``.
        """
        return derivatives_of(
            self, self._slots, values, of=tuple(of), wrt=tuple(wrt), mode=mode, method=method
        )

    def describe(self) -> str:
        """The order of execution as text; in loops the order of sweep, and what is fed back."""
        return described(self.steps, self._names)

    @cached_property
    def _made(self) -> dict[str, int]:
        """The slots of what results hold by full name."""
        outputs = zip(self._slots.items(), self.variables.outputs.tolist(), strict=True)
        return {name: slot for (name, slot), is_output in outputs if is_output and name != RESIDUALS}

    # --- an execution in pieces, for sessions and the like ----------------------------------------------

    @cached_property
    def dependencies(self) -> Dependencies:
        """What each step reads and makes."""
        return Dependencies(self.steps, slots=len(self._names))

    @cached_property
    def input_checks(self) -> InputChecks:
        """What disciplines find wrong with several inputs together."""
        return InputChecks(self._nodes, names=self._names, made=self._made.values())

    def slot(self, name: str) -> int:
        """Where a variable lies; ``KeyError`` when there is none."""
        return self._slots[name]

    @cached_property
    def deterministic(self) -> bool:
        """Whether the same inputs always make the same outputs."""
        return all(node.deterministic for node in self._nodes)

    def execution(
        self,
        slots: list[Any],
        *,
        observer: Observer | None,
        should_stop: ShouldStop | None,
        few: bool = False,
        told: bool = True,
    ) -> Execution:
        """An execution on slots already filled with inputs; it has still to be run, perhaps only ``few``."""
        return Execution(
            slots,
            names=self._names,
            paths=self._paths,
            numerical=self._numerical,
            observer=observer,
            should_stop=should_stop,
            few=few,
            told=told,
        )

    def result(
        self,
        execution: Execution,
        *,
        values: Sequence[Any],
        history: Sequence[tuple[str, int, float]],
        unconverged: Sequence[Loop],
    ) -> ExecutionResult:
        """The result of an execution that has been run."""
        residuals, tally = ResidualHistory(history), execution.progress.tally
        made, places = ResultValues(values, self._made, residuals), self._places
        touched = downstream_of(unconverged, self.steps, self._names) if unconverged else {}
        return ExecutionResult(
            values=made,
            converged=not unconverged,
            places=places,
            tally=tally,
            history=residuals,
            total_seconds=execution.total_seconds,
            **touched,
        )

    def filled(self, values: Mapping[str, Any], previous: Mapping[str, Any] | None = None) -> list[Any]:
        """The slots at the start: these values, checked and frozen, and defaults."""
        slots, places = self._template.copy(), self._slots
        if previous and values.get(WARM_START, self.variables[WARM_START].default) is True:
            for name, value in warm_values(self.variables, previous).items():
                slots[places[name]] = value
        for name, value in self.check(values).items():
            slots[places[name]] = freeze(value)
        if self.structuring:
            self.require_structure({name: slots[places[name]] for name in self.structuring})
        if self._needed:
            self._fill_needed(slots)
        return slots

    def _fill_needed(self, slots: list[Any]) -> None:
        missing = []
        for slot in self._needed:
            if slots[slot] is MISSING:
                if self.variables.declared[slot].optional:
                    slots[slot] = None
                else:
                    missing.append(self._names[slot])
        if missing:
            raise missing_inputs(missing, self.variables)

    def require_structure(self, values: Mapping[str, Any]) -> None:
        """Raise ``OtherStructure`` when structuring values are not those that the plan was built for."""
        others = [
            name
            for name, value in self.structuring.items()
            if name in values and not same_bits(values[name], value)
        ]
        if others:
            raise OtherStructure(variables=tuple(others))
