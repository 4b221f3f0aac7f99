"""Sobieski's supersonic business jet as a process."""

from pathlib import Path

from sostrades_api.disciplines.ssbj import Aerodynamics, Performance, Propulsion, Structure
from sostrades_api.engine import Process, Reference

process = Process(
    "ssbj",
    label="Supersonic business jet",
    description="Structures, aerodynamics, propulsion, performance, strongly coupled (NASA/TM-1998-208715)",
    disciplines={
        "Structure": Structure,
        "Aerodynamics": Aerodynamics,
        "Propulsion": Propulsion,
        "Performance": Performance,
    },
    namespaces={"ns_ssbj": ""},
    numerical={"tolerance": 1e-12, "max_mda_iter": 200},
    references=(
        Reference(
            "initial",
            label="Initial design",
            description="Where the report's optimisation starts; it is not feasible: the range is 535.8 nmi",
            values={
                "thickness_to_chord": 0.05,
                "altitude": 45_000.0,
                "mach": 1.6,
                "aspect_ratio": 5.5,
                "sweep": 55.0,
                "wing_area": 1000.0,
                "Structure.taper_ratio": 0.25,
                "Structure.wingbox_area": 1.0,
                "Aerodynamics.skin_friction": 1.0,
                "Propulsion.throttle": 0.5,
            },
        ),
        Reference(
            "optimum",
            label="Optimum",
            description="The feasible design of the greatest range known: 3964 nmi",
            values={
                "thickness_to_chord": 0.06,
                "altitude": 60_000.0,
                "mach": 1.4,
                "aspect_ratio": 2.5,
                "sweep": 70.0,
                "wing_area": 1500.0,
                "Structure.taper_ratio": 0.38757,
                "Structure.wingbox_area": 0.75,
                "Aerodynamics.skin_friction": 0.75,
                "Propulsion.throttle": 0.15624,
            },
        ),
    ),
    documentation=Path(__file__).with_name("documentation.md"),
)
