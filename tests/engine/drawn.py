"""Processes drawn at random: loops in loops, other units, every numeric kind, dynamic, one in another."""

import random
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import strategies as st

from sostrades_api.engine import Declared, Discipline, Place, Process

UNITS = {"km": 1.0, "m": 1e3}
"""How many of each are a kilometre."""
KINDS = ("float", "array", "dataframe")
NODES = ("", "Inner", "Inner.Deep", "Other")
_ROWS = 3


def descriptor(kind: str, unit: str) -> dict[str, Any]:
    """Of a length of some kind."""
    if kind == "dataframe":
        columns = {"years": {"type": "int"}, "v": {"type": "float", "unit": unit}}
        return {"type": kind, "dataframe_descriptor": columns, "namespace": "ns"}
    return {"type": kind, "unit": unit, "namespace": "ns"}


def valued(kind: str, number: float) -> Any:
    """A value of some kind."""
    if kind == "float":
        return float(number)
    numbers = np.full(_ROWS, float(number)) * np.arange(1, _ROWS + 1)
    return pd.DataFrame({"years": 2020 + np.arange(_ROWS), "v": numbers}) if kind == "dataframe" else numbers


class Weighted(Discipline):
    """What it makes is 1 km, and a share of each length that it reads, and of what ``own`` adds.

    ``equation`` says what it reads (name -> kind, unit, share) and makes, so that inputs and outputs are
    declared by a value; ``count`` says how many inputs of its own there are.
    """

    DESC_IN = {
        "equation": {"type": "dict", "structuring": True},
        "count": {"type": "int", "default": 0, "range": [0, 3], "structuring": True},
        "own": {"type": "float", "unit": "km", "default": 0.25},
    }

    def structure(self, values):
        equation, more = values.get("equation"), range(values["count"])
        if equation is None:
            return Declared()
        reads = {
            name: {**descriptor(kind, unit), "default": valued(kind, 0.5 * UNITS[unit])}
            for name, (kind, unit, _) in equation["reads"].items()
        }
        kind, unit = equation["makes"][1:]
        return Declared(
            inputs={**reads, **{f"more{k}": {"type": "float", "default": 0.125 + k} for k in more}},
            outputs={equation["makes"][0]: descriptor(kind, unit)},
        )

    def run(self, inputs):
        name, kind, unit = inputs["equation"]["makes"]
        total = np.ones(_ROWS) + inputs["own"]
        for k in range(inputs["count"]):
            total = total + inputs[f"more{k}"]
        for read, (of, in_unit, share) in inputs["equation"]["reads"].items():
            value = inputs[read]["v"].to_numpy() if of == "dataframe" else inputs[read]
            total = total + share * (value / UNITS[in_unit])
        total = total * UNITS[unit]
        if kind == "float":
            return {name: float(total.sum() / _ROWS)}
        if kind == "array":
            return {name: total}
        return {name: pd.DataFrame({"years": 2020 + np.arange(_ROWS), "v": total})}


@dataclass(frozen=True)
class Drawn:
    """A process, and the values that its disciplines need."""

    paths: tuple[str, ...]
    equations: tuple[dict[str, Any], ...]
    couplings: tuple[str, ...]
    numerical: dict[str, Any]
    inside: bool
    values: dict[str, Any] = field(default_factory=dict)

    def process(self, seed: int | None = None) -> Process:
        """The process, its disciplines declared in an order that the seed decides."""
        order = list(self.paths)
        if seed is not None:
            random.Random(seed).shuffle(order)
        couplings = {f"{self._at}{node}": {"max_mda_iter": 300} for node in self.couplings}
        if not self.inside:
            return Process(
                "drawn",
                disciplines=dict.fromkeys(order, Weighted),
                namespaces={"ns": ""},
                couplings=couplings,
                numerical=self.numerical,
            )
        part = Process("part", disciplines=dict.fromkeys(order, Weighted), namespaces={"ns": "Lost"})
        return Process(
            "drawn",
            disciplines={"Part": Place(part, namespaces={"ns": ""})},
            couplings=couplings,
            numerical=self.numerical,
        )

    @property
    def _at(self) -> str:
        return "Part." if self.inside else ""

    @property
    def given(self) -> dict[str, Any]:
        """What makes the equations those that were drawn."""
        equations = zip(self.paths, self.equations, strict=True)
        return {f"{self._at}{path}.equation": equation for path, equation in equations}

    def name(self, path: str, variable: str) -> str:
        """Of a discipline's own input."""
        return f"{self._at}{path}.{variable}"

    @property
    def is_nested(self) -> bool:
        """Whether loops may lie inside others."""
        return bool(self.couplings)


_PLAIN = st.just({})


@st.composite
def drawn(draw, *, most=6, numerical=_PLAIN):
    """Equations that contract, so that every solver ends at the one answer that there is."""
    size = draw(st.integers(1, most))
    numbers = range(size)
    paths = tuple(f"{node}.D{i}" if (node := draw(st.sampled_from(NODES))) else f"D{i}" for i in numbers)
    kinds = [draw(st.sampled_from(KINDS)) for _ in numbers]
    equations = []
    for i in numbers:
        sources = draw(st.lists(st.integers(0, size - 1), max_size=3, unique=True))
        share = draw(st.floats(-0.8, 0.8)) / max(len(sources), 1)
        reads = {f"x{j}": [kinds[j], draw(st.sampled_from(sorted(UNITS))), share] for j in sources}
        equations.append({"reads": reads, "makes": [f"x{i}", kinds[i], draw(st.sampled_from(sorted(UNITS)))]})
    couplings = draw(st.sampled_from([(), (), ("Inner",), ("Inner", "Inner.Deep"), ("Other",)]))
    used = tuple(node for node in couplings if any(path.startswith(f"{node}.") for path in paths))
    return Drawn(paths, tuple(equations), used, draw(numerical), draw(st.booleans()))


@st.composite
def changes(draw, process: Drawn):
    """Some changes of inputs, one after the other: numbers, starts of loops, the structure, and settings."""
    own = [process.name(path, "own") for path in process.paths]
    counts = [process.name(path, "count") for path in process.paths]
    one = st.dictionaries(st.sampled_from(own), st.floats(-2, 2), max_size=2)
    other = st.dictionaries(st.sampled_from(counts), st.integers(0, 2), max_size=1)
    return draw(st.lists(st.builds(lambda a, b: {**a, **b}, one, other), min_size=1, max_size=3))
