"""Sobieski's supersonic business jet: structures, aerodynamics, propulsion and performance, strongly coupled.

Source: J. Sobieszczanski-Sobieski, J. S. Agte, R. R. Sandusky Jr., "Bi-Level Integrated System Synthesis
(BLISS)", NASA/TM-1998-208715, Langley Research Center, August 1998; equations and coefficients are its
appendix's. Units are US customary, as there: lb, ft, lbf, nautical miles.
"""

from sostrades_api.disciplines.ssbj.aerodynamics import Aerodynamics
from sostrades_api.disciplines.ssbj.performance import Performance
from sostrades_api.disciplines.ssbj.propulsion import Propulsion
from sostrades_api.disciplines.ssbj.structure import Structure

__all__ = ["Aerodynamics", "Performance", "Propulsion", "Structure"]
