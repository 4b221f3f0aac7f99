"""What can go wrong in the engine; each class's docstring is its message, its attributes are the data."""

from collections.abc import Mapping, Sequence
from typing import Any


class EngineError(Exception):
    """The engine cannot go on."""

    def __init__(self, **data: Any) -> None:
        text = " ".join((type(self).__doc__ or type(self).__name__).split())
        super().__init__(text.format(**{key: _readable(value) for key, value in data.items()}))
        self.data = data
        for key, value in data.items():
            setattr(self, key, value)

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.data)


def _rebuild(cls: type[EngineError], data: Mapping[str, Any]) -> EngineError:
    return cls(**data)


def _readable(value: Any) -> Any:
    return ", ".join(map(str, value)) if isinstance(value, (tuple, list, set, frozenset)) else value


class UnitError(EngineError):
    """{detail}"""

    detail: str


class InvalidValue(EngineError):
    """{faults}"""

    faults: tuple[str, ...]

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__(faults="; ".join(faults))
        self.faults = tuple(faults)
        self.data = {"faults": self.faults}


class SettingsError(EngineError):
    """{detail}"""

    detail: str


# --- declaring and building -------------------------------------------------------------------------------


class BuildError(EngineError):
    """Process {process}: {detail}"""

    process: str
    detail: str


class DescriptorError(EngineError):
    """{owner}.{side}[{variable!r}], key {key!r}: {detail}"""

    owner: str
    side: str
    variable: str
    key: str


class PlaceError(BuildError):
    """Discipline {discipline!r} cannot be placed: {detail}"""

    discipline: str


class UnknownNamespace(BuildError):
    """Discipline {discipline!r} uses namespace {namespace!r} for {variable!r}, which the process does not
    define; known: {known}. Add it to the process's or the place's namespaces."""

    discipline: str
    namespace: str
    variable: str
    known: tuple[str, ...]


class TwoProducers(BuildError):
    """Variable {variable!r} is an output of both {first!r} and {second!r}; rename one of them or put one in
    another namespace."""

    variable: str
    first: str
    second: str


class ReservedName(BuildError):
    """Discipline {discipline!r} declares {variable!r} at the study's node, a name that the platform uses."""

    discipline: str
    variable: str


class StructureFailed(BuildError):
    """{discipline!r} cannot say what it needs for {values}: {error}"""

    discipline: str
    values: str
    error: str


class StructureOscillates(BuildError):
    """Its structure does not settle in {rounds} rounds; what changes to and fro: {names}. Let each structure
    depend on the values of its structuring inputs alone, and no default on what it decides."""

    rounds: int
    names: tuple[str, ...]


class StructuringComputed(BuildError):
    """Input {variable!r} decides the structure of {discipline!r}, but {producer!r} computes it, which is
    known too late; rename one of them, or take `structuring` away."""

    variable: str
    discipline: str
    producer: str


class DeclarationMisfit(BuildError):
    """Variable {variable!r} does not fit between {first!r} and {second!r}: {detail}"""

    variable: str
    first: str
    second: str


class TypeMisfit(DeclarationMisfit):
    """Variable {variable!r} is {first_type} in {first!r} and {second_type} in {second!r}; declare one
    type."""

    first_type: str
    second_type: str


class UnitMisfit(DeclarationMisfit):
    """Variable {variable!r} is in {first_unit!r} in {first!r} and in {second_unit!r} in {second!r}{where};
    {hint}."""

    first_unit: str
    second_unit: str
    where: str
    hint: str


class InvalidReference(BuildError):
    """Reference {reference!r} of process {process!r}, variable {variable!r}: {detail}"""

    reference: str
    variable: str


# --- executing --------------------------------------------------------------------------------------------


class ExecutionError(EngineError):
    """The execution failed."""


class InvalidInputs(ExecutionError):
    """{detail}"""

    faults: Mapping[str, tuple[str, ...]]

    def __init__(self, faults: Mapping[str, Sequence[str]]) -> None:
        detail = "; ".join(f"{name}: {', '.join(reasons)}" for name, reasons in faults.items())
        super().__init__(detail=detail)
        self.faults = {name: tuple(reasons) for name, reasons in faults.items()}
        self.data = {"faults": self.faults}


class OtherStructure(ExecutionError):
    """This plan was built for other values of {variables}; take plan.plan_for(values), or run."""

    variables: tuple[str, ...]


class MissingInputs(ExecutionError):
    """These inputs have neither a value nor a default, and no discipline makes them: {variables}{readers}.
    Give each a value{hint}."""

    variables: tuple[str, ...]
    readers: str
    hint: str

    def __init__(self, **data: Any) -> None:
        super().__init__(**{"readers": "", "hint": "", **data})


class MissingInitialValue(ExecutionError):
    """Variable {variable!r} goes round in the loop of {disciplines} and has no value to start from; give it a
    value, or its consumer {consumer!r} a default."""

    variable: str
    consumer: str
    disciplines: tuple[str, ...]


