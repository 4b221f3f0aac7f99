"""The work of every row, as numbers and functions that no framework has a part in.

Every contender imports this module, also inside the peers' environment: NumPy and pandas only.
"""

import math
import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

TOLERANCE = 1e-10
MOST_ITERATIONS = 1000


@dataclass(frozen=True)
class Work:
    """One row as one contender does it.

    Attributes:
        run: executes once on this input, which is another one every time; the only thing that is timed.
        answer: the numbers of what ``run`` returned, to be compared.
        samples: how many evaluations one ``run`` makes.
        notes: more about what ``run`` returned.
    """

    run: Callable[[float], Any]
    answer: Callable[[Any], list[float]]
    samples: int = 1
    notes: Callable[[Any], dict[str, float]] | None = None


Contender = dict[str, Callable[[int], Work]]
"""Row -> what makes the work of a size."""


# --- Sellar: y1 = z1^2 + z2 + x - 0.2 y2, y2 = sqrt(y1) + z1 + z2 ------------------------------------------
Z_1, Z_2 = 5.0, 2.0
Y_START = 1.0
BOUNDS = ((-10.0, 10.0), (0.0, 10.0), (0.0, 10.0))  # of z1, z2 and x


def sellar_1(x: float, y_2: float) -> float:
    return Z_1**2 + Z_2 + x - 0.2 * y_2


def sellar_2(y_1: float) -> float:
    return math.sqrt(y_1) + Z_1 + Z_2


def sellar_problem(x: float, y_1: float, y_2: float) -> tuple[float, float, float]:
    return x**2 + Z_2 + y_1 + math.exp(-y_2), 3.16 - y_1, y_2 - 24.0


# --- Chains ------------------------------------------------------------------------------------------------
SLOPE, STEP = 0.999, 0.5


def link(x: float) -> float:
    return SLOPE * x + STEP


# --- DAG of fan-in 3: a node of kind 0, 1, 2 makes a, b, c and reads one of each from before ---------------
KINDS = "abc"
WEIGHTS = (0.3, 0.3, 0.4)
PARAMETER, CHANGED_BY = 0.01, 1e-3


def blend(a: float, b: float, c: float, p: float) -> float:
    return 0.3 * a + 0.3 * b + 0.4 * c + p


@dataclass(frozen=True)
class Dag:
    """Node i makes ``KINDS[i % 3]``; a parent of -1 is the study's own input of that kind."""

    parents: tuple[tuple[int, int, int], ...]

    @property
    def size(self) -> int:
        return len(self.parents)

    def after(self, node: int) -> list[int]:
        """The node and all that depend on it, in order."""
        reached = {node}
        for i in range(node + 1, self.size):
            if not reached.isdisjoint(self.parents[i]):
                reached.add(i)
        return sorted(reached)

    def node_reaching(self, share: float) -> int:
        """The node on which a share of all nodes closest to this one depends."""
        wanted = share * self.size
        candidates = range(self.size // 2, self.size)
        return min(candidates, key=lambda node: (abs(len(self.after(node)) - wanted), node))


@cache
def dag(size: int) -> Dag:
    chosen = random.Random(7)
    parents = []
    for i in range(size):
        counts = [(i + 2 - kind) // 3 for kind in range(3)]  # earlier nodes of each kind
        picks = [chosen.randrange(-1, count) if count else -1 for count in counts]
        parents.append(tuple(3 * n + kind if n >= 0 else -1 for kind, n in enumerate(picks)))
    return Dag(tuple(parents))


def draw(row: str, size: int) -> None:
    """Have the random graph of a row ready: who draws it is not to pay for it, in time or in memory."""
    if row in ("dag", "one_changed"):
        dag(size)


# --- Ring: each reads both neighbours ----------------------------------------------------------------------
PULL, WAVE = 0.4565, 0.02


def ring_node(left: float, right: float, x: float) -> float:
    return x + PULL * (left + right) + WAVE * math.sin(left)


def ring_slopes(left: float) -> tuple[float, float]:
    """Derivatives by left and right."""
    return PULL + WAVE * math.cos(left), PULL


# --- Arrays and tables -------------------------------------------------------------------------------------
STAGES, FLOATS, ROWS, COLUMNS = 20, 100_000, 200, 20


def start_array(x: float) -> np.ndarray:
    return np.full(FLOATS, x)


def stage_array(values: np.ndarray) -> np.ndarray:
    return values * SLOPE + STEP


COLUMN_NAMES = tuple(f"c{i}" for i in range(COLUMNS))


def start_frame(x: float) -> pd.DataFrame:
    return pd.DataFrame(np.full((ROWS, COLUMNS), x), columns=list(COLUMN_NAMES))


def stage_frame(frame: pd.DataFrame) -> pd.DataFrame:
    return frame * SLOPE + STEP


def ends(values: np.ndarray) -> list[float]:
    """Enough of an array to tell a wrong one."""
    return [float(values.flat[0]), float(values.flat[-1]), float(np.sum(values))]


# --- The loop coupled by tables alone: A = B / 2 + 1, B = A / 2 + 1, whose answer is 2 in every cell --------
def zeros_frame() -> pd.DataFrame:
    return pd.DataFrame({"value": np.zeros(3)})


def half_and_one(frame: pd.DataFrame) -> pd.DataFrame:
    return frame / 2.0 + 1.0


# --- DICE: of more regions than many, so few sweeps are timed ----------------------------------------------
MANY_REGIONS, FEW_SWEEPS = 30, 2


# --- Samples -----------------------------------------------------------------------------------------------
def sample_inputs(count: int, shift: float) -> list[float]:
    """Values of x of a design of experiments, within 0 and 10."""
    step = 8.0 / (count - 1)
    return [shift % 1.0 + step * i for i in range(count)]
