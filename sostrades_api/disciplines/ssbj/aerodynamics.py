"""Aerodynamics: lift, drag and their ratio in cruise."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from sostrades_api.charts import Axis, Chart, Series, SeriesKind, Table, TableColumn
from sostrades_api.disciplines.ssbj import variables as v
from sostrades_api.disciplines.ssbj.atmosphere import dynamic_pressure
from sostrades_api.disciplines.ssbj.response import Argument, ResponseSurface, Trend
from sostrades_api.engine import Discipline

PRESSURE_GRADIENT_MAX = 1.04

_SKIN_FRICTION = ResponseSurface(Argument(1.0, Trend.RISING, 0.25), Argument(1.0, Trend.RISING, 0.25))
_TWIST = ResponseSurface(Argument(1.0, Trend.LEAST_AT_REFERENCE, 0.25))
_PRESSURE_GRADIENT = ResponseSurface(Argument(0.05, Trend.RISING, 0.25))


class Aerodynamics(Discipline):
    """Drag polar ``C_D = f (C_Dmin + k C_L^2)`` of a twisted wing; lift equals weight.

    Forces in lbf, coefficients dimensionless.

    Source: NASA/TM-1998-208715, appendix, aerodynamics.
    """

    LABEL = "Aerodynamics"
    DESC_IN = {
        "thickness_to_chord": v.THICKNESS,
        "altitude": v.ALTITUDE,
        "mach": v.MACH,
        "sweep": v.SWEEP,
        "wing_area": v.WING_AREA,
        "skin_friction": v.design(
            "Skin friction",
            "-",
            1.0,
            (0.75, 1.25),
            "Skin friction coefficient over that of the reference design",
        ),
        "minimum_drag": v.design(
            "Minimum drag coefficient", "-", 0.01375, (0.001, 0.1), "Without the wing's thickness"
        ),
        "total_weight": v.starting_from(v.TOTAL_WEIGHT, 50_000.0),
        "wing_twist": v.starting_from(v.WING_TWIST, 1.0),
        "engine_scale": v.starting_from(v.ENGINE_SCALE, 0.5),
    }
    DESC_OUT = {
        "lift": v.LIFT,
        "drag": v.DRAG,
        "lift_to_drag": v.LIFT_TO_DRAG,
        "lift_coefficient": v.result("Lift coefficient", "-", "Lift over dynamic pressure and wing area"),
        "drag_coefficient": v.result("Drag coefficient", "-", "Drag over dynamic pressure and wing area"),
        "zero_lift_drag": v.result(
            "Zero-lift drag coefficient", "-", "Of friction and thickness, with twist"
        ),
        "lift_drag_factor": v.result("Lift-dependent drag factor", "-", "Drag per lift coefficient squared"),
        "pressure_gradient": v.result(
            "Pressure gradient", "-", "Adverse pressure gradient over that of the reference design"
        ),
        "constraints": v.constraints("One", "pressure gradient - 1.04"),
    }

    def run(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """Return forces, coefficients and the constraint."""
        lift = inputs["total_weight"]
        force = dynamic_pressure(altitude=inputs["altitude"], mach=inputs["mach"]) * inputs["wing_area"]
        twisted = _TWIST(inputs["wing_twist"])
        zero_lift = twisted * _minimum_drag(inputs)
        factor = twisted * _lift_drag_factor(mach=inputs["mach"], sweep=inputs["sweep"])
        lift_coefficient = lift / force
        drag_coefficient = zero_lift + factor * lift_coefficient**2
        gradient = _PRESSURE_GRADIENT(inputs["thickness_to_chord"])
        return {
            "lift": lift,
            "drag": force * drag_coefficient,
            "lift_to_drag": lift_coefficient / drag_coefficient,
            "lift_coefficient": lift_coefficient,
            "drag_coefficient": drag_coefficient,
            "zero_lift_drag": zero_lift,
            "lift_drag_factor": factor,
            "pressure_gradient": gradient,
            "constraints": np.array([gradient - PRESSURE_GRADIENT_MAX]),
        }

    def charts(
        self,
        values: Mapping[str, Any],
        selection: Mapping[str, tuple[str, ...]],  # noqa: ARG002 - there is nothing to choose
    ) -> Sequence[Chart | Table]:
        """Show the drag polar, the lift-to-drag ratio along it, and the numbers in cruise."""
        lifts = np.linspace(0.0, max(4.0 * values["lift_coefficient"], 0.05), 121)
        drags = values["zero_lift_drag"] + values["lift_drag_factor"] * lifts**2
        return _polar_chart(values, lifts, drags), _ratio_chart(values, lifts, drags), _cruise_table(values)


def _minimum_drag(inputs: Mapping[str, Any]) -> float:
    friction = inputs["minimum_drag"] * _SKIN_FRICTION(inputs["engine_scale"], inputs["skin_friction"])
    cosine = math.cos(math.radians(inputs["sweep"]))
    return friction + 3.05 * inputs["thickness_to_chord"] ** (5.0 / 3.0) * cosine**1.5


def _lift_drag_factor(*, mach: float, sweep: float) -> float:
    # The sweep under the root is in degrees: so in the report, whose results depend on it.
    return (mach**2 - 1.0) * math.cos(math.radians(sweep)) / (4.0 * math.sqrt(sweep**2 - 1.0) - 2.0)


def _polar_chart(values: Mapping[str, Any], lifts: np.ndarray, drags: np.ndarray) -> Chart:
    return Chart(
        title="Drag polar",
        section="Aerodynamics",
        key_chart=True,
        x_axis=Axis(label="Drag coefficient", unit="-"),
        y_axis=Axis(label="Lift coefficient", unit="-", from_zero=True),
        series=(
            Series(name="Polar", x=drags.tolist(), y=lifts.tolist()),
            Series(
                name="Cruise",
                x=[values["drag_coefficient"]],
                y=[values["lift_coefficient"]],
                kind=SeriesKind.SCATTER,
            ),
        ),
    )


def _ratio_chart(values: Mapping[str, Any], lifts: np.ndarray, drags: np.ndarray) -> Chart:
    return Chart(
        title="Lift over drag",
        section="Aerodynamics",
        x_axis=Axis(label="Lift coefficient", unit="-", from_zero=True),
        y_axis=Axis(label="Lift over drag", unit="-", from_zero=True),
        series=(
            Series(name="Along the polar", x=lifts.tolist(), y=(lifts / drags).tolist()),
            Series(
                name="Cruise",
                x=[values["lift_coefficient"]],
                y=[values["lift_to_drag"]],
                kind=SeriesKind.SCATTER,
            ),
        ),
    )


def _cruise_table(values: Mapping[str, Any]) -> Table:
    induced = values["lift_drag_factor"] * values["lift_coefficient"] ** 2
    share = values["drag"] / values["drag_coefficient"]
    rows = (
        ("Lift", "lbf", values["lift"]),
        ("Drag", "lbf", values["drag"]),
        ("of it friction and thickness", "lbf", values["zero_lift_drag"] * share),
        ("of it due to lift", "lbf", induced * share),
        ("Lift over drag", "-", values["lift_to_drag"]),
        ("Pressure gradient, at most 1.04", "-", values["pressure_gradient"]),
    )
    return Table(
        title="Forces in cruise",
        section="Aerodynamics",
        columns=(
            TableColumn(label="Quantity", values=[row[0] for row in rows]),
            TableColumn(label="Unit", values=[row[1] for row in rows]),
            TableColumn(label="Value", values=[row[2] for row in rows]),
        ),
    )
