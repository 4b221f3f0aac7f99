"""The steps of fixed-point solvers: relaxation, Aitken's and Anderson's acceleration.

All work on the unknowns divided by their magnitudes in the first iteration, so that units do not matter.
"""

import numpy as np

from sostrades_api.engine.solvers.fixed_point import Step
from sostrades_api.engine.solvers.settings import Acceleration, FixedPointSettings


def step_of(settings: FixedPointSettings) -> Step | None:
    """The step that was asked for, ``None`` when the next sweep starts where the last one ended."""
    factor = settings.relaxation_factor
    if not settings.acceleration:
        return None if factor == 1.0 else Relaxation(factor)
    if settings.acceleration == Acceleration.AITKEN:
        return Aitken(factor)
    return Anderson(factor, settings.acceleration_depth)


def magnitudes(x: np.ndarray, made: np.ndarray) -> np.ndarray:
    """What to divide unknowns by; the largest of all where one is zero so far."""
    scale = np.maximum(np.abs(x), np.abs(made))
    largest = float(scale.max(initial=0.0)) or 1.0
    return np.where(scale > 1e-12 * largest, scale, largest)


class Relaxation:
    """Takes the same share of every change."""

    def __init__(self, factor: float) -> None:
        self._factor = factor

    def next(self, x: np.ndarray, made: np.ndarray) -> np.ndarray:
        """``x + factor (made - x)``."""
        return x + self._factor * (made - x)

    def retreat(self) -> None:
        """There is nothing to go back to."""

    def forget(self) -> None:
        """There is nothing to forget."""


class Aitken:
    """Dynamic relaxation: one share for all unknowns, from the last two changes.

    Source: B. M. Irons, R. C. Tuck, "A version of the Aitken accelerator for computer iteration",
    International Journal for Numerical Methods in Engineering 1 (1969) 275-277.
    """

    def __init__(self, factor: float) -> None:
        self._first = factor
        self.forget()

    def forget(self) -> None:
        """Start with the relaxation factor again."""
        self._share = self._first
        self._scale: np.ndarray | None = None
        self._change: np.ndarray | None = None

    def retreat(self) -> None:
        """There is nothing to go back to."""

    def next(self, x: np.ndarray, made: np.ndarray) -> np.ndarray:
        """``x`` and a share of the change that the last two changes suggest."""
        if self._scale is None:
            self._scale = magnitudes(x, made)
        change = (made - x) / self._scale
        if self._change is not None:
            difference = change - self._change
            length = float(difference @ difference)
            if length > 0.0:
                self._share *= -float(self._change @ difference) / length
            if not 1e-4 < abs(self._share) < 1e4:
                self._share = self._first
        self._change = change
        return x + self._share * change * self._scale


class Anderson:
    """The combination of the last few iterations whose change is smallest, then one step from there.

    Source: D. G. Anderson, "Iterative procedures for nonlinear integral equations", Journal of the ACM 12
    (1965) 547-560; in the form of H. F. Walker, P. Ni, SIAM Journal on Numerical Analysis 49 (2011)
    1715-1735.
    """

    def __init__(self, factor: float, depth: int) -> None:
        self._factor, self._depth = factor, depth
        self.forget()

    def forget(self) -> None:
        """Start with an empty memory."""
        self._scale: np.ndarray | None = None
        self._last: tuple[np.ndarray, np.ndarray] | None = None
        self._moves: list[np.ndarray] = []
        self._differences: list[np.ndarray] = []
        self._best = np.inf

    def retreat(self) -> None:
        """There is nothing to go back to."""

    def next(self, x: np.ndarray, made: np.ndarray) -> np.ndarray:
        """The accelerated unknowns."""
        if self._scale is None:
            self._scale = magnitudes(x, made)
        scale = self._scale
        point, change = x / scale, (made - x) / scale
        self._remember(point, change)
        step = self._factor * change
        if self._moves:
            differences = np.stack(self._differences, axis=1)
            weights = np.linalg.lstsq(differences, change, rcond=1e-12)[0]
            step = step - (np.stack(self._moves, axis=1) + self._factor * differences) @ weights
        return (point + step) * scale

    def _remember(self, point: np.ndarray, change: np.ndarray) -> None:
        size = float(np.linalg.norm(change))
        if self._last is not None:
            self._moves.append(point - self._last[0])
            self._differences.append(change - self._last[1])
            # what was learned elsewhere misleads here when the change has grown that much
            kept = self._depth if size <= 100.0 * self._best else 0
            del self._moves[: len(self._moves) - kept], self._differences[: len(self._differences) - kept]
        self._best = min(self._best, size)
        self._last = (point, change)
