"""The engine: variables, disciplines, coupling graph, plan, solvers.

Pure Python, NumPy, pandas, SciPy and Pint: a modeller can use it in a notebook.
"""

from sostrades_api.engine import units
from sostrades_api.engine.building import build, run
from sostrades_api.engine.discipline import Discipline
from sostrades_api.engine.errors import (
    BuildError,
    CouplingNotConverged,
    DeclarationMisfit,
    DescriptorError,
    DisciplineError,
    DisciplineExited,
    DisciplineRaised,
    EngineError,
    ExecutionError,
    ExecutionStopped,
    InvalidInputs,
    InvalidOutput,
    InvalidReference,
    InvalidValue,
    MissingInitialValue,
    MissingInputs,
    MissingOutput,
    NotFinite,
    PlaceError,
    ReservedName,
    SettingsError,
    TwoProducers,
    TypeMisfit,
    UndeclaredOutput,
    UnitError,
    UnitMisfit,
    UnknownNamespace,
)
from sostrades_api.engine.observer import (
    DisciplineEnded,
    DisciplineFailed,
    DisciplineStarted,
    ExecutionEnded,
    ExecutionStarted,
    IterationEnded,
    Observer,
)
from sostrades_api.engine.plan import Plan, PlanVariable
from sostrades_api.engine.process import Place, Process, Reference
from sostrades_api.engine.result import ExecutionResult
from sostrades_api.engine.value_types import MISSING, Column, ValueType, VariableType, Visibility
from sostrades_api.engine.variable import Variable

__all__ = [
    "MISSING",
    "BuildError",
    "Column",
    "CouplingNotConverged",
    "DeclarationMisfit",
    "DescriptorError",
    "Discipline",
    "DisciplineEnded",
    "DisciplineError",
    "DisciplineExited",
    "DisciplineFailed",
    "DisciplineRaised",
    "DisciplineStarted",
    "EngineError",
    "ExecutionEnded",
    "ExecutionError",
    "ExecutionResult",
    "ExecutionStarted",
    "ExecutionStopped",
    "InvalidInputs",
    "InvalidOutput",
    "InvalidReference",
    "InvalidValue",
    "IterationEnded",
    "MissingInitialValue",
    "MissingInputs",
    "MissingOutput",
    "NotFinite",
    "Observer",
    "Place",
    "PlaceError",
    "Plan",
    "PlanVariable",
    "Process",
    "Reference",
    "ReservedName",
    "SettingsError",
    "TwoProducers",
    "TypeMisfit",
    "UndeclaredOutput",
    "UnitError",
    "UnitMisfit",
    "UnknownNamespace",
    "ValueType",
    "Variable",
    "VariableType",
    "Visibility",
    "build",
    "run",
    "units",
]
