"""Blocks of Jacobians: what disciplines declare, brought to one of three forms.

A block is a float (a single number by a single number), a 2-D array, or a sparse CSR array, numbers of the
output by numbers of the input.
"""

from typing import Any, TypeAlias

import numpy as np
import scipy.sparse as sp

Block: TypeAlias = Any
"""``float``, 2-D ``numpy.ndarray`` or ``scipy.sparse.csr_array``."""


class ShapeFaultError(ValueError):
    """A declared entry has another shape than its output and input."""


def block_of(entry: Any, rows: int, columns: int) -> Block:
    """A declared entry as a block.

    A scalar stands for that multiple of the identity; a 1-D array for the only row, the only column, or the
    diagonal of a square block; an array of more dimensions is reshaped when its size fits.

    Raises:
        ShapeFaultError: the entry does not fit.
    """
    if sp.issparse(entry):
        if entry.shape != (rows, columns):
            raise _misfit(entry.shape, rows, columns)
        return float(entry.toarray()[0, 0]) if (rows, columns) == (1, 1) else sp.csr_array(entry)
    try:
        array = np.asarray(entry, dtype=np.float64)
    except (TypeError, ValueError):
        msg = f"must be numbers, not {type(entry).__name__}"
        raise ShapeFaultError(msg) from None
    if not np.isfinite(array).all():
        msg = "holds a number that is not finite"
        raise ShapeFaultError(msg)
    if rows == columns == 1 and array.size == 1:
        return float(array.reshape(-1)[0])
    return _of_array(array, rows, columns)


def _of_array(array: np.ndarray, rows: int, columns: int) -> Block:
    if array.ndim == 0:
        if rows != columns:
            raise _misfit((), rows, columns)
        return sp.csr_array(sp.diags_array(np.full(rows, float(array))))
    if array.ndim == 1 and rows == columns == array.size:
        return sp.csr_array(sp.diags_array(array))
    one_sided = array.ndim == 1 and 1 in {rows, columns}
    if array.size == rows * columns and (one_sided or array.ndim > 2 or array.shape == (rows, columns)):
        return array.reshape(rows, columns)
    raise _misfit(array.shape, rows, columns)


def _misfit(shape: tuple[int, ...], rows: int, columns: int) -> ShapeFaultError:
    return ShapeFaultError(f"has shape {shape}; {rows} by {columns} numbers are needed")


def dense(block: Block) -> np.ndarray:
    """The block as a 2-D array."""
    if isinstance(block, float):
        return np.array(((block,),))
    return block.toarray() if sp.issparse(block) else block


def placed(block: Block, shape: tuple[int, int], rows: slice, columns: slice) -> Block:
    """A block of this shape that holds the given one at these rows and columns, and zeros elsewhere."""
    part = sp.coo_array(dense(block) if isinstance(block, float) else block)
    row, column = part.coords
    return sp.csr_array((part.data, (row + rows.start, column + columns.start)), shape=shape)
