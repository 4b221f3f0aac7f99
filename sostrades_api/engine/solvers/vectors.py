"""The unknowns of a loop as a vector: the quick way for single floats, the general one for the rest."""

from collections.abc import Sequence
from operator import itemgetter
from typing import Any

import numpy as np

from sostrades_api.engine.coupling_vector import CouplingVector


class FloatVector:
    """One float a slot."""

    def __init__(self, slots: Sequence[int]) -> None:
        self._slots = slots
        self._read = itemgetter(*slots) if len(slots) > 1 else lambda values: (values[slots[0]],)

    def gather(self, values: Sequence[Any]) -> np.ndarray:
        """The vector of these values.

        Raises:
            TypeError, ValueError: one of them is no float any more.
        """
        vector = np.array(self._read(values))
        if vector.dtype != np.float64:  # None would become not a number
            msg = "no longer floats alone"
            raise TypeError(msg)
        return vector

    def scatter(self, vector: np.ndarray, values: list[Any]) -> None:
        """Put the numbers of a vector into the slots."""
        for slot, number in zip(self._slots, vector.tolist(), strict=True):
            values[slot] = number


def vector_of(slots: Sequence[int], values: Sequence[Any]) -> FloatVector | CouplingVector:
    """How these slots lie in a vector, for values of the shapes they have now."""
    if all(type(values[slot]) is float for slot in slots):
        return FloatVector(slots)
    return CouplingVector.of_slots(slots, values)
