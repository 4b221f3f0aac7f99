"""Propulsion: size, weight and consumption of the engines."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from sostrades_api.charts import Axis, Chart, Series, SeriesKind, Table, TableColumn
from sostrades_api.disciplines.ssbj import variables as v
from sostrades_api.disciplines.ssbj.response import Argument, ResponseSurface, Trend
from sostrades_api.engine import Discipline

ENGINES = 3
THRUST_AT_FULL_THROTTLE = 16_168.6  # lbf of one reference engine
SCALE_MAX, SCALE_MIN = 1.5, 0.5
TEMPERATURE_MAX = 1.02

_TEMPERATURE = ResponseSurface(
    Argument(1.6, Trend.RISING_FASTER, 0.25),
    Argument(45_000.0, Trend.FALLING_FASTER, 0.25),
    Argument(0.5, Trend.RISING_FASTER, 0.25),
)
# Quadratic forms in (1, Mach, altitude [ft], thrust [lbf]), fitted in the report to engine decks.
_CONSUMPTION = np.array(
    [
        [1.13238425638512, 1.53436586044561, -3.295564466e-5, -1.6378694115e-4],
        [0.0, -0.31623315541888, 4.10691343e-6, -5.24800059e-5],
        [0.0, 4.10691343e-6, -8.574e-11, 1.90214e-9],
        [0.0, -5.24800059e-5, 1.90214e-9, 1.059951e-8],
    ]
)
_AVAILABLE_THRUST = np.array(
    [
        [11483.7822254806, 10856.2163466548, -0.5080237941],
        [0.0, 3200.157926969, -0.1466251679],
        [0.0, -0.1466251679, 6.8572e-6],
    ]
)


class Propulsion(Discipline):
    """Three engines scaled such that they overcome the drag at the given throttle setting.

    ``throttle`` is the share of full throttle; thrust in lbf, weights in lb, consumption in lb/h per lbf.

    Source: NASA/TM-1998-208715, appendix, propulsion.
    """

    LABEL = "Propulsion"
    DESC_IN = {
        "altitude": v.ALTITUDE,
        "mach": v.MACH,
        "throttle": v.design("Throttle setting", "-", 0.5, (0.1, 1.0), "Share of full throttle in cruise"),
        "reference_engine_weight": v.design(
            "Reference engine weight", "lb", 4360.0, (100.0, 50_000.0), "Of one engine of scale 1"
        ),
        "drag": v.starting_from(v.DRAG, 12_000.0),
    }
    DESC_OUT = {
        "specific_consumption": v.SPECIFIC_CONSUMPTION,
        "engine_weight": v.ENGINE_WEIGHT,
        "engine_scale": v.ENGINE_SCALE,
        "engine_temperature": v.result(
            "Engine temperature", "-", "Temperature in the engine over that of the reference design"
        ),
        "throttle_excess": v.result(
            "Throttle excess", "-", "Throttle setting over the highest available here, minus 1"
        ),
        "constraints": v.constraints(
            "Four", "engine scale - 1.5, 0.5 - engine scale, throttle excess, engine temperature - 1.02"
        ),
    }

    def run(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """Return consumption, weight, scale and constraints."""
        flight = {"altitude": inputs["altitude"], "mach": inputs["mach"]}
        thrust = inputs["throttle"] * THRUST_AT_FULL_THROTTLE
        scale = inputs["drag"] / (ENGINES * thrust)
        temperature = _TEMPERATURE(inputs["mach"], inputs["altitude"], inputs["throttle"])
        excess = thrust / _available_thrust(**flight) - 1.0
        return {
            "specific_consumption": _consumption(**flight, thrust=thrust),
            "engine_weight": ENGINES * inputs["reference_engine_weight"] * scale**1.05,
            "engine_scale": scale,
            "engine_temperature": temperature,
            "throttle_excess": excess,
            "constraints": np.array(
                [scale - SCALE_MAX, SCALE_MIN - scale, excess, temperature - TEMPERATURE_MAX]
            ),
        }

    def charts(
        self,
        values: Mapping[str, Any],
        selection: Mapping[str, tuple[str, ...]],  # noqa: ARG002 - there is nothing to choose
    ) -> Sequence[Chart | Table]:
        """Show consumption over throttle, the throttle available over altitude, and the limits."""
        return _consumption_chart(values), _throttle_chart(values), _limits_table(values)


def _consumption(*, altitude: float, mach: float, thrust: float) -> float:
    state = np.array([1.0, mach, altitude, thrust])
    return float(state @ _CONSUMPTION @ state)


def _available_thrust(*, altitude: float, mach: float) -> float:
    state = np.array([1.0, mach, altitude])
    return float(state @ _AVAILABLE_THRUST @ state)


def _consumption_chart(values: Mapping[str, Any]) -> Chart:
    throttles = np.linspace(0.1, 1.0, 46).tolist()
    flight = {"altitude": values["altitude"], "mach": values["mach"]}
    curve = [_consumption(**flight, thrust=share * THRUST_AT_FULL_THROTTLE) for share in throttles]
    return Chart(
        title="Specific fuel consumption over throttle",
        section="Propulsion",
        key_chart=True,
        x_axis=Axis(label="Throttle setting", unit="-"),
        y_axis=Axis(label="Specific fuel consumption", unit="1/h"),
        series=(
            Series(name="At cruise Mach number and altitude", x=throttles, y=curve),
            Series(
                name="Cruise",
                x=[values["throttle"]],
                y=[values["specific_consumption"]],
                kind=SeriesKind.SCATTER,
            ),
        ),
    )


def _throttle_chart(values: Mapping[str, Any]) -> Chart:
    altitudes = np.linspace(30_000.0, 60_000.0, 61).tolist()
    available = [
        _available_thrust(altitude=altitude, mach=values["mach"]) / THRUST_AT_FULL_THROTTLE
        for altitude in altitudes
    ]
    return Chart(
        title="Throttle available over altitude",
        section="Propulsion",
        x_axis=Axis(label="Altitude", unit="ft"),
        y_axis=Axis(label="Throttle setting", unit="-", from_zero=True),
        series=(
            Series(name="Highest at cruise Mach number", x=altitudes, y=available),
            Series(name="Cruise", x=[values["altitude"]], y=[values["throttle"]], kind=SeriesKind.SCATTER),
        ),
    )


def _limits_table(values: Mapping[str, Any]) -> Table:
    scale = values["engine_scale"]
    rows = (
        ("Engine scale, most", scale, SCALE_MAX),
        ("Engine scale, least", scale, SCALE_MIN),
        ("Throttle excess", values["throttle_excess"], 0.0),
        ("Engine temperature", values["engine_temperature"], TEMPERATURE_MAX),
    )
    return Table(
        title="Limits of the engines",
        section="Propulsion",
        columns=(
            TableColumn(label="Quantity", values=[row[0] for row in rows]),
            TableColumn(label="Value", unit="-", values=[row[1] for row in rows]),
            TableColumn(label="Limit", unit="-", values=[row[2] for row in rows]),
            TableColumn(label="Satisfied", values=["yes" if c <= 0 else "no" for c in values["constraints"]]),
        ),
    )
