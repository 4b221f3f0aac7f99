"""Performance: how far the jet flies."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from sostrades_api.charts import Axis, Chart, Series, SeriesKind, Table, TableColumn
from sostrades_api.disciplines.ssbj import variables as v
from sostrades_api.disciplines.ssbj.atmosphere import temperature_ratio
from sostrades_api.engine import Discipline

SPEED_OF_SOUND = 661.0  # nautical miles an hour, at sea level


class Performance(Discipline):
    """The range [nmi] by Breguet: speed, lift over drag, consumption, and the logarithm of a weight ratio.

    Source: NASA/TM-1998-208715, appendix, range.
    """

    LABEL = "Performance"
    DESC_IN = {
        "altitude": v.ALTITUDE,
        "mach": v.MACH,
        "total_weight": v.TOTAL_WEIGHT,
        "fuel_weight": v.FUEL_WEIGHT,
        "lift_to_drag": v.LIFT_TO_DRAG,
        "specific_consumption": v.SPECIFIC_CONSUMPTION,
    }
    DESC_OUT = {"range": v.coupling("Range", "nmi", "Distance flown on all the fuel; to be maximised")}

    def run(self, inputs: Mapping[str, Any]) -> dict[str, float]:
        """Return the range.

        Raises:
            ValueError: The fuel weighs as much as the whole aircraft.
        """
        if inputs["fuel_weight"] >= inputs["total_weight"]:
            fuel, total = inputs["fuel_weight"], inputs["total_weight"]
            msg = f"the fuel ({fuel:g} lb) weighs no less than the aircraft ({total:g} lb)"
            raise ValueError(msg)
        return {"range": _specific_range(inputs) * _endurance(inputs["fuel_weight"] / inputs["total_weight"])}

    def charts(
        self,
        values: Mapping[str, Any],
        selection: Mapping[str, tuple[str, ...]],  # noqa: ARG002 - there is nothing to choose
    ) -> Sequence[Chart | Table]:
        """Show the range over the share of fuel, and its factors."""
        return _range_chart(values), _breakdown_table(values)


def _speed(inputs: Mapping[str, Any]) -> float:
    return inputs["mach"] * SPEED_OF_SOUND * math.sqrt(temperature_ratio(inputs["altitude"]))


def _specific_range(inputs: Mapping[str, Any]) -> float:
    return _speed(inputs) * inputs["lift_to_drag"] / inputs["specific_consumption"]


def _endurance(fuel_share: float) -> float:
    return -math.log1p(-fuel_share)


def _range_chart(values: Mapping[str, Any]) -> Chart:
    share = values["fuel_weight"] / values["total_weight"]
    shares = np.linspace(0.0, min(0.9, max(2.0 * share, 0.1)), 51).tolist()
    ranges = [_specific_range(values) * _endurance(other) for other in shares]
    return Chart(
        title="Range over share of fuel",
        section="Performance",
        key_chart=True,
        x_axis=Axis(label="Fuel over total weight", unit="-", from_zero=True),
        y_axis=Axis(label="Range", unit="nmi", from_zero=True),
        series=(
            Series(name="At this lift over drag and consumption", x=shares, y=ranges),
            Series(name="This design", x=[share], y=[values["range"]], kind=SeriesKind.SCATTER),
        ),
        description=f"The range is {values['range']:,.1f} nautical miles.",
    )


def _breakdown_table(values: Mapping[str, Any]) -> Table:
    share = values["fuel_weight"] / values["total_weight"]
    rows = (
        ("Speed", "nmi/h", _speed(values)),
        ("Lift over drag", "-", values["lift_to_drag"]),
        ("Specific fuel consumption", "1/h", values["specific_consumption"]),
        ("Total weight", "lb", values["total_weight"]),
        ("Fuel weight", "lb", values["fuel_weight"]),
        ("Logarithm of the weight ratio", "-", _endurance(share)),
        ("Range", "nmi", values["range"]),
    )
    return Table(
        title="What the range is made of",
        section="Performance",
        columns=(
            TableColumn(label="Factor", values=[row[0] for row in rows]),
            TableColumn(label="Unit", values=[row[1] for row in rows]),
            TableColumn(label="Value", values=[row[2] for row in rows]),
        ),
    )