class DisciplineError(ExecutionError):
    """Discipline {discipline!r} failed."""

    discipline: str


class DisciplineRaised(DisciplineError):
    """Discipline {discipline!r} raised {error}."""

    error: str


class InputChanged(DisciplineRaised):
    """Discipline {discipline!r} tries to change its input {variable!r}, which others read ({error}); change a
    copy of it: copy.deepcopy(inputs[{variable!r}])."""

    variable: str


class DisciplineOutOfMemory(DisciplineRaised):
    """Discipline {discipline!r} ran out of memory ({error}); let it hold less at a time, or give its host
    more."""


class DisciplineRecursed(DisciplineRaised):
    """Discipline {discipline!r} called itself too often ({error}); let its recursion end, or write it as a
    loop."""


class DisciplineOverdue(DisciplineError):
    """Discipline {discipline!r} ran longer than the {limit:g} s that it allows itself for one run
    (MAX_SECONDS); see whether it ever ends, make it quicker, or raise MAX_SECONDS."""

    limit: float


class DisciplineExited(DisciplineError):
    """Discipline {discipline!r} tried to end the program ({error}); raise an exception instead."""

    error: str


class ProcessEnded(DisciplineError):
    """Discipline {discipline!r} ended the process that ran it ({how}). Let it end no process, give it more
    memory, or take parallel_by threads."""

    how: str


class ProcessTraceback(EngineError):
    """In a process of its own: {text}"""

    text: str

    def __str__(self) -> str:
        return f"in a process of its own\n\n{self.text}"  # with its line ends


class MissingOutput(DisciplineError):
    """Discipline {discipline!r} did not return its declared output {variable!r}; return it, or take it out of
    DESC_OUT."""

    variable: str


class UndeclaredOutput(DisciplineError):
    """Discipline {discipline!r} returned {variable!r}, which its DESC_OUT does not declare{hint}. Declare it,
    or do not return it."""

    variable: str
    hint: str


class InvalidOutput(DisciplineError):
    """Discipline {discipline!r}, output {variable!r}: {detail}"""

    variable: str
    detail: str


class NotFinite(InvalidOutput):
    """Discipline {discipline!r} computed a number that is not finite: output {variable!r}, {detail}. Look
    for a division by zero, an overflow or a gap in its inputs; an output that may miss some is optional."""


class CouplingNotConverged(ExecutionError):
    """The loop of {disciplines} did not converge: residual {residual:.3g} after {iterations} iterations,
    tolerance {tolerance:.3g}; {variable} changes most. Raise max_mda_iter or tolerance, lower
    relaxation_factor, or start from better values.{detail}"""

    residual: float
    iterations: int
    tolerance: float
    disciplines: tuple[str, ...]
    variable: str
    history: tuple[tuple[str, int, float], ...]  # loop, iteration, residual of everything that was solved
    detail: str

    def __init__(self, **data: Any) -> None:
        super().__init__(**{"variable": "no coupling", "history": (), "detail": "", **data})


class CouplingDiverged(CouplingNotConverged):
    """The loop of {disciplines} did not converge: it diverges, with a residual of {residual:.3g} after
    {iterations} iterations, tolerance {tolerance:.3g}; {variable} changes most. Lower relaxation_factor, take
    MDANewtonRaphson, or start from better values.{detail}"""


class CouplingCycles(CouplingNotConverged):
    """The loop of {disciplines} did not converge: it goes round in a cycle, with a residual of
    {residual:.3g} after {iterations} iterations, tolerance {tolerance:.3g}; {variable} changes most. Lower
    relaxation_factor, take another solver, or a tolerance above rounding errors.{detail}"""


class CouplingUnsteady(CouplingNotConverged):
    """The loop of {disciplines} did not converge: after {iterations} iterations {variable} still changes its
    length, or what it holds beside floats. Let lengths, columns, keys and texts depend on inputs
    alone.{detail}"""


class InvalidJacobian(DisciplineError):
    """Discipline {discipline!r}, declared derivative of {output!r} with respect to {input!r}: {detail}"""

    output: str
    input: str
    detail: str


class NotDifferentiable(ExecutionError):
    """There is no derivative of {of!r} with respect to {wrt!r}: {detail}"""

    of: str
    wrt: str
    detail: str


class ExecutionStopped(ExecutionError):
    """The execution was stopped on request, before {before!r}."""

    before: str


# --- testing ----------------------------------------------------------------------------------------------


class ContractBroken(EngineError):
    """Discipline {discipline!r} breaks a promise that every discipline makes: {detail}."""

    discipline: str
    detail: str


class WrongJacobian(ContractBroken):
    """Discipline {discipline!r} declares wrong derivatives: {detail}. The first: d {output} / d {input} is
    declared as {declared:.9g}, {method} gives {expected:.9g}."""

    output: str
    input: str
    declared: float
    expected: float
    method: str
