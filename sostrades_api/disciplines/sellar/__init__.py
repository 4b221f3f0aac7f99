"""The coupled problem of Sellar, Batill and Renaud: a loop, an objective, two constraints.

Source: R. S. Sellar, S. M. Batill, J. E. Renaud, "Response surface based, concurrent subspace optimization
for multidisciplinary system design", AIAA 96-0714, 34th Aerospace Sciences Meeting, Reno, 1996.
"""

from sostrades_api.disciplines.sellar.problem import SellarProblem
from sostrades_api.disciplines.sellar.sellar1 import Sellar1
from sostrades_api.disciplines.sellar.sellar2 import Sellar2

__all__ = ["Sellar1", "Sellar2", "SellarProblem"]
