"""Numerical parameters: how the loops of a study are solved, as variables of the study's own node."""

from collections.abc import Mapping
from typing import Any

from sostrades_api.engine.descriptor import parse_descriptors
from sostrades_api.engine.variable import Variable

RESIDUALS = "residuals_history"

_INPUTS: dict[str, dict[str, Any]] = {
    "sub_mda_class": {
        "type": "string",
        "default": "MDAGaussSeidel",
        "possible_values": ["MDAGaussSeidel", "MDAJacobi"],
        "label": "Solver of loops",
        "description": "MDAGaussSeidel uses each new value at once, MDAJacobi waits for the next iteration",
    },
    "max_mda_iter": {
        "type": "int",
        "default": 200,
        "range": [1, 1_000_000],
        "label": "Most iterations of a loop",
        "description": "A loop that has not converged by then fails the execution",
    },
    "tolerance": {
        "type": "float",
        "default": 1e-10,
        "range": [0.0, 0.01],
        "unit": "-",
        "label": "Tolerance of loops",
        "description": "A loop has converged when no coupling changes by more, relative to its own magnitude",
    },
    "relaxation_factor": {
        "type": "float",
        "default": 1.0,
        "range": [0.01, 1.99],
        "unit": "-",
        "label": "Relaxation factor",
        "description": "Share of each change that is taken over: below 1 damps, above 1 speeds up",
    },
    "cache_type": {
        "type": "string",
        "default": "",
        "possible_values": ["", "SimpleCache"],
        "label": "Cache",
        "description": "SimpleCache: a discipline whose inputs are those of its last run is not run again",
    },
    "allow_unconverged": {
        "type": "bool",
        "default": False,
        "label": "Accept unconverged loops",
        "description": "Go on with the last values of a loop that did not converge, and say so in the result",
    },
}
_OUTPUTS: dict[str, dict[str, Any]] = {
    RESIDUALS: {
        "type": "dataframe",
        "label": "Residual history",
        "description": "Scaled residual of each iteration of each loop",
        "dataframe_descriptor": {
            "loop": {"type": "string", "description": "Disciplines of the loop, in order of sweep"},
            "iteration": {"type": "int"},
            "residual": {"type": "float", "unit": "-"},
        },
    }
}


def _declared(descriptors: Mapping[str, Mapping[str, Any]], side: str) -> dict[str, Variable]:
    numerical = {name: {**descriptor, "numerical": True} for name, descriptor in descriptors.items()}
    return parse_descriptors(numerical, owner="study", side=side)


NUMERICAL_INPUTS = _declared(_INPUTS, "numerical parameters")
NUMERICAL_OUTPUTS = _declared(_OUTPUTS, "numerical outputs")
