"""Variables of the Sellar problem, all shared at the node of ``ns_sellar``."""

from collections.abc import Mapping
from typing import Any

Descriptor = Mapping[str, Any]

NAMESPACE = "ns_sellar"

X: Descriptor = {
    "type": "float",
    "unit": "-",
    "default": 1.0,
    "range": [0.0, 10.0],
    "namespace": NAMESPACE,
    "label": "x",
    "description": "Design variable of discipline 1",
}
Z_1: Descriptor = {
    "type": "float",
    "unit": "-",
    "default": 5.0,
    "range": [-10.0, 10.0],
    "namespace": NAMESPACE,
    "label": "z1",
    "description": "First design variable of both disciplines",
}
Z_2: Descriptor = {
    "type": "float",
    "unit": "-",
    "default": 2.0,
    "range": [0.0, 10.0],
    "namespace": NAMESPACE,
    "label": "z2",
    "description": "Second design variable of both disciplines",
}


def output(label: str, description: str) -> dict[str, Any]:
    """Describe a number that a discipline computes."""
    return {
        "type": "float",
        "unit": "-",
        "namespace": NAMESPACE,
        "label": label,
        "description": description,
    }


Y_1 = output("y1", "Coupling variable computed by discipline 1")
Y_2 = output("y2", "Coupling variable computed by discipline 2")
