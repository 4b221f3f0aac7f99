"""A process with a variable of every type, for tests of what clients send and get."""

from typing import Any

import numpy as np
import pandas as pd

from sostrades_api.engine import Discipline, Process, Reference

YEARS = pd.DataFrame({"year": [2020, 2025], "value": [1.5, 2.5]})


class EveryType(Discipline):
    """Takes a value of every type; gives twice its float and its table."""

    DESC_IN = {
        "length": {"type": "float", "unit": "m", "default": 1.0, "range": [0, 10], "description": "A length"},
        "count": {"type": "int", "default": 3, "range": [0, 100]},
        "mode": {"type": "string", "default": "slow", "possible_values": ["slow", "fast"]},
        "note": {"type": "string", "default": ""},
        "flag": {"type": "bool", "default": False},
        "names": {"type": "list", "subtype_descriptor": {"list": "string"}, "default": ["a", "b"]},
        "lengths": {
            "type": "list",
            "subtype_descriptor": {"list": "float"},
            "unit": "m",
            "default": [1.0, 2.0],
        },
        "vector": {"type": "array", "unit": "kg", "default": np.array([1.0, np.nan, np.inf])},
        "matrix": {"type": "array", "default": np.array([[1.0, 2.0], [3.0, 4.0]])},
        "settings": {
            "type": "dict",
            "subtype_descriptor": {"dict": "float"},
            "default": {"a": 1.0, "b": 2.0},
        },
        "records": {
            "type": "list",
            "subtype_descriptor": {"list": {"dict": "float"}},
            "default": [{"a": 1.0}, {"a": 2.0, "b": 3.0}],
        },
        "table": {
            "type": "dataframe",
            "default": YEARS,
            "dataframe_descriptor": {
                "year": {"type": "int"},
                "value": {"type": "float", "unit": "GtCO2", "range": [0, 100]},
            },
        },
        "sparse": {
            "type": "dataframe",
            "default": pd.DataFrame({"name": ["a"], "value": [1.0]}),
            "dataframe_descriptor": {"name": {"type": "string"}, "value": {"type": "float"}},
        },
        "frames": {
            "type": "dict",
            "subtype_descriptor": {"dict": "dataframe"},
            "default": {"first": YEARS, "second": YEARS},
            "dataframe_descriptor": {"year": {"type": "int"}, "value": {"type": "float"}},
        },
        "maybe": {"type": "float", "optional": True, "default": None},
        "fixed": {"type": "float", "default": 7.0, "editable": False},
        "needed": {"type": "float", "unit": "s", "namespace": "ns_study"},
    }
    DESC_OUT = {
        "double": {"type": "float", "unit": "m", "namespace": "ns_study"},
        "double_table": {"type": "dataframe"},
    }

    def run(self, inputs: dict[str, Any]) -> dict[str, Any]:
        table = inputs["table"]
        return {"double": 2 * inputs["length"], "double_table": table.assign(value=2 * table["value"])}


PROCESS = Process(
    "every_type",
    label="Every type",
    disciplines={"Every.Type": EveryType},
    namespaces={"ns_study": ""},
    references=(
        Reference("default", label="Default", values={"needed": 4.0}),
        Reference("long", label="Long", values={"needed": 5.0, "Every.Type.length": 9.0}),
    ),
)
