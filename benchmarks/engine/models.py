"""The same work as disciplines of this platform, and the processes that they make."""

import math
from collections.abc import Mapping
from functools import cache
from typing import Any

from benchmarks.engine import cases
from sostrades_api.disciplines.sellar import Sellar1, Sellar2, SellarProblem
from sostrades_api.engine import Discipline, Place, Process

FLOAT = {"type": "float"}
ARRAY = {"type": "array"}
FRAME = {"type": "dataframe", "dataframe_descriptor": dict.fromkeys(cases.COLUMN_NAMES, FLOAT)}
HALVES = {"type": "dataframe", "dataframe_descriptor": {"value": FLOAT}}


class Even(Discipline):
    DESC_IN = {"a": {**FLOAT, "namespace": "ns_before"}}
    DESC_OUT = {"b": FLOAT}

    def run(self, inputs: Mapping[str, float]) -> dict[str, float]:
        return {"b": cases.SLOPE * inputs["a"] + cases.STEP}

    def jacobian(self, inputs: Mapping[str, float]) -> dict[tuple[str, str], float]:  # noqa: ARG002
        return {("b", "a"): cases.SLOPE}


class Odd(Discipline):
    DESC_IN = {"b": {**FLOAT, "namespace": "ns_before"}}
    DESC_OUT = {"a": FLOAT}

    def run(self, inputs: Mapping[str, float]) -> dict[str, float]:
        return {"a": cases.SLOPE * inputs["b"] + cases.STEP}

    def jacobian(self, inputs: Mapping[str, float]) -> dict[tuple[str, str], float]:  # noqa: ARG002
        return {("a", "b"): cases.SLOPE}


def chain(size: int, pair: tuple[type[Discipline], type[Discipline]] = (Even, Odd)) -> Process:
    """Disciplines D0, D1, ...; the input is ``D.a``."""
    return Process(
        "chain",
        disciplines={
            f"D{i}": Place(pair[i % 2], namespaces={"ns_before": f"D{i - 1}" if i else "D"})
            for i in range(size)
        },
    )


def blend(kind: int) -> type[Discipline]:
    made = cases.KINDS[kind]

    def run(self: Discipline, inputs: Mapping[str, float]) -> dict[str, float]:  # noqa: ARG001
        return {made: 0.3 * inputs["a"] + 0.3 * inputs["b"] + 0.4 * inputs["c"] + inputs["p"]}

    reads = {name: {**FLOAT, "namespace": f"ns_{name}", "default": 1.0} for name in cases.KINDS}
    parameter = {"p": {**FLOAT, "default": cases.PARAMETER}}
    # what it makes has the name of one of its inputs, at another node
    return type(
        f"Blend{made}",
        (Discipline,),
        {"DESC_IN": {**reads, **parameter}, "DESC_OUT": {made: FLOAT}, "run": run},
    )


BLENDS = tuple(blend(kind) for kind in range(3))


def dag(size: int) -> Process:
    """Disciplines D0, D1, ...; the inputs are ``D.a``, ``D.b``, ``D.c`` and each discipline's ``p``."""
    places = {}
    for i, parents in enumerate(cases.dag(size).parents):
        nodes = {
            f"ns_{name}": f"D{parent}" if parent >= 0 else "D"
            for name, parent in zip(cases.KINDS, parents, strict=True)
        }
        places[f"D{i}"] = Place(BLENDS[i % 3], namespaces=nodes)
    return Process("dag", disciplines=places)


@cache
def ring_node(left: int, right: int, own: int) -> type[Discipline]:
    """A node whose left and right neighbour make ``y<left>`` and ``y<right>``."""
    left_name, right_name, made = f"y{left}", f"y{right}", f"y{own}"

    def run(self: Discipline, inputs: Mapping[str, float]) -> dict[str, float]:  # noqa: ARG001
        before = inputs[left_name]
        value = inputs["x"] + cases.PULL * (before + inputs[right_name]) + cases.WAVE * math.sin(before)
        return {made: value}

    def jacobian(self: Discipline, inputs: Mapping[str, float]) -> dict[tuple[str, str], float]:  # noqa: ARG001
        left_slope, right_slope = cases.ring_slopes(inputs[left_name])
        return {(made, left_name): left_slope, (made, right_name): right_slope, (made, "x"): 1.0}

    return type(
        "RingNode",
        (Discipline,),
        {
            "DESC_IN": {
                left_name: {**FLOAT, "namespace": "ns_left", "default": 1.0},
                right_name: {**FLOAT, "namespace": "ns_right", "default": 1.0},
                "x": {**FLOAT, "namespace": "ns_study", "default": 1.0},
            },
            "DESC_OUT": {made: FLOAT},
            "run": run,
            "jacobian": jacobian,
        },
    )


def ring(size: int, **numerical: Any) -> Process:
    """Disciplines D0, D1, ...; the input is ``x``; neighbours of one node have different colours."""
    colours = [2 if i >= size - size % 4 else i // 2 % 2 for i in range(size)]
    digits = len(str(size))
    names = [f"D{i:0{digits}}" for i in range(size)]
    return Process(
        "ring",
        disciplines={
            names[i]: Place(
                ring_node(colours[i - 1], colours[(i + 1) % size], colours[i]),
                namespaces={"ns_left": names[i - 1], "ns_right": names[(i + 1) % size]},
            )
            for i in range(size)
        },
        namespaces={"ns_study": ""},
        numerical={"tolerance": cases.TOLERANCE, "max_mda_iter": cases.MOST_ITERATIONS, **numerical},
    )


def stage(descriptor: dict[str, Any], *, array: bool) -> tuple[type[Discipline], type[Discipline]]:
    work = cases.stage_array if array else cases.stage_frame

    def made(read: str, make: str) -> type[Discipline]:
        def run(self: Discipline, inputs: Mapping[str, Any]) -> dict[str, Any]:  # noqa: ARG001
            return {make: work(inputs[read])}

        reads = {read: {**descriptor, "namespace": "ns_before"}}
        return type("Stage", (Discipline,), {"DESC_IN": reads, "DESC_OUT": {make: descriptor}, "run": run})

    return made("a", "b"), made("b", "a")


def arrays() -> Process:
    return chain(cases.STAGES, stage(ARRAY, array=True))


def frames() -> Process:
    return chain(cases.STAGES, stage(FRAME, array=False))


def sellar(**numerical: Any) -> Process:
    return Process(
        "sellar",
        disciplines={"Sellar1": Sellar1, "Sellar2": Sellar2, "SellarProblem": SellarProblem},
        namespaces={"ns_sellar": ""},
        numerical={"tolerance": cases.TOLERANCE, "max_mda_iter": cases.MOST_ITERATIONS, **numerical},
    )


class HalfOfB(Discipline):
    DESC_IN = {"b": {**HALVES, "namespace": "ns", "default": cases.zeros_frame()}}
    DESC_OUT = {"a": {**HALVES, "namespace": "ns"}}

    def run(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        return {"a": cases.half_and_one(inputs["b"])}


class HalfOfA(Discipline):
    DESC_IN = {"a": {**HALVES, "namespace": "ns", "default": cases.zeros_frame()}}
    DESC_OUT = {"b": {**HALVES, "namespace": "ns"}}

    def run(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        return {"b": cases.half_and_one(inputs["a"])}


def headline(**numerical: Any) -> Process:
    return Process(
        "headline", disciplines={"A": HalfOfB, "B": HalfOfA}, namespaces={"ns": ""}, numerical=numerical
    )
