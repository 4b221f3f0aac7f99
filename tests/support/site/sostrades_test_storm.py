"""A process for storms: naps in which accidents fall, a loop, a table and an array; its results are exact."""

import time

import numpy as np
import pandas as pd

from sostrades_api.engine import Discipline, Process


def nap(seconds):
    """What the disciplines of the storm do for so long; whoever wants their results alone replaces it."""
    time.sleep(seconds)


class Early(Discipline):
    """Takes its time, and hands on what it got."""

    DESC_IN = {
        "x": {"type": "float", "unit": "-", "default": 1.0, "namespace": "ns"},
        "seconds": {"type": "float", "unit": "s", "default": 0.3, "namespace": "ns"},
    }
    DESC_OUT = {"source": {"type": "float", "unit": "-", "namespace": "ns"}}

    def run(self, inputs):
        nap(inputs["seconds"])
        return {"source": inputs["x"] / 3.0}


class Rise(Discipline):
    """Half of a loop that converges."""

    DESC_IN = {
        "source": {"type": "float", "unit": "-", "namespace": "ns"},
        "low": {"type": "float", "unit": "-", "default": 1.0, "namespace": "ns"},
    }
    DESC_OUT = {"high": {"type": "float", "unit": "-", "namespace": "ns"}}

    def run(self, inputs):
        return {"high": 0.3 * inputs["low"] + inputs["source"]}


class Fall(Discipline):
    """The other half."""

    DESC_IN = {"high": {"type": "float", "unit": "-", "default": 1.0, "namespace": "ns"}}
    DESC_OUT = {"low": {"type": "float", "unit": "-", "namespace": "ns"}}

    def run(self, inputs):
        return {"low": 0.2 * inputs["high"] + 1.0 / 7.0}


class Tabulate(Discipline):
    """A table that is too large for a row of the database."""

    DESC_IN = {
        "high": {"type": "float", "unit": "-", "namespace": "ns"},
        "weights": {
            "type": "list",
            "subtype_descriptor": {"list": "float"},
            "default": [1.0, 0.5],
            "namespace": "ns",
        },
    }
    DESC_OUT = {
        "table": {
            "type": "dataframe",
            "unit": "-",
            "dataframe_descriptor": {"year": {"type": "int"}, "value": {"type": "float"}},
            "namespace": "ns",
        }
    }

    def run(self, inputs):
        weight = float(np.sum(inputs["weights"]))
        years = np.arange(2000, 2500)
        return {"table": pd.DataFrame({"year": years, "value": np.sqrt(years) * inputs["high"] + weight})}


class Late(Discipline):
    """Takes its time once more, and makes an array."""

    DESC_IN = {
        "table": {
            "type": "dataframe",
            "unit": "-",
            "dataframe_descriptor": {"year": {"type": "int"}, "value": {"type": "float"}},
            "namespace": "ns",
        },
        "seconds": {"type": "float", "unit": "s", "default": 0.3, "namespace": "ns"},
    }
    DESC_OUT = {
        "curve": {"type": "array", "unit": "-", "namespace": "ns"},
        "total": {"type": "float", "unit": "-", "namespace": "ns"},
    }

    def run(self, inputs):
        nap(inputs["seconds"])
        curve = np.cumsum(np.repeat(inputs["table"]["value"].to_numpy(), 2))
        return {"curve": curve, "total": float(curve[-1])}


storm = Process(
    "test_storm",
    disciplines={"Early": Early, "Rise": Rise, "Fall": Fall, "Tabulate": Tabulate, "Late": Late},
    namespaces={"ns": ""},
)
