"""DICE-2016R as a process: the economy drives the climate, and the climate damages the economy."""

from pathlib import Path

from sostrades_api.disciplines.dice2016r import (
    CarbonCycle,
    Damages,
    Emissions,
    GrossEconomy,
    NetEconomy,
    Population,
    RadiativeForcing,
    Temperature,
    Welfare,
)
from sostrades_api.engine import Process
from sostrades_api.processes.dice2016r.references import REFERENCES

process = Process(
    "dice2016r",
    label="DICE-2016R climate economy",
    description="Nordhaus' model of climate and economy, 2015 to 2510 in five-year periods",
    disciplines={
        "Economy.Population": Population,
        "Economy.GrossEconomy": GrossEconomy,
        "Emissions": Emissions,
        "Climate.CarbonCycle": CarbonCycle,
        "Climate.RadiativeForcing": RadiativeForcing,
        "Climate.Temperature": Temperature,
        "Economy.Damages": Damages,
        "Economy.NetEconomy": NetEconomy,
        "Economy.Welfare": Welfare,
    },
    namespaces={
        "ns_dice": "",
        "ns_policy": "Policy",
        "ns_economy": "Economy",
        "ns_emissions": "Emissions",
        "ns_climate": "Climate",
    },
    # Each sweep settles at least one more of 100 periods (Gauss-Seidel; Jacobi in seven), so both always end.
    numerical={"tolerance": 1e-13, "max_mda_iter": 700},
    references=REFERENCES,
    documentation=Path(__file__).with_name("documentation.md"),
)
