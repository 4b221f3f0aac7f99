"""Processes of one loop: one grows for ever, one converges slowly."""

import time

from sostrades_api.engine import Discipline, Process


class Grow(Discipline):
    """Half of a loop that grows for ever."""

    DESC_IN = {"a": {"type": "float", "unit": "-", "default": 1.0, "namespace": "ns"}}
    DESC_OUT = {"b": {"type": "float", "unit": "-", "namespace": "ns"}}

    def run(self, inputs):
        return {"b": 2.0 * inputs["a"] + 1.0}


class Return(Discipline):
    """The other half."""

    DESC_IN = {"b": {"type": "float", "unit": "-", "default": 1.0, "namespace": "ns"}}
    DESC_OUT = {"a": {"type": "float", "unit": "-", "namespace": "ns"}}

    def run(self, inputs):
        return {"a": inputs["b"]}


class Approach(Discipline):
    """Half of a loop of 180 iterations, which take three quarters of a minute in every execution."""

    DETERMINISTIC = False
    DESC_IN = {
        "a": {"type": "float", "unit": "-", "default": 1.0, "namespace": "ns"},
        "seconds": {"type": "float", "unit": "s", "default": 0.25, "namespace": "ns"},
    }
    DESC_OUT = {"b": {"type": "float", "unit": "-", "namespace": "ns"}}

    def run(self, inputs):
        time.sleep(inputs["seconds"])
        return {"b": 0.88 * inputs["a"] + 1.0}


_NS = {"ns": ""}
diverging = Process("test_diverging", disciplines={"Grow": Grow, "Return": Return}, namespaces=_NS)
rounds = Process("test_rounds", disciplines={"Approach": Approach, "Return": Return}, namespaces=_NS)
