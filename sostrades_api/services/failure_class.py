"""Of what kind a failure is: few kinds, for counting. What exactly happened is in the execution."""

import re

NOT_CONVERGED, MEMORY, OVERDUE, LOST = "not_converged", "memory", "overdue", "lost"
DISCIPLINE, INPUTS, OTHER = "discipline", "inputs", "other"

_KINDS = {
    NOT_CONVERGED: "CouplingNotConverged CouplingDiverged CouplingCycles CouplingUnsteady",
    MEMORY: "DisciplineOutOfMemory MemoryError",
    OVERDUE: "DisciplineOverdue",
    DISCIPLINE: "DisciplineRaised InputChanged DisciplineRecursed DisciplineExited ProcessEnded MissingOutput"
    " UndeclaredOutput InvalidOutput NotFinite InvalidJacobian NotDifferentiable",
    INPUTS: "InvalidInputs MissingInputs MissingInitialValue InvalidValuesError",
}
_KIND_OF = {name: kind for kind, names in _KINDS.items() for name in names.split()}
# Of our own exceptions and of those without a module: a line of a message cannot be taken for one of ours.
_RAISED = re.compile(r"^(?:sostrades_api\.[\w.]+\.)?([A-Z]\w+)(?::|$)", re.MULTILINE)
# Those that nobody raised: the run was ended from outside.
_SAID = {
    LOST: re.compile(r"Given up after \d+ lost attempts"),
    OVERDUE: re.compile(r"longer than the [\d.e+]+ s that"),
    MEMORY: re.compile(r"(?:more|out of) memory"),
}


def failure_class(message: str, *, traceback: str | None) -> str:
    """The kind of a failed execution, by its message and the end of its traceback."""
    raised = _RAISED.findall(traceback or "")
    found = next((_KIND_OF[name] for name in reversed(raised) if name in _KIND_OF), None)
    return found or next((kind for kind, said in _SAID.items() if said.search(message)), OTHER)
