"""Structures: the weights, the twist of the wing and its stresses."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from sostrades_api.charts import Axis, Chart, Series, SeriesKind, Table, TableColumn
from sostrades_api.disciplines.ssbj import variables as v
from sostrades_api.disciplines.ssbj.response import Argument, ResponseSurface, Trend
from sostrades_api.engine import Discipline

STRESS_MAX = 1.09
TWIST_MAX, TWIST_MIN = 1.04, 0.8
_STATIONS = 5
_FUEL_DENSITY = 42.5  # lb/ft^3

# The report's references: the initial wing (taper ratio 0.25); lift enters divided by 1.
_BOX = 1.0
_HALF_SPAN = math.sqrt(5.5 * 1000.0) / 2.0
_CENTRE = (1.0 + 2.0 * 0.25) / (3.0 * (1.0 + 0.25))
_LIFT = 1.0
_TWIST = ResponseSurface(
    Argument(_BOX, Trend.RISING_FASTER, 0.25),
    Argument(_HALF_SPAN, Trend.FALLING_FASTER, 0.25),
    Argument(_CENTRE, Trend.FALLING_FASTER, 0.25),
    Argument(_LIFT, Trend.FALLING, 0.25),
)
_SKIN = ResponseSurface(Argument(_BOX, Trend.RISING, 0.008))
_STRESSES = tuple(
    ResponseSurface(
        Argument(0.05, Trend.FALLING_FASTER, bound),
        Argument(_LIFT, Trend.RISING, bound),
        Argument(_BOX, Trend.FALLING_FASTER, bound),
        Argument(_HALF_SPAN, Trend.RISING, bound),
        Argument(_CENTRE, Trend.RISING, bound),
    )
    for bound in (0.1, 0.15, 0.2, 0.25, 0.3)
)


class Structure(Discipline):
    """Weights [lb], twist and stresses [-, over those of the reference design] of the wing under its lift.

    ``stress`` has one element a station along the span, from the root on.

    Source: NASA/TM-1998-208715, appendix, structures.
    """

    LABEL = "Structures"
    DESC_IN = {
        "thickness_to_chord": v.THICKNESS,
        "aspect_ratio": v.ASPECT_RATIO,
        "sweep": v.SWEEP,
        "wing_area": v.WING_AREA,
        "taper_ratio": v.design(
            "Taper ratio", "-", 0.25, (0.1, 0.4), "Chord at the tip over that at the root"
        ),
        "wingbox_area": v.design(
            "Wing-box section", "-", 1.0, (0.75, 1.25), "Cross-section over that of the reference design"
        ),
        "lift": v.starting_from(v.LIFT, 50_000.0),
        "engine_weight": v.starting_from(v.ENGINE_WEIGHT, 6000.0),
        "other_fuel_weight": v.design(
            "Fuel outside the wing", "lb", 2000.0, (0.0, 20_000.0), "Fuel that the fuselage carries"
        ),
        "fixed_weight": v.design(
            "Fixed weight", "lb", 25_000.0, (0.0, 200_000.0), "Payload, fuselage and everything not computed"
        ),
        "load_factor": v.design(
            "Ultimate load factor", "-", 6.0, (1.0, 15.0), "Load that the wing bears over its load in cruise"
        ),
    }
    DESC_OUT = {
        "total_weight": v.TOTAL_WEIGHT,
        "fuel_weight": v.FUEL_WEIGHT,
        "wing_twist": v.WING_TWIST,
        "wing_weight": v.result("Wing weight", "lb", "Structural weight of the wing"),
        "wing_fuel_weight": v.result("Fuel in the wing", "lb", "Fuel that fits into the wing"),
        "stress": {
            "type": "array",
            "unit": "-",
            "label": "Stresses",
            "description": "Stress at five stations along the span, over that of the reference design",
        },
        "constraints": v.constraints("Seven", "five stresses - 1.09, wing twist - 1.04, 0.8 - wing twist"),
    }

    def run(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """Return weights, twist, stresses and constraints."""
        box, lift = inputs["wingbox_area"], inputs["lift"]
        half_span = math.sqrt(inputs["aspect_ratio"] * inputs["wing_area"]) / 2.0
        taper = inputs["taper_ratio"]
        centre = (1.0 + 2.0 * taper) / (3.0 * (1.0 + taper))
        wing_weight = _wing_weight(inputs)
        wing_fuel = _wing_fuel(inputs)
        fuel = inputs["other_fuel_weight"] + wing_fuel
        twist = _TWIST(box, half_span, centre, lift)
        stress = np.array(
            [surface(inputs["thickness_to_chord"], lift, box, half_span, centre) for surface in _STRESSES]
        )
        return {
            "total_weight": inputs["fixed_weight"] + wing_weight + fuel + inputs["engine_weight"],
            "fuel_weight": fuel,
            "wing_twist": twist,
            "wing_weight": wing_weight,
            "wing_fuel_weight": wing_fuel,
            "stress": stress,
            "constraints": np.array([*(stress - STRESS_MAX), twist - TWIST_MAX, TWIST_MIN - twist]),
        }

    def charts(
        self,
        values: Mapping[str, Any],
        selection: Mapping[str, tuple[str, ...]],  # noqa: ARG002 - there is nothing to choose
    ) -> Sequence[Chart | Table]:
        """Show where the weight comes from, and the stresses with their limit."""
        return _weight_chart(values), _stress_chart(values), _limits_table(values)


def _wing_weight(inputs: Mapping[str, Any]) -> float:
    area = inputs["wing_area"]
    return (
        0.0051
        * (inputs["lift"] * inputs["load_factor"]) ** 0.557
        * area**0.649
        * math.sqrt(inputs["aspect_ratio"])
        * inputs["thickness_to_chord"] ** -0.4
        * (1.0 + inputs["taper_ratio"]) ** 0.1
        * (0.1875 * area) ** 0.1
        / math.cos(math.radians(inputs["sweep"]))
        * _SKIN(inputs["wingbox_area"])
    )


def _wing_fuel(inputs: Mapping[str, Any]) -> float:
    area = inputs["wing_area"]
    thickness = inputs["thickness_to_chord"] * area / math.sqrt(inputs["aspect_ratio"] * area)
    return 5.0 * area / 18.0 * (2.0 / 3.0 * thickness) * _FUEL_DENSITY


def _weight_chart(values: Mapping[str, Any]) -> Chart:
    parts = {
        "Fixed": values["fixed_weight"],
        "Wing": values["wing_weight"],
        "Engines": values["engine_weight"],
        "Fuel in the wing": values["wing_fuel_weight"],
        "Other fuel": values["other_fuel_weight"],
    }
    # Honest rather than pretty: the model allows it, and its published optimum is such a design.
    note = " A wing of negative weight is an artefact of the model's response surface."
    note = note if values["wing_weight"] < 0.0 else ""
    return Chart(
        title="Take-off weight",
        section="Weights",
        key_chart=True,
        x_axis=Axis(label="Part"),
        y_axis=Axis(label="Weight", unit="lb", from_zero=True),
        series=(Series(name="Weight", x=list(parts), y=list(parts.values()), kind=SeriesKind.BAR),),
        show_legend=False,
        description=f"Together {values['total_weight']:,.0f} lb.{note}",
    )


def _stress_chart(values: Mapping[str, Any]) -> Chart:
    stations = [f"Station {number}" for number in range(1, _STATIONS + 1)]
    return Chart(
        title="Stress along the span",
        section="Structure",
        x_axis=Axis(label="Station, from the root"),
        y_axis=Axis(label="Stress over reference", unit="-"),
        series=(
            Series(name="Stress", x=stations, y=values["stress"].tolist(), kind=SeriesKind.BAR),
            Series(name="Limit", x=stations, y=[STRESS_MAX] * _STATIONS),
        ),
    )


def _limits_table(values: Mapping[str, Any]) -> Table:
    names = [f"Stress at station {number}" for number in range(1, _STATIONS + 1)]
    twist = values["wing_twist"]
    return Table(
        title="Limits of the structure",
        section="Structure",
        columns=(
            TableColumn(label="Quantity", values=[*names, "Wing twist, most", "Wing twist, least"]),
            TableColumn(label="Value", unit="-", values=[*values["stress"].tolist(), twist, twist]),
            TableColumn(label="Limit", unit="-", values=[*[STRESS_MAX] * _STATIONS, TWIST_MAX, TWIST_MIN]),
            TableColumn(label="Satisfied", values=["yes" if c <= 0 else "no" for c in values["constraints"]]),
        ),
    )
