"""Numerical parameters: how the loops of a study are solved, as variables of the study's own node."""

from collections.abc import Mapping
from typing import Any

from sostrades_api.engine.descriptor import parse_descriptors
from sostrades_api.engine.variable import Variable

RESIDUALS = "residuals_history"
WARM_START = "warm_start"
THREADS = "n_processes"
REUSE = "reuse_results"
PARALLEL_BY = "parallel_by"

_NEWTON = "MDANewtonRaphson and MDAGSNewton"

_INPUTS: dict[str, dict[str, Any]] = {
    "sub_mda_class": {
        "type": "string",
        "default": "MDAGaussSeidel",
        "possible_values": [
            "MDAGaussSeidel",
            "MDAJacobi",
            "MDANewtonRaphson",
            "MDAQuasiNewton",
            "MDAGSNewton",
        ],
        "label": "Solver of loops",
        "description": "MDAGaussSeidel uses each new value at once, MDAJacobi waits for the next iteration, "
        "MDANewtonRaphson uses derivatives, MDAQuasiNewton learns them (Broyden), "
        "MDAGSNewton sweeps before Newton",
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
        "range": [0.0, None],
        "unit": "-",
        "label": "Tolerance of loops",
        "description": "A loop has converged when no coupling changes by more; residual_scaling says in "
        "what. Relative to magnitudes or the start it is at most 0.01",
    },
    "residual_scaling": {
        "type": "string",
        "default": "magnitude",
        "possible_values": ["magnitude", "none", "root_mean_square", "initial"],
        "label": "Scaling of the residual",
        "description": "magnitude: each change relative to its coupling; none: the largest change itself; "
        "root_mean_square: ||R||/sqrt(n); initial: ||R|| relative to that of the first iteration",
        "user_level": 2,
    },
    "relaxation_factor": {
        "type": "float",
        "default": 1.0,
        "range": [0.01, 1.99],
        "unit": "-",
        "label": "Relaxation factor",
        "description": "Share of each change that is taken over: below 1 damps, above 1 speeds up",
    },
    "acceleration": {
        "type": "string",
        "default": "",
        "possible_values": ["", "Aitken", "Anderson"],
        "label": "Acceleration",
        "description": "How MDAGaussSeidel, MDAJacobi and MDAGSNewton learn from their sweeps",
        "user_level": 2,
    },
    "acceleration_depth": {
        "type": "int",
        "default": 5,
        "range": [1, 100],
        "label": "Depth of Anderson's acceleration",
        "description": "How many iterations it combines",
        "user_level": 3,
    },
    "max_mda_iter_gs": {
        "type": "int",
        "default": 5,
        "range": [1, 1_000_000],
        "label": "Most sweeps before Newton",
        "description": "MDAGSNewton begins with Newton after so many sweeps",
        "user_level": 3,
    },
    "tolerance_gs": {
        "type": "float",
        "default": 1e-3,
        "range": [0.0, 1.0],
        "unit": "-",
        "label": "Tolerance of the sweeps before Newton",
        "description": "MDAGSNewton begins with Newton once the residual is no larger",
        "user_level": 3,
    },
    "line_search": {
        "type": "bool",
        "default": True,
        "label": "Line search",
        "description": f"{_NEWTON}: halve a step that makes the changes larger, or that cannot be computed",
        "user_level": 3,
    },
    "linearization": {
        "type": "string",
        "default": "auto",
        "possible_values": ["auto", "complex_step", "finite_differences"],
        "label": "Linearization",
        "description": f"{_NEWTON}: auto takes declared Jacobians, complex step where it is safe, and finite "
        "differences elsewhere; the others leave declared Jacobians aside",
        "user_level": 3,
    },
    "finite_difference_step": {
        "type": "float",
        "default": 1e-7,
        "range": [1e-14, 0.1],
        "unit": "-",
        "label": "Step of finite differences",
        "description": f"{_NEWTON}: relative to each number",
        "user_level": 3,
    },
    "linear_solver": {
        "type": "string",
        "default": "auto",
        "possible_values": ["auto", "dense", "sparse", "GMRES"],
        "label": "Linear solver",
        "description": f"{_NEWTON}: LU of a dense or a sparse matrix, or GMRES, which needs no matrix",
        "user_level": 3,
    },
    "linear_solver_tolerance": {
        "type": "float",
        "default": 1e-8,
        "range": [1e-15, 0.1],
        "unit": "-",
        "label": "Tolerance of the linear solver",
        "description": f"{_NEWTON} with GMRES",
        "user_level": 3,
    },
    "linear_solver_max_iter": {
        "type": "int",
        "default": 1000,
        "range": [1, 1_000_000],
        "label": "Most iterations of the linear solver",
        "description": f"{_NEWTON} with GMRES",
        "user_level": 3,
    },
    WARM_START: {
        "type": "bool",
        "default": False,
        "label": "Warm start",
        "description": "Start loops from the previous result, where there is one, not from initial values",
        "user_level": 2,
    },
    "cache_type": {
        "type": "string",
        "default": "",
        "possible_values": ["", "SimpleCache"],
        "label": "Cache",
        "description": "SimpleCache: a discipline whose inputs are those of its last run is not run again",
    },
    THREADS: {
        "type": "int",
        "default": 1,
        "range": [1, 64],
        "label": "Disciplines at the same time",
        "description": "So many disciplines that do not depend on each other run at a time; results are the "
        "same to the bit",
        "user_level": 2,
    },
    PARALLEL_BY: {
        "type": "string",
        "default": "threads",
        "possible_values": ["threads", "processes"],
        "label": "What runs disciplines at the same time",
        "description": "With n_processes above 1. threads: for disciplines that work outside Python (large "
        "arrays, files, other programs); processes: for those that compute in Python itself, for longer than "
        "some milliseconds",
        "user_level": 2,
    },
    REUSE: {
        "type": "bool",
        "default": True,
        "label": "Re-use results",
        "description": "A discipline or loop that was computed before for the same inputs is not run again. "
        "Off: everything is run, and what is known of these inputs is replaced",
        "user_level": 2,
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
LOOP_INPUTS = tuple(
    name
    for name in NUMERICAL_INPUTS
    if name not in {WARM_START, THREADS, PARALLEL_BY, REUSE, "cache_type", "allow_unconverged"}
)
"""What a coupling node may have of its own."""
ADDRESSED = (*LOOP_INPUTS, "allow_unconverged")
"""What decides, beside inputs and start, how a loop ends."""
NUMERICAL_OUTPUTS = _declared(_OUTPUTS, "numerical outputs")
OTHER_NAMES = {
    "inner_mda_name": "sub_mda_class",
    "over_relaxation_factor": "relaxation_factor",
    "scaling_method": "residual_scaling",
    "linear_solver_MDA": "linear_solver",
    "linear_solver_MDA_tolerance": "linear_solver_tolerance",
    "linear_solver_MDA_max_iter": "linear_solver_max_iter",
    "linearization_mode": "linearization",
    "epsilon0": "finite_difference_step",
    "use_threading": "parallel_by",
}
"""What SoSTrades calls some of them."""
