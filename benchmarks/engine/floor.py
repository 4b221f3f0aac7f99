"""The floor: objects with ``run(dict) -> dict``, called by a hand-written loop.

No engine whose disciplines have this interface can be quicker.
"""

from collections.abc import Callable, Mapping
from typing import Any

from benchmarks.engine import cases, limit
from benchmarks.engine.cases import TOLERANCE, Work


class Link:
    def run(self, inputs: Mapping[str, float]) -> dict[str, float]:
        return {"b": cases.SLOPE * inputs["a"] + cases.STEP}


class Blend:
    def run(self, inputs: Mapping[str, float]) -> dict[str, float]:
        return {"y": 0.3 * inputs["a"] + 0.3 * inputs["b"] + 0.4 * inputs["c"] + inputs["p"]}


class RingNode:
    def run(self, inputs: Mapping[str, float]) -> dict[str, float]:
        return {"y": cases.ring_node(inputs["left"], inputs["right"], inputs["x"])}


class Sellar1:
    def run(self, inputs: Mapping[str, float]) -> dict[str, float]:
        return {"y_1": cases.sellar_1(inputs["x"], inputs["y_2"])}


class Sellar2:
    def run(self, inputs: Mapping[str, float]) -> dict[str, float]:
        return {"y_2": cases.sellar_2(inputs["y_1"])}


class SellarProblem:
    def run(self, inputs: Mapping[str, float]) -> dict[str, float]:
        objective, c_1, c_2 = cases.sellar_problem(inputs["x"], inputs["y_1"], inputs["y_2"])
        return {"objective": objective, "c_1": c_1, "c_2": c_2}


class Stage:
    def __init__(self, stage: Callable[[Any], Any]) -> None:
        self.stage = stage

    def run(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        return {"b": self.stage(inputs["a"])}


def sellar() -> Callable[[float], list[float]]:
    first, second, problem = Sellar1().run, Sellar2().run, SellarProblem().run

    def run(x: float) -> list[float]:
        y_1 = y_2 = cases.Y_START
        while True:
            new_1 = first({"x": x, "y_2": y_2})["y_1"]
            new_2 = second({"y_1": new_1})["y_2"]
            done = abs(new_1 - y_1) <= TOLERANCE * new_1 and abs(new_2 - y_2) <= TOLERANCE * new_2
            y_1, y_2 = new_1, new_2
            if done:
                return list(problem({"x": x, "y_1": y_1, "y_2": y_2}).values())

    return run


def chain(size: int) -> Callable[[float], float]:
    disciplines = [Link().run for _ in range(size)]

    def run(x: float) -> float:
        for discipline in disciplines:
            x = discipline({"a": x})["b"]
        return x

    return run


def dag(size: int) -> Callable[[float], float]:
    disciplines = [(Blend().run, *slots) for slots in limit.dag_slots(size)]
    p = cases.PARAMETER

    def run(x: float) -> float:
        values = [x, 1.0, 1.0]
        append = values.append
        for discipline, a, b, c in disciplines:
            append(discipline({"a": values[a], "b": values[b], "c": values[c], "p": p})["y"])
        return values[-1]

    return run


def one_changed(size: int) -> Callable[[float], list[float]]:
    graph, slots = cases.dag(size), limit.dag_slots(size)
    values = limit.one_changed(size)(0.0)
    affected = [(node + 3, Blend().run, *slots[node]) for node in graph.after(graph.node_reaching(0.01))]

    def run(x: float) -> list[float]:
        p = cases.PARAMETER + cases.CHANGED_BY * x
        for node, discipline, a, b, c in affected:
            values[node] = discipline({"a": values[a], "b": values[b], "c": values[c], "p": p})["y"]
            p = cases.PARAMETER
        return values

    return run


def ring(size: int) -> Callable[[float], list[float]]:
    disciplines = [(i, RingNode().run) for i in range(-1, size - 1)]

    def run(x: float) -> list[float]:
        y = [1.0] * size
        while True:
            worst = 0.0
            for i, discipline in disciplines:
                old = y[i]
                new = discipline({"left": y[i - 1], "right": y[i + 1], "x": x})["y"]
                change = abs(new - old)
                if change > worst * new:
                    worst = change / new
                y[i] = new
            if worst <= TOLERANCE:
                return y

    return run


def stages(stage: Callable[[Any], Any], start: Callable[[float], Any]) -> Callable[[float], list[Any]]:
    """Every output is kept, as a result has to: arrays do not stay in the processor's cache."""
    disciplines = [Stage(stage).run for _ in range(cases.STAGES)]

    def run(x: float) -> list[Any]:
        values = [start(x)]
        for discipline in disciplines:
            values.append(discipline({"a": values[-1]})["b"])
        return values

    return run


def samples(count: int) -> Callable[[float], list[float]]:
    evaluate = sellar()
    return lambda x: [evaluate(value)[0] for value in cases.sample_inputs(count, x)]


def dice(regions: int) -> Work:
    """As many sweeps as the engine makes."""
    from benchmarks.engine import models_dice

    made, given = models_dice.process(regions, **models_dice.numerical(regions)), models_dice.inputs(regions)
    run = models_dice.by_hand(made, given, models_dice.sweeps(regions))
    return Work(lambda x: run(), models_dice.ends)


WORKS: cases.Contender = {
    "sellar": lambda size: Work(sellar(), list),
    "chain": lambda size: Work(chain(size), limit.number),
    "dag": lambda size: Work(dag(size), limit.number),
    "one_changed": lambda size: Work(one_changed(size), lambda values: [values[-1], sum(values[3:])]),
    "ring": lambda size: Work(ring(size), limit.first_last),
    "arrays": lambda size: Work(
        stages(cases.stage_array, cases.start_array), lambda values: cases.ends(values[-1])
    ),
    "frames": lambda size: Work(
        stages(cases.stage_frame, cases.start_frame), lambda values: cases.ends(values[-1].to_numpy())
    ),
    "dice": dice,
    "samples": lambda size: Work(samples(size), limit.first_last, samples=size),
}
