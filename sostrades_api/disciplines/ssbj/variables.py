"""Variables of the jet that several disciplines use, shared at the node of ``ns_ssbj``.

Ranges of the design variables are the bounds of the report's optimisation (NASA/TM-1998-208715).
"""

from collections.abc import Sequence
from typing import Any

NAMESPACE = "ns_ssbj"


def design(
    label: str, unit: str, default: float, bounds: Sequence[float], description: str
) -> dict[str, Any]:
    """Describe a design variable or a constant."""
    return {
        "type": "float",
        "unit": unit,
        "default": default,
        "range": list(bounds),
        "label": label,
        "description": description,
    }


def shared(
    label: str, unit: str, default: float, bounds: Sequence[float], description: str
) -> dict[str, Any]:
    """Describe a design variable of several disciplines."""
    return {**design(label, unit, default, bounds, description), "namespace": NAMESPACE}


def result(label: str, unit: str, description: str) -> dict[str, Any]:
    """Describe a number that one discipline computes for itself."""
    return {"type": "float", "unit": unit, "label": label, "description": description}


def coupling(label: str, unit: str, description: str) -> dict[str, Any]:
    """Describe a number that one discipline computes for others."""
    return {**result(label, unit, description), "namespace": NAMESPACE}


def constraints(count: str, description: str) -> dict[str, Any]:
    """Describe the constraints of a discipline."""
    return {
        "type": "array",
        "unit": "-",
        "label": "Constraints",
        "description": f"{count}, satisfied where not above zero: {description}",
    }


def starting_from(descriptor: dict[str, Any], value: float) -> dict[str, Any]:
    """Give a coupling the value that its loop starts from and the range of what makes sense."""
    return {**descriptor, "default": value, "range": [0.0, 1e7]}


THICKNESS = shared("Thickness over chord", "-", 0.05, (0.01, 0.09), "Of the wing's profile")
ALTITUDE = shared("Altitude", "ft", 45_000.0, (30_000.0, 60_000.0), "Cruise altitude")
MACH = shared("Mach number", "-", 1.6, (1.4, 1.8), "Cruise speed over the speed of sound")
ASPECT_RATIO = shared("Aspect ratio", "-", 5.5, (2.5, 8.5), "Wing span squared over wing area")
SWEEP = shared("Wing sweep", "deg", 55.0, (40.0, 70.0), "Angle by which the wing is swept back")
WING_AREA = shared("Wing area", "ft^2", 1000.0, (500.0, 1500.0), "Reference area of the wing")

TOTAL_WEIGHT = coupling("Total weight", "lb", "Take-off weight")
FUEL_WEIGHT = coupling("Fuel weight", "lb", "Fuel in the wing and elsewhere")
WING_TWIST = coupling("Wing twist", "-", "Twist of the wing over that of the reference design")
LIFT = coupling("Lift", "lbf", "Lift in cruise: it carries the total weight")
DRAG = coupling("Drag", "lbf", "Drag in cruise")
LIFT_TO_DRAG = coupling("Lift over drag", "-", "Aerodynamic efficiency in cruise")
ENGINE_SCALE = coupling("Engine scale factor", "-", "Thrust needed over that of the reference engines")
ENGINE_WEIGHT = coupling("Engine weight", "lb", "All engines together")
SPECIFIC_CONSUMPTION = coupling("Specific fuel consumption", "1/h", "Weight of fuel per hour and thrust")
