"""Linear systems: dense LU for small ones, sparse LU above, GMRES where there is no matrix."""

from collections.abc import Callable
from enum import StrEnum
from typing import Any

import numpy as np
import scipy.sparse as sp
from scipy.sparse.linalg import LinearOperator, gmres, splu

DENSE_LIMIT = 50
"""Unknowns up to which a dense LU is used: above, its threads wait for each other on a busy machine."""


class LinearSolver(StrEnum):
    """How a linear system is solved."""

    AUTO = "auto"  # dense for few unknowns, sparse for many, GMRES where a matrix costs too many runs
    DENSE = "dense"  # LAPACK's LU of a full matrix
    SPARSE = "sparse"  # SuperLU of a sparse matrix
    GMRES = "GMRES"  # Krylov, to linear_solver_tolerance; without a matrix


class LinearSystemError(ValueError):
    """The matrix is singular."""


def factorised(matrix: Any, kind: LinearSolver) -> Callable[..., np.ndarray]:
    """A function ``solve(right, transposed=False)`` of one LU of this matrix (sparse or dense)."""
    if kind is LinearSolver.SPARSE or (kind is LinearSolver.AUTO and matrix.shape[0] > DENSE_LIMIT):
        return _sparse_lu(sp.csc_array(matrix))
    full = matrix.toarray() if sp.issparse(matrix) else matrix

    def solve(right: np.ndarray, *, transposed: bool = False) -> np.ndarray:
        try:
            return np.linalg.solve(full.T if transposed else full, right)
        except np.linalg.LinAlgError as error:
            raise LinearSystemError(str(error)) from error

    return solve


def _sparse_lu(matrix: Any) -> Callable[..., np.ndarray]:
    try:
        factors = splu(matrix)
    except RuntimeError as error:  # how SuperLU says that a matrix is singular
        raise LinearSystemError(str(error)) from error

    def solve(right: np.ndarray, *, transposed: bool = False) -> np.ndarray:
        return factors.solve(np.ascontiguousarray(right), trans="T" if transposed else "N")

    return solve


def solve_by_gmres(
    apply: Callable[[np.ndarray], np.ndarray], right: np.ndarray, *, tolerance: float, max_iter: int
) -> np.ndarray:
    """Solve ``apply(x) = right``; ``max_iter`` counts applications.

    When the tolerance is not reached, the best that was found is returned: a Newton step need not be exact.
    """
    made: Any = LinearOperator  # its own type is that of the matrix product
    operator = made((right.size, right.size), matvec=apply, dtype=np.float64)
    restart = min(100, max_iter, right.size)
    rounds = max(1, max_iter // restart)
    return gmres(operator, right, rtol=tolerance, atol=0.0, restart=restart, maxiter=rounds)[0]
