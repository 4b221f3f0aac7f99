"""The limit: the same maths written by hand as short as Python allows, without disciplines."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.optimize import minimize

from benchmarks.engine import cases
from benchmarks.engine.cases import TOLERANCE, Work

Z_SUM, Z_SQUARE = cases.Z_1 + cases.Z_2, cases.Z_1**2 + cases.Z_2


def solve_sellar(x: float) -> tuple[float, float]:
    y_1 = y_2 = cases.Y_START
    while True:
        new_1 = Z_SQUARE + x - 0.2 * y_2
        new_2 = math.sqrt(new_1) + Z_SUM
        if abs(new_1 - y_1) <= TOLERANCE * new_1 and abs(new_2 - y_2) <= TOLERANCE * new_2:
            return new_1, new_2
        y_1, y_2 = new_1, new_2


def sellar(x: float) -> list[float]:
    y_1, y_2 = solve_sellar(x)
    return [x**2 + cases.Z_2 + y_1 + math.exp(-y_2), 3.16 - y_1, y_2 - 24.0]


def sellar_newton(x: float) -> list[float]:
    y_1 = y_2 = cases.Y_START
    while True:
        residual_1 = Z_SQUARE + x - 0.2 * y_2 - y_1
        residual_2 = math.sqrt(y_1) + Z_SUM - y_2
        slope = 0.5 / math.sqrt(y_1)
        step_1 = (residual_1 - 0.2 * residual_2) / (1.0 + 0.2 * slope)
        step_2 = residual_2 + slope * step_1
        y_1, y_2 = y_1 + step_1, y_2 + step_2
        if abs(step_1) <= TOLERANCE * y_1 and abs(step_2) <= TOLERANCE * y_2:
            return [x**2 + cases.Z_2 + y_1 + math.exp(-y_2), 3.16 - y_1, y_2 - 24.0]


def optimum(start: float) -> list[float]:
    """Minimise the objective by z1, z2 and x, from z = (5, 2)."""

    def responses(z: np.ndarray) -> tuple[float, float, float]:
        y_1 = y_2 = 1.0
        for _ in range(200):
            new_1 = z[0] ** 2 + z[1] + z[2] - 0.2 * y_2
            new_2 = math.sqrt(new_1) + z[0] + z[1]
            done = abs(new_1 - y_1) <= TOLERANCE * new_1 and abs(new_2 - y_2) <= TOLERANCE * new_2
            y_1, y_2 = new_1, new_2
            if done:
                break
        return z[2] ** 2 + z[1] + y_1 + math.exp(-y_2), y_1 - 3.16, 24.0 - y_2

    found = minimize(
        lambda z: responses(z)[0],
        [5.0, 2.0, start],
        method="SLSQP",
        bounds=cases.BOUNDS,
        constraints={"type": "ineq", "fun": lambda z: np.array(responses(z)[1:])},
        options={"ftol": 1e-9},
    )
    return [float(found.fun)]


def chain(size: int) -> Callable[[float], float]:
    steps = range(size)
    slope, step = cases.SLOPE, cases.STEP

    def run(x: float) -> float:
        for _ in steps:
            x = slope * x + step
        return x

    return run


def chain_derivative(size: int) -> Callable[[float], tuple[float, float]]:
    steps = range(size)
    slope, step = cases.SLOPE, cases.STEP

    def run(x: float) -> tuple[float, float]:
        total = 1.0
        for _ in steps:
            x = slope * x + step
            total *= slope
        return x, total

    return run


def dag(size: int) -> Callable[[float], float]:
    """Node i lies at i + 3; the study's inputs a, b, c at 0, 1, 2."""
    parents = dag_slots(size)
    p = cases.PARAMETER

    def run(x: float) -> float:
        values = [x, 1.0, 1.0]
        append = values.append
        for a, b, c in parents:
            append(0.3 * values[a] + 0.3 * values[b] + 0.4 * values[c] + p)
        return values[-1]

    return run


def dag_slots(size: int) -> list[tuple[int, ...]]:
    return [
        tuple(parent + 3 if parent >= 0 else kind for kind, parent in enumerate(node))
        for node in cases.dag(size).parents
    ]


def one_changed(size: int) -> Callable[[float], list[float]]:
    graph, parents = cases.dag(size), dag_slots(size)
    values = [1.0, 1.0, 1.0]
    for a, b, c in parents:
        values.append(cases.blend(values[a], values[b], values[c], cases.PARAMETER))
    changed = graph.node_reaching(0.01)
    affected = [(node + 3, *parents[node]) for node in graph.after(changed)]
    (first, first_a, first_b, first_c), later = affected[0], affected[1:]
    p = cases.PARAMETER

    def run(x: float) -> list[float]:
        new = cases.PARAMETER + cases.CHANGED_BY * x
        values[first] = 0.3 * values[first_a] + 0.3 * values[first_b] + 0.4 * values[first_c] + new
        for node, a, b, c in later:
            values[node] = 0.3 * values[a] + 0.3 * values[b] + 0.4 * values[c] + p
        return values

    return run


