"""The DICE-2016R climate-economy model, one discipline a part of it.

Source: William D. Nordhaus, "Revisiting the social cost of carbon", PNAS 114 (2017). All disciplines work on
whole trajectories: tables with one row a five-year period, from 2015 on.
"""

from sostrades_api.disciplines.dice2016r.carbon_cycle import CarbonCycle
from sostrades_api.disciplines.dice2016r.damages import Damages
from sostrades_api.disciplines.dice2016r.emissions import Emissions
from sostrades_api.disciplines.dice2016r.forcing import RadiativeForcing
from sostrades_api.disciplines.dice2016r.gross_economy import GrossEconomy
from sostrades_api.disciplines.dice2016r.net_economy import NetEconomy
from sostrades_api.disciplines.dice2016r.population import Population
from sostrades_api.disciplines.dice2016r.temperature import Temperature
from sostrades_api.disciplines.dice2016r.welfare import Welfare

__all__ = [
    "CarbonCycle",
    "Damages",
    "Emissions",
    "GrossEconomy",
    "NetEconomy",
    "Population",
    "RadiativeForcing",
    "Temperature",
    "Welfare",
]
