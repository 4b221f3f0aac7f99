"""The Sellar problem as a process: the smallest study with a loop."""

from pathlib import Path

from sostrades_api.disciplines.sellar import Sellar1, Sellar2, SellarProblem
from sostrades_api.engine import Process, Reference

process = Process(
    "sellar",
    label="Sellar coupled problem",
    description="Two disciplines in a loop, an objective and two constraints (Sellar et al., 1996)",
    disciplines={"Sellar1": Sellar1, "Sellar2": Sellar2, "SellarProblem": SellarProblem},
    namespaces={"ns_sellar": ""},
    numerical={"tolerance": 1e-12, "max_mda_iter": 100},
    references=(
        Reference(
            "start",
            label="Starting point",
            description="x = 1, z = (5, 2): where optimisations of this problem usually start",
            values={"x": 1.0, "z_1": 5.0, "z_2": 2.0},
        ),
        Reference(
            "optimum",
            label="Optimum",
            description="x = 0, z = (1.9776, 0): the constrained minimum, objective 3.18339",
            values={"x": 0.0, "z_1": 1.977638883, "z_2": 0.0},
        ),
    ),
    documentation=Path(__file__).with_name("documentation.md"),
)