def ring(size: int) -> Callable[[float], list[float]]:
    pull, wave, sin = cases.PULL, cases.WAVE, math.sin

    def run(x: float) -> list[float]:
        y = [1.0] * size
        while True:
            worst = 0.0
            for i in range(-1, size - 1):
                left, old = y[i - 1], y[i]
                new = x + pull * (left + y[i + 1]) + wave * sin(left)
                change = abs(new - old)
                if change > worst * new:
                    worst = change / new
                y[i] = new
            if worst <= TOLERANCE:
                return y

    return run


def ring_newton(size: int) -> Callable[[float], list[float]]:
    index = np.arange(size)

    def run(x: float) -> list[float]:
        y = np.ones(size)
        while True:
            left, right = np.roll(y, 1), np.roll(y, -1)
            residual = x + cases.PULL * (left + right) + cases.WAVE * np.sin(left) - y
            matrix = np.zeros((size, size))
            matrix[index, index] = 1.0
            matrix[index, index - 1] -= cases.PULL + cases.WAVE * np.cos(left)
            matrix[index - 1, index] -= cases.PULL
            step = np.linalg.solve(matrix, residual)
            y += step
            if np.abs(step / y).max() <= TOLERANCE:
                return y.tolist()

    return run


def ring_accelerated(size: int) -> Callable[[float], list[float]]:
    """Gauss-Seidel sweeps accelerated by Anderson's method over the last five."""
    memory, pull, wave, sin = 5, cases.PULL, cases.WAVE, math.sin

    def sweep(values: np.ndarray, x: float) -> np.ndarray:
        y = values.tolist()
        for i in range(-1, size - 1):
            left = y[i - 1]
            y[i] = x + pull * (left + y[i + 1]) + wave * sin(left)
        return np.array(y)

    def run(x: float) -> list[float]:
        y = np.ones(size)
        swept, changes = [], []
        while True:
            new = sweep(y, x)
            change = new - y
            if np.abs(change / new).max() <= TOLERANCE:
                return new.tolist()
            swept, changes = [*swept[-memory:], new], [*changes[-memory:], change]
            y = new
            if len(changes) > 1:
                differences = np.diff(np.array(changes), axis=0).T
                share = np.linalg.lstsq(differences, change, rcond=None)[0]
                y = new - np.diff(np.array(swept), axis=0).T @ share

    return run


def stages(stage: Callable[[Any], Any], start: Callable[[float], Any]) -> Callable[[float], Any]:
    def run(x: float) -> Any:
        values = start(x)
        for _ in range(cases.STAGES):
            values = stage(values)
        return values

    return run


def samples(count: int) -> Callable[[float], list[float]]:
    return lambda x: [sellar(value)[0] for value in cases.sample_inputs(count, x)]


def headline(x: float) -> list[float]:  # noqa: ARG001 - it has no input
    a = b = cases.zeros_frame()
    while True:
        old = a
        a = cases.half_and_one(b)
        b = cases.half_and_one(a)
        if np.abs(a - old).to_numpy().max() <= TOLERANCE:
            return [float(a["value"].iloc[0]), float(b["value"].iloc[0])]


def number(value: float) -> list[float]:
    return [value]


def first_last(values: list[float]) -> list[float]:
    return [values[0], values[-1]]


WORKS: cases.Contender = {
    "sellar": lambda size: Work(sellar, list),
    "sellar_newton": lambda size: Work(sellar_newton, list),
    "optimum": lambda size: Work(optimum, list),
    "chain": lambda size: Work(chain(size), number),
    "chain_derivative": lambda size: Work(chain_derivative(size), list),
    "dag": lambda size: Work(dag(size), number),
    "one_changed": lambda size: Work(one_changed(size), lambda values: [values[-1], sum(values[3:])]),
    "ring": lambda size: Work(ring(size), first_last),
    "ring_newton": lambda size: Work(ring_newton(size), first_last),
    "ring_accelerated": lambda size: Work(ring_accelerated(size), first_last),
    "arrays": lambda size: Work(stages(cases.stage_array, cases.start_array), cases.ends),
    "frames": lambda size: Work(
        stages(cases.stage_frame, cases.start_frame), lambda frame: cases.ends(frame.to_numpy())
    ),
    "samples": lambda size: Work(samples(size), first_last, samples=size),
    "headline": lambda size: Work(headline, list),
}
