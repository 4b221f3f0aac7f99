"""Quadratic response surfaces, by which the report stands in for higher-fidelity analyses.

Source: NASA/TM-1998-208715, appendix (polynomial representations). Each argument is divided by its reference
value, kept within 25 % of it and shifted by one; the surface is 1 where all arguments have their reference.
"""

from dataclasses import dataclass
from enum import Enum

import numpy as np

_LARGEST_CHANGE = 0.25
# Share of each argument's curvature that couples it with the others; the report draws it at random, once.
_CROSS = np.array(
    [
        [0.2736, 0.3970, 0.8152, 0.9230, 0.1108],
        [0.4252, 0.4415, 0.6357, 0.7435, 0.1138],
        [0.0329, 0.8856, 0.8390, 0.3657, 0.0019],
        [0.0878, 0.7248, 0.1978, 0.0200, 0.0169],
        [0.8955, 0.4568, 0.8075, 0.9239, 0.2525],
    ]
)


class Trend(Enum):
    """How a surface depends on one argument: its values at the bounds below and above."""

    RISING = (0.95, 1.05)  # linearly
    RISING_FASTER = (0.95, 1.10)  # upwards ever more
    FALLING = (1.05, 0.95)  # linearly
    FALLING_FASTER = (1.05, 0.90)  # downwards ever more
    LEAST_AT_REFERENCE = (1.0025, 1.0025)  # a parabola


@dataclass(frozen=True)
class Argument:
    """One argument of a surface: its reference value, its trend, and the change where the trend is given."""

    reference: float
    trend: Trend
    bound: float


class ResponseSurface:
    """``1 + slope . s + s . curvature . s / 2`` with s the relative changes of the arguments."""

    def __init__(self, *arguments: Argument) -> None:
        size = len(arguments)
        self._references = np.array([argument.reference for argument in arguments])
        self._slope = np.empty(size)
        own = np.empty(size)
        for index, argument in enumerate(arguments):
            below, above = argument.trend.value
            self._slope[index] = (above - below) / (2.0 * argument.bound)
            own[index] = ((below + above) / 2.0 - 1.0) / argument.bound**2
        upper = np.triu(own[:, np.newaxis] * _CROSS[:size, :size], 1)
        self._curvature = np.diag(own) + upper + upper.T

    def __call__(self, *values: float) -> float:
        """Evaluate the surface; ``values`` are in the units of the references."""
        shift = (
            np.clip(np.array(values) / self._references, 1.0 - _LARGEST_CHANGE, 1.0 + _LARGEST_CHANGE) - 1.0
        )
        return float(1.0 + self._slope @ shift + 0.5 * (shift @ self._curvature @ shift))
